"""A CSV file with a number as its target, from the command line: train, predict, evaluate, resume, and mistakes."""

import csv
import io
import json
import math
from pathlib import Path

import numpy as np
import pytest

from command_line import QUICK, Outcome, Run, run
from hyperborn import load

SCORES = ["rmse", "mae", "nll", "r2", "coverage_50", "coverage_90"]


def table() -> str:
    """Sixty cars: the price rises with power and falls with age."""
    random = np.random.default_rng(0)
    power, age = random.uniform(50, 250, 60), random.uniform(0, 20, 60)
    price = 5000 + 100 * power - 600 * age + 1500 * random.normal(size=60)
    rows = zip(power, age, np.where(power > 150, "fast", "slow"), price, strict=True)
    return "power,age,kind,price\n" + "".join(f"{p:.1f},{a:.1f},{kind},{cost:.2f}\n" for p, a, kind, cost in rows)


@pytest.fixture(scope="module")
def cars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with cars.csv, its finished run, and what training wrote."""
    folder = tmp_path_factory.mktemp("cars")
    (folder / "cars.csv").write_text(table(), encoding="utf-8")
    ended = run("train", folder / "cars.csv", "--target", "price", *QUICK, "--out", folder / "run", "--json")
    assert ended.code == 0, ended.err
    (folder / "train.json").write_text(ended.out, encoding="utf-8")
    (folder / "said.txt").write_text(ended.err, encoding="utf-8")
    return folder


def test_training_sees_the_number_and_reports_in_its_units(cars: Path) -> None:
    said = (cars / "said.txt").read_text(encoding="utf-8").splitlines()
    assert said[0].startswith("regression: the target 'price' is a number, 1")
    assert said[0].endswith("(--task classification for classes)")
    found = json.loads((cars / "train.json").read_text(encoding="utf-8"))
    for split in ("train", "validation", "test"):
        assert list(found[split]) == SCORES
        assert list(found["linear"][split]) == SCORES
    # A standard deviation of about 7,000, and noise of 1,500.
    assert 1000 < found["linear"]["test"]["rmse"] < 2500
    assert 1000 < found["test"]["rmse"] < 8000
    assert math.log(1000) < found["test"]["nll"] < math.log(8000) + 2
    assert found["target"]["name"] == "price"
    # power, age, two kinds, and two bits each for the scale and the noise; biases are not needed.
    assert found["n_weights"] == 8
    assert set(found["map"]) == {"bits", "energy", "test_rmse"}
    files = sorted(path.name for path in (cars / "run" / "plots").iterdir())
    assert files == ["importance.png", "manifest.json", "networks.png", "predicted.png", "training.png"]


def test_predictions_are_numbers_with_intervals(cars: Path, hyperborn: Run) -> None:
    ended = hyperborn("predict", cars / "run", cars / "cars.csv")
    assert (ended.code, ended.err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    names = ("mean", "standard_deviation", "low_50", "high_50", "low_90", "high_90")
    assert list(rows[0]) == [f"{name}_price" for name in names]
    numbers = np.array([[float(value) for value in row.values()] for row in rows])
    assert len(numbers) == 60
    mean, deviation, low_50, high_50, low_90, high_90 = numbers.T
    assert ((low_90 < low_50) & (low_50 < mean) & (mean < high_50) & (high_50 < high_90) & (deviation > 0)).all()
    true = [float(row["price"]) for row in csv.DictReader((cars / "cars.csv").open())]
    assert np.corrcoef(mean, true)[0, 1] > 0.7
    as_json = hyperborn("predict", cars / "run", cars / "cars.csv", "--json").json
    assert as_json["target"] == "price"
    assert as_json["predictions"][0]["low_90"] == pytest.approx(low_90[0], rel=1e-4)
    drawn = hyperborn(
        "predict", cars / "run", cars / "cars.csv", "--samples", "500", "--uncalibrated", "--out", "p.csv"
    )
    assert "60 predictions written to p.csv" in drawn.err


def test_bounds_far_from_the_training_data_are_written_apart_or_said_to_be_equal(cars: Path, hyperborn: Run) -> None:
    header, near, *_ = (cars / "cars.csv").read_text(encoding="utf-8").splitlines()
    power = header.split(",").index("power")
    cells = [near.split(",") for _ in range(3)]
    for row, far in zip(cells[1:], ("1e10", "1e30"), strict=True):
        row[power] = far
    Path("far.csv").write_text("\n".join([header, *map(",".join, cells)]) + "\n", encoding="utf-8")
    ended = hyperborn("predict", cars / "run", "far.csv", "--samples", "1")
    rows = [[float(value) for value in row] for row in list(csv.reader(io.StringIO(ended.out)))[1:]]
    assert np.isfinite(rows).all()
    widths = [row[3] - row[2] for row in rows]
    # One network, whose noise is the same everywhere.
    assert widths[1] == pytest.approx(widths[0], rel=1e-3)
    assert widths[2] == 0
    assert ended.err.startswith("intervals of row 3 (1 of 3 rows) are too narrow beside a mean of ")
    assert ended.err.endswith("e+31 for their bounds to differ; are its features far from those trained on?\n")


def test_a_labelled_table_is_scored_in_its_units(cars: Path, hyperborn: Run) -> None:
    found = hyperborn("evaluate", cars / "run", cars / "cars.csv", "--json").json
    assert [key for key in found if key in SCORES] == SCORES
    result = load(cars / "run")
    predictions = result.predictions_of_table(cars / "cars.csv")
    true = np.array([float(row["price"]) for row in csv.DictReader((cars / "cars.csv").open())])
    assert found["rmse"] == pytest.approx(np.sqrt(np.mean((predictions.best - true) ** 2)), rel=1e-9)
    shown = hyperborn("evaluate", cars / "run")
    assert "root mean squared error" in shown.out
    assert "coverage of 90 % intervals" in shown.out


def test_the_summary_has_the_linear_regression_beside_it(cars: Path, hyperborn: Run) -> None:
    shown = hyperborn("resume", cars / "run")
    assert shown.code == 0
    for text in (
        "root mean squared error",
        "linear regression",
        "always the mean",
        "price, mean",
        "factor of predicted deviations",
    ):
        assert text in shown.out
    assert "accuracy" not in shown.out
    assert "temperature" not in shown.out


def test_the_log_has_the_error_of_the_best_network(cars: Path) -> None:
    lines = (cars / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()[1:]
    assert all(json.loads(line)["train_rmse"] > 1000 for line in lines)


def test_new_data_go_on_from_the_run(cars: Path, hyperborn: Run) -> None:
    (Path.cwd() / "more.csv").write_text(table(), encoding="utf-8")
    arguments = ("train", "more.csv", "--prior-from", cars / "run", "--seed", "1", "--steps", "20", "--json")
    ended = hyperborn(*arguments)
    assert ended.code == 0, ended.err
    assert ended.json["target"] == json.loads((cars / "train.json").read_text(encoding="utf-8"))["target"]


def test_objectives_are_compared_beside_a_linear_regression(cars: Path, hyperborn: Run) -> None:
    flags = ("--target", "price", "--objectives", "mle,elbo", "--seeds", "2", *QUICK, "--out", "compared")
    ended = hyperborn("compare", cars / "cars.csv", *flags)
    assert ended.code == 0, ended.err
    assert "RMSE" in ended.out
    record = json.loads(Path("compared/comparison.json").read_text(encoding="utf-8"))
    simple = {"linear regression", "always the mean"}
    assert set(record["objectives"]) == {"mle", "elbo", "exact posterior"} | simple
    for label, found in record["objectives"].items():
        gap = set() if label in simple else {"elbo_gap"}
        assert set(found) == {"rmse", "nll", "r2", "coverage_90"} | gap
    # The same split as that of the run, which has the same seed.
    linear = json.loads((cars / "train.json").read_text(encoding="utf-8"))["linear"]["test"]
    first = next(row for row in record["runs"] if row["objective"] == "linear regression")
    assert (first["seed"], first["rmse"]) == (0, pytest.approx(linear["rmse"]))


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--task", "regression", "--classes", "1,2"), "classes (--classes) do not go with task regression"),
        (("--task", "classification"), "too many for classes"),
        (("--target-noise", "0"), "target_noise = '0' is not allowed"),
        (("--target-noise", "learned", "--posterior", "register"), "side parameters (scale or noise 'learned')"),
        (("--likelihood", "squared_error", "--target-noise", "bits"), "goes with likelihood gaussian only"),
        (
            ("--target-noise", "bits", "--estimator", "local-reparameterization", "--hidden", "2"),
            "without a choice of scales or noise",
        ),
    ],
)
def test_what_does_not_fit_a_regression_is_one_line(
    cars: Path, hyperborn: Run, flags: tuple[str, ...], said: str
) -> None:
    ended = hyperborn("train", cars / "cars.csv", "--target", "price", *flags)
    assert said in mistake(ended)


def test_what_does_not_fit_classes_is_one_line(cars: Path, hyperborn: Run) -> None:
    path = cars / "cars.csv"
    assert "holds text such as" in mistake(hyperborn("train", path, "--target", "kind", "--task", "regression"))
    assert "goes with a regression only" in mistake(
        hyperborn("train", path, "--target", "kind", "--target-noise", "bits")
    )
    (Path.cwd() / "constant.csv").write_text("a,y\n" + "".join(f"{i},2.5\n" for i in range(40)), encoding="utf-8")
    constant = hyperborn("train", "constant.csv", "--target", "y", "--task", "regression")
    assert "the target is 2.5 in all 32 training examples" in mistake(constant)


def mistake(ended: Outcome) -> str:
    """The line of a mistake; a note that it is a regression may stand before it."""
    assert (ended.code, ended.out) == (2, ""), ended
    *notes, line = ended.err.splitlines()
    assert all(note.startswith("regression: ") for note in notes)
    return line
