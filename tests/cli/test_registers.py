"""Networks on many registers, end to end."""

import csv
import io
import json
import math
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import hyperborn as hb
from command_line import Outcome, Run, run
from hyperborn.runs import session
from hyperborn.training.loop import Report

FEW = ("--steps", "30", "--restarts", "2")
NUMBERS = ("loss", "expected_energy", "standard_error", "kl", "elbo", "entropy")


@pytest.fixture(scope="module")
def cancer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """A finished run, and what training said."""
    path = tmp_path_factory.mktemp("cancer") / "run"
    return path, run("train", "breast_cancer", "--hidden", "16", *FEW, "--out", path)


@pytest.fixture
def trained(cancer: tuple[Path, Outcome], tmp_path: Path) -> Path:
    return Path(shutil.copytree(cancer[0], tmp_path / "run"))


def test_training_prints_what_was_found(cancer: tuple[Path, Outcome]) -> None:
    ended = cancer[1]
    assert ended.code == 0, ended.err
    head, *lines = ended.out.splitlines()
    assert head.startswith("ELBO, 496 binary weights, 198 bytes a network, 3,904 parameters of q")
    parts = [re.split(" {2,}", line.strip()) for line in lines]
    said = {found[0]: found[1] for found in parts if len(found) == 2}
    assert said["most probable network"] == "of 496 bits"
    assert float(said["its standard error (nats)"]) > 0
    # It is not known of so many networks.
    assert not {"log evidence (nats)", "ELBO gap (nats)"} & said.keys()
    result = hb.load(cancer[0])
    assert result.network == hb.networks.BinaryMLP(30, (16,), bias=False, scale="learned", normalization="layer")
    assert {file.name for file in (cancer[0] / "plots").iterdir()} == {
        "training.png",
        "importance.png",
        "reliability.png",
        "manifest.json",
    }


def test_the_summary_is_one_object_of_finite_numbers(hyperborn: Run, cancer: tuple[Path, Outcome]) -> None:
    found = hyperborn("resume", cancer[0], "--json").json
    assert all(math.isfinite(found[name]) for name in NUMBERS)
    assert (found["n_weights"], found["n_side"], found["posterior"]) == (496, 34, "Registers")
    assert (found["estimator"], found["size_in_bytes"], found["steps"]) == ("first-order", 62 + 4 * 34, 30)
    assert found["map"]["bits"] is None
    assert found["map"]["energy"] > 0
    assert len(found["losses"]) == 2
    for split in ("train", "validation", "test"):
        assert set(found[split]) == {"accuracy", "nll", "brier", "ece", "auc"}
        assert found[split]["accuracy"] > 0.6


def test_evaluation_is_that_of_training_and_of_draws(hyperborn: Run, trained: Path) -> None:
    summary = hyperborn("resume", trained, "--json").json
    found = hyperborn("evaluate", "run", "--json").json
    assert {name: found[name] for name in summary["test"]} == pytest.approx(summary["test"])
    drawn = [hyperborn("evaluate", "run", "--samples", count, "--json").json["nll"] for count in (1, 500)]
    assert drawn[0] != drawn[1]
    assert drawn[1] == pytest.approx(found["nll"], abs=0.1)
    shown = hyperborn("evaluate", "run")
    assert (shown.code, "accuracy" in shown.out) == (0, True)


def test_a_table_with_two_hidden_layers_is_trained_on_and_predicted(hyperborn: Run) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(90, 3))
    kinds = np.array(["low", "mid", "high"])[(x[:, 0] > 0).astype(int) + (x[:, 1] > 0)]
    rows = [[*(f"{value:.4f}" for value in row), kind] for row, kind in zip(x, kinds, strict=True)]
    for name, header in (("my.csv", ["a", "b", "c", "kind"]), ("new.csv", ["a", "b", "c"])):
        with Path(name).open("w", newline="") as file:
            csv.writer(file).writerows([header, *(row[: len(header)] for row in rows)])
    ended = hyperborn(
        "train", "my.csv", "--target", "kind", "--hidden", "64,32", "--steps", "3", "--json", "--out", "run"
    )
    assert ended.code == 0, ended.err
    assert ended.json["n_weights"] == 3 * 64 + 64 * 32 + 32 * 3
    predicted = list(csv.DictReader(io.StringIO(hyperborn("predict", "run", "new.csv").out)))
    assert [set(row) for row in predicted] == [
        {"prediction", "probability_high", "probability_low", "probability_mid"}
    ] * 90
    result = hb.load("run")
    expected = result.predict_table("new.csv")
    found = [[float(row[f"probability_{name}"]) for name in result.data.classes] for row in predicted]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    as_json = hyperborn("predict", "run", "new.csv", "--samples", "5", "--json").json
    assert len(as_json["predictions"]) == 90
    scores = hyperborn("evaluate", "run", "my.csv", "--json").json
    assert scores["n_examples"] == 90


OPTIONS = {
    "estimator": "score-function", "samples": "3", "register_size": "2", "depth": "1", "grouping": "layer",
    "batch_size": "8", "beta": "0.5", "hidden": "4", "normalization": "layer", "activation": "sign",
}  # fmt: skip


def test_options_are_those_of_the_file_and_of_python(hyperborn: Run) -> None:
    flags = [word for key, value in OPTIONS.items() for word in (f"--{key.replace('_', '-')}", value)]
    common = ("--size", "40", "--steps", "5", "--json")
    ended = hyperborn("train", "moons", *flags, *common, "--out", "flags")
    assert ended.code == 0, ended.err
    lines = [f'{key} = "{value}"' if not value[0].isdigit() else f"{key} = {value}" for key, value in OPTIONS.items()]
    Path("run.toml").write_text("\n".join(lines))
    again = hyperborn("train", "moons", "--config", "run.toml", *common, "--out", "file")
    assert again.json["loss"] == ended.json["loss"]
    network = hb.networks.BinaryMLP(2, (4,), activation="sign", bias=False, scale="learned", normalization="layer")
    found = hb.fit(
        network,
        hb.data.load("moons", size=40),
        objective=hb.ELBO(0.5),
        posterior=hb.Registers(network, 2, 1, "layer"),
        estimator=hb.ScoreFunction(samples=3),
        batch_size=8,
        steps=5,
        progress=False,
    )
    assert found.numbers["loss"] == ended.json["loss"]


@pytest.mark.parametrize(
    "name", ["first-order", "straight-through", "local-reparameterization", "score-function", "local-expectation"]
)
def test_every_estimator_trains(hyperborn: Run, name: str) -> None:
    ended = hyperborn(
        "train", "moons", "--size", "40", "--hidden", "3", "--estimator", name, "--steps", "100", "--json"
    )
    assert ended.code == 0, ended.err
    assert ended.json["estimator"] == name
    _, first, *_, last = map(json.loads, Path(ended.json["out"], "metrics.jsonl").read_text().splitlines())
    assert last["loss"] < first["loss"]


@pytest.mark.parametrize("words", [("mle",), ("selbo",), ("selbo", "--divergence", "adversarial")], ids=" ".join)
def test_objectives_that_add_up_over_registers_train(hyperborn: Run, words: tuple[str, ...]) -> None:
    flags = ("--size", "40", "--hidden", "3", "--posterior", "registers", "--objective", *words, *FEW)
    ended = hyperborn("train", "moons", *flags, "--json")
    assert ended.code == 0, ended.err
    assert ended.json["objective"] == words[0]


def test_a_run_that_was_stopped_goes_on_to_the_same_result(hyperborn: Run, cancer: tuple[Path, Outcome]) -> None:
    watch = session.Keeper.watch

    def until_stopped(self: session.Keeper, report: Report) -> None:
        watch(self, report)
        if report.position.step >= 10:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session.Keeper, "watch", until_stopped)
        stopped = hyperborn("train", "breast_cancer", "--hidden", "16", *FEW, "--out", "run", "--json")
    assert stopped.code == 130
    assert "hyperborn resume run" in stopped.json["error"]
    hyperborn("evaluate", "run").refused("run is not finished")
    again = hyperborn("resume", "run", "--json")
    assert again.code == 0, again.err
    assert hb.load("run").params.tobytes() == hb.load(cancer[0]).params.tobytes()


def test_learning_goes_on_from_registers(hyperborn: Run) -> None:
    quick = ("--steps", "5", "--json")
    first = ("train", "moons", "--size", "40", "--hidden", "4", "--posterior", "registers", "--register-size", "2")
    assert hyperborn(*first, *quick, "--out", "one").code == 0
    going_on = ("train", "moons", "--size", "40", "--seed", "1", "--prior-from", "one")
    ended = hyperborn(*going_on, *quick, "--out", "two")
    assert ended.code == 0, ended.err
    one, two = hb.load("one"), hb.load("two")
    assert (two.network, two.definition.posterior) == (one.network, one.definition.posterior)
    assert two.definition.prior == one.as_prior()
    before = sorted(Path().iterdir())
    for words, said in (
        (("--depth", "3"), ("depth does not go with prior_from", "the registers are those of one", "leave out depth")),
        (("--register-size", "3"), ("register_size does not go with prior_from",)),
        (("--patience", "3"), ("patience goes with exact gradients only", "leave patience out")),
    ):
        hyperborn(*going_on, *words, "--out", "three").refused(*said)
    assert sorted(Path().iterdir()) == before


def test_images_of_digits_take_registers_by_themselves(hyperborn: Run) -> None:
    ended = hyperborn("train", "digits", "--hidden", "8", "--steps", "2", "--json")
    assert ended.code == 0, ended.err
    assert (ended.json["n_weights"], ended.json["posterior"]) == (64 * 8 + 8 * 10, "Registers")


PLAN = """
title = "Large networks"
reference = "k = 1"
[tasks]
cancer = { data = "breast_cancer", hidden = 16, components = 6 }
[methods."k = 1"]
posterior = "registers"
register_size = 1
steps = 20
[methods."k = 4"]
posterior = "registers"
steps = 20
choose = { beta = [0.03, 0.1] }
[methods.bayesbinn]
baseline = "bayesbinn"
steps = 20
[methods."logistic regression"]
baseline = "logistic-regression"
[parts.main]
sizes = [40]
seeds = 2
"""


def test_methods_of_a_study_that_need_one_circuit_are_one_line(hyperborn: Run) -> None:
    for added, said in (
        ("exact = true", ("exact posterior of a network of 112 weights on many registers", "leave the exact")),
        ('baseline = "exhaustive"', ("exhaustive takes up to 24 weights", "the network has 112", "leave it out")),
        ('objective = "renyi"\nposterior = "registers"', ("renyi", "one register")),
    ):
        Path("plan.toml").write_text(f"{PLAN}[methods.added]\n{added}\n", encoding="utf-8")
        line = hyperborn("study", "plan.toml", "--out", "study").refused("added on cancer", *said)
        assert line.isprintable()
        assert not Path("study").exists()


def test_a_study_of_registers_has_scores_and_no_distance_to_an_exact_posterior(hyperborn: Run) -> None:
    pytest.importorskip("pyarrow.parquet", reason="needs hyperborn[parquet]")
    Path("plan.toml").write_text(PLAN, encoding="utf-8")
    ended = hyperborn("study", "plan.toml", "--out", "study", "--json")
    assert ended.code == 0, ended.err
    assert ended.json["cells"] == 8
    rows = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(Path("study/cells").glob("*.json"))]
    assert len(rows) == 8
    for row in rows:
        assert {"accuracy", "nll", "brier", "ece", "nll_at_1"} <= row.keys()
        assert not {"gap", "log_evidence", "excess_energy", "optimum"} & row.keys()
    report = Path("study/study.md").read_text(encoding="utf-8")
    assert "ELBO gap" not in report
    assert "### main: NLL (nats)" in report


def test_a_comparison_of_registers_names_what_needs_one_circuit(hyperborn: Run) -> None:
    flags = ("--size", "60", "--posterior", "registers", "--hidden", "4", "--steps", "20", "--seeds", "2")
    compare = ("compare", "moons", *flags, "--objectives", "elbo,renyi")
    ended = hyperborn(*compare, "--out", "out")
    assert ended.code == 0, ended.err
    (line,) = [line for line in ended.err.splitlines() if "not applicable" in line]
    assert line == "12 weights are on many registers; not applicable, for one circuit is needed: Renyi, exact posterior"
    record = json.loads(Path("out/comparison.json").read_text(encoding="utf-8"))
    assert set(record["objectives"]) == {"elbo", "logistic regression", "always the commonest class"}
    for found in record["objectives"].values():
        assert set(found) == {"accuracy", "nll", "brier", "ece", "auc"}
    assert max(map(len, ended.out.splitlines())) <= 80
    again = hyperborn(
        "compare", "moons", "--size", "60", *flags, "--objectives", "elbo,renyi", "--out", "two", "--json"
    )
    assert again.json["runs"] == record["runs"]


def test_what_fits_no_circuit_is_compared_on_registers(hyperborn: Run) -> None:
    """30 features need more weights than one circuit has: nothing is reduced, and every seed is on registers."""
    ended = hyperborn(
        "compare", "breast_cancer", "--steps", "5", "--seeds", "2", "--objectives", "elbo", "--out", "out", "--json"
    )
    assert ended.code == 0, ended.err
    assert "1,984 weights are on many registers" in ended.err
    assert {row["summary"]["n_weights"] for row in ended.json["runs"] if row["objective"] == "elbo"} == {1984}
