"""What `predict` and `evaluate` write on request: kept columns, parts, thresholds, recalls; and files they replace."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from command_line import QUICK, Run, run

TEST = 'id,petal,sepal,colour,note\n007,1.2,3.10,red,"a, b"\n008,4.2,5.1,blue, c \nNA,2.5,,red,-\n'


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def new(finished: Path) -> str:
    (finished.parent / "new.csv").write_text(TEST, encoding="utf-8")
    return "new.csv"


@pytest.fixture(scope="module")
def cars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished regression, with its table."""
    folder = tmp_path_factory.mktemp("cars")
    power = np.random.default_rng(0).uniform(50, 250, 40)
    rows = "".join(f"{p:.1f},{100 * p + 20 * i:.1f}\n" for i, p in enumerate(power))
    (folder / "cars.csv").write_text(f"power,price\n{rows}", encoding="utf-8")
    ended = run("train", folder / "cars.csv", "--target", "price", *QUICK, "--out", folder / "run", "--json")
    assert ended.code == 0, ended.err
    return folder


def test_columns_are_kept_as_they_are_written(hyperborn: Run, new: str) -> None:
    shown = hyperborn("predict", "run", new, "--keep-columns", "note,id", "--keep-columns", "sepal")
    assert (shown.code, shown.err) == (0, "")
    rows = rows_of(shown.out)
    assert list(rows[0])[:4] == ["note", "id", "sepal", "prediction"]
    kept = [(row["note"], row["id"], row["sepal"]) for row in rows]
    assert kept == [("a, b", "007", "3.10"), (" c ", "008", "5.1"), ("-", "NA", "")]
    plain = rows_of(hyperborn("predict", "run", new).out)
    assert [{name: row[name] for name in plain[0]} for row in rows] == plain
    every = rows_of(hyperborn("predict", "run", new, "--keep-columns", "all", "--only", "labels").out)
    assert list(every[0]) == ["id", "petal", "sepal", "colour", "note", "prediction"]
    as_json = hyperborn("predict", "run", new, "--keep-columns", "id", "--json").json
    assert as_json["kept"] == {"id": ["007", "008", "NA"]}


def test_columns_that_cannot_be_kept_are_one_line(hyperborn: Run, new: str) -> None:
    hyperborn("predict", "run", new, "--keep-columns", "ids").refused("new.csv has no column 'ids'", "'id'")
    Path(new).write_text(TEST.replace("note", "prediction", 1), encoding="utf-8")
    hyperborn("predict", "run", new, "--keep-columns", "all").refused("has a column 'prediction'", "--keep-columns")
    assert hyperborn("predict", "run", new, "--keep-columns", "all", "--only", "probabilities").code == 0


def test_only_a_part_is_written(hyperborn: Run, new: str) -> None:
    whole = rows_of(hyperborn("predict", "run", new).out)
    for part, names in (("labels", ["prediction"]), ("probabilities", ["probability_Größe", "probability_small one"])):
        found = rows_of(hyperborn("predict", "run", new, "--only", part).out)
        assert found == [{name: row[name] for name in names} for row in whole]
    assert "probabilities" not in hyperborn("predict", "run", new, "--only", "labels", "--json").json
    assert "predictions" not in hyperborn("predict", "run", new, "--only", "probabilities", "--json").json
    hyperborn("predict", "run", new, "--only", "mean").refused("--only mean goes with a regression", "labels")
    hyperborn("predict", "run", new, "--only", "label").refused("--only")


def test_only_the_mean_of_a_regression(hyperborn: Run, cars: Path) -> None:
    words = ("predict", cars / "run", cars / "cars.csv")
    found, whole = rows_of(hyperborn(*words, "--only", "mean").out), rows_of(hyperborn(*words).out)
    assert found == [{"mean_price": row["mean_price"]} for row in whole]
    first = hyperborn(*words, "--only", "mean", "--json").json["predictions"][0]
    assert list(first) == ["mean"]
    hyperborn(*words, "--only", "labels").refused("--only labels goes with classes", "'price'", "--only mean")
    hyperborn(*words, "--threshold", "0.5").refused("regression", "--threshold")
    hyperborn("evaluate", cars / "run", "--threshold", "0.5").refused("regression", "--threshold")


def test_a_threshold_decides_for_the_second_class(hyperborn: Run, new: str) -> None:
    probabilities = [float(row["probability_small one"]) for row in rows_of(hyperborn("predict", "run", new).out)]
    threshold = sorted(probabilities)[1] * 0.999
    found = rows_of(hyperborn("predict", "run", new, "--threshold", threshold).out)
    expected = ["small one" if p >= threshold else "Größe" for p in probabilities]
    assert [row["prediction"] for row in found] == expected
    assert [float(row["probability_small one"]) for row in found] == probabilities
    assert hyperborn("predict", "run", new, "--threshold", threshold, "--json").json["threshold"] == threshold
    hyperborn("predict", "run", new, "--threshold", "1.5").refused("threshold = 1.5", "from 0 to 1")
    hyperborn("predict", "run", new, "--threshold", "0.5", "--only", "probabilities").refused("leave one of them out")


@pytest.mark.usefixtures("finished")
def test_evaluation_has_recalls_and_confusion_under_a_threshold(hyperborn: Run, flowers: Path) -> None:
    truth = [line.rpartition(",")[2] for line in flowers.read_text(encoding="utf-8").splitlines()[1:]]
    for flags in ((), ("--threshold", "0.05")):
        decided = [row["prediction"] for row in rows_of(hyperborn("predict", "run", flowers.name, *flags).out)]
        found: dict[str, Any] = hyperborn("evaluate", "run", flowers.name, *flags, "--json").json
        names = found["classes"]
        assert names == ["Größe", "small one"]
        pairs = list(zip(truth, decided, strict=True))
        counts = [[pairs.count((true, name)) for name in names] for true in names]
        assert found["confusion"] == counts
        assert found["recall"] == {name: counts[k][k] / sum(counts[k]) for k, name in enumerate(names)}
        assert found["accuracy"] == pytest.approx((counts[0][0] + counts[1][1]) / 14)
    assert found["threshold"] == 0.05
    # All that do not depend on decisions stay as they are.
    plain = hyperborn("evaluate", "run", flowers.name, "--json").json
    assert [plain[name] for name in ("nll", "brier", "ece", "auc")] == [
        found[name] for name in ("nll", "brier", "ece", "auc")
    ]
    shown = hyperborn("evaluate", "run", flowers.name, "--threshold", "0.05").out
    for text in ("threshold of small one  0.05", "AUC", "true class", "as Größe", "as small one"):
        assert text in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_threshold_of_three_classes_is_one_line(hyperborn: Run) -> None:
    ended = hyperborn("train", "iris", *QUICK, "--out", "three", "--json")
    assert ended.code == 0, ended.err
    assert ended.json["test_report"]["classes"] == ["setosa", "versicolor", "virginica"]
    said = ("threshold = 0.5 decides between two classes, and there are 3", "--threshold")
    hyperborn("evaluate", "three", "--threshold", "0.5").refused(*said)
    header = "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)"
    Path("new.csv").write_text(f"{header}\n5.1,3.5,1.4,0.2\n", encoding="utf-8")
    hyperborn("predict", "three", "new.csv", "--threshold", "0.5", "--out", "p.csv").refused(*said)
    assert not Path("p.csv").exists()


def test_force_replaces_the_file_but_never_the_one_that_is_read(hyperborn: Run, new: str) -> None:
    Path("p.csv").write_text("old")
    hyperborn("predict", "run", new, "--out", "p.csv").refused("p.csv exists", "--force to replace it")
    assert Path("p.csv").read_text() == "old"
    assert hyperborn("predict", "run", new, "--out", "p.csv", "--force").code == 0
    assert Path("p.csv").read_text(encoding="utf-8") == hyperborn("predict", "run", new).out
    hyperborn("predict", "run", new, "--out", new, "--force").refused("is the file to predict", "--out")
    assert Path(new).read_text(encoding="utf-8") == TEST


def test_a_new_name_is_said_only_where_something_is_written(hyperborn: Run) -> None:
    quick = ("train", "moons", "--size", "40", *QUICK)
    assert hyperborn(*quick, "--json").code == 0
    # Refused when the problem is prepared, after the folder was chosen.
    refusals = (("--max-shots", "3"), ("--estimator", "spsa"), ("--hidden", "30", "--posterior", "register"))
    for flags in refusals:
        hyperborn(*quick, *flags).refused()
    compared = ("compare", "moons", "--size", "40", *QUICK, "--seeds", "1", "--objectives", "elbo")
    assert hyperborn(*compared).code == 0
    hyperborn(*compared, "--hidden", "30", "--posterior", "register").refused()
    second = hyperborn(*compared)
    assert "runs/moons-compare exists: writing runs/moons-compare-2" in second.err
    assert sorted(path.name for path in Path("runs").iterdir()) == ["moons-compare", "moons-compare-2", "moons-elbo"]


def test_the_summary_of_a_run_stands_beside_one_network(hyperborn: Run, trained: Path) -> None:
    summary = json.loads((trained / "train.json").read_text(encoding="utf-8"))
    shown = hyperborn("resume", trained / "run").out
    assert summary["average"] == {"n_networks": 32, "is_all": True, "size_in_bytes": None}
    for text in ("average of all 32 networks", "one network (1 byte)", "always the commonest class"):
        assert text in shown
