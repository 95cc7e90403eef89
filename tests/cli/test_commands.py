"""Commands on a table written by hand, end to end: what they write, print and return."""

import csv
import errno
import gzip
import io
import json
import math
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from command_line import FLOWERS, QUICK, Run, run
from hyperborn import load
from hyperborn.objectives.divergences import DIVERGENCES
from hyperborn.objectives.objectives import OBJECTIVES, SELBO
from hyperborn.runs.folder import writing


def test_train_has_every_number_that_is_promised(trained: Path) -> None:
    found = json.loads((trained / "train.json").read_text(encoding="utf-8"))
    # petal, sepal, colour=blue, colour=red and a bias; RY, then one layer of RZ, ten RZZ and RY.
    assert (found["n_weights"], found["n_parameters"], found["objective"]) == (5, 25, "elbo")
    numbers = (
        *("loss", "expected_energy", "elbo", "log_evidence", "elbo_gap", "optimum_gap"),
        *("total_variation", "kl_to_posterior", "entropy", "posterior_entropy"),
    )
    assert all(math.isfinite(found[name]) for name in numbers)
    assert found["loss"] == pytest.approx(-found["elbo"], rel=1e-4)
    assert found["elbo_gap"] == pytest.approx(found["log_evidence"] - found["elbo"])
    assert found["kl_to_posterior"] == pytest.approx(found["elbo_gap"], abs=1e-9)
    assert 0 < found["total_variation"] < 1
    assert found["elbo_gap"] >= 0
    for split in ("train", "validation", "test"):
        assert {"accuracy", "nll", "brier", "ece"} <= set(found[split]) <= {"accuracy", "nll", "brier", "ece", "auc"}
    assert set(found["map"]) == {"bits", "energy", "test_accuracy"}
    assert len(found["map"]["bits"]) == 5
    assert set(found["map"]["bits"]) <= {"0", "1"}
    assert set(found["seconds"]) == {"energies", "compile", "train"}
    assert found["out"] == str(trained / "run")


@pytest.mark.usefixtures("finished")
def test_predictions_keep_class_names_and_agree_everywhere(hyperborn: Run, flowers: Path) -> None:
    shown = hyperborn("predict", "run", flowers.name)
    assert (shown.code, shown.err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(shown.out)))
    assert list(rows[0]) == ["prediction", "probability_Größe", "probability_small one"]
    probabilities = np.array([[float(row[name]) for name in list(row)[1:]] for row in rows])
    assert probabilities.shape == (14, 2)
    assert np.abs(probabilities.sum(axis=1) - 1).max() < 1e-5
    assert [row["prediction"] for row in rows] == [("Größe", "small one")[i] for i in probabilities.argmax(axis=1)]

    saved = hyperborn("predict", "run", flowers.name, "--out", "deep/predictions.csv")
    assert (saved.code, saved.out) == (0, "")
    assert "14 predictions written to deep/predictions.csv" in saved.err
    assert Path("deep/predictions.csv").read_text(encoding="utf-8") == shown.out

    as_json = hyperborn("predict", "run", flowers.name, "--json").json
    assert as_json["predictions"] == [row["prediction"] for row in rows]
    assert np.allclose(
        [[p[name] for name in as_json["classes"]] for p in as_json["probabilities"]], probabilities, atol=1e-6
    )
    sampled = hyperborn("predict", "run", flowers.name, "--samples", "2000", "--json").json
    assert np.allclose([p["Größe"] for p in sampled["probabilities"]], probabilities[:, 0], atol=0.05)


@pytest.mark.usefixtures("finished")
def test_evaluation_of_the_table_is_that_of_its_predictions(hyperborn: Run, flowers: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(hyperborn("predict", "run", flowers.name).out)))
    truth = [line.rpartition(",")[2] for line in flowers.read_text(encoding="utf-8").splitlines()[1:]]
    found = hyperborn("evaluate", "run", flowers.name, "--json").json
    right = [row["prediction"] == label for row, label in zip(rows, truth, strict=True)]
    own = [float(row[f"probability_{label}"]) for row, label in zip(rows, truth, strict=True)]
    assert found["accuracy"] == pytest.approx(np.mean(right))
    assert found["nll"] == pytest.approx(-np.mean(np.log(own)), abs=1e-4)
    assert (found["n_examples"], found["on"]) == (14, "flowers.csv")


@pytest.mark.usefixtures("finished")
def test_evaluation_of_a_split_is_that_of_training(hyperborn: Run, trained: Path) -> None:
    summary = json.loads((trained / "train.json").read_text(encoding="utf-8"))
    for words, split in (((), "test"), (("--split", "train"), "train")):
        found = hyperborn("evaluate", "run", *words, "--json").json
        assert {name: found[name] for name in summary[split]} == pytest.approx(summary[split])


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text there")
def test_a_folder_whose_name_is_no_text_is_read_like_any_other(hyperborn: Run, finished: Path) -> None:
    odd = finished.rename(finished.with_name(os.fsdecode(b"r\xff")))
    assert hyperborn("evaluate", odd.name, "--json").json["n_examples"] > 0


@pytest.mark.usefixtures("finished")
def test_resume_of_a_finished_run_shows_it_again(hyperborn: Run, trained: Path) -> None:
    summary = json.loads((trained / "train.json").read_text(encoding="utf-8"))
    again = hyperborn("resume", "run", "--json").json
    assert again | {"out": summary["out"]} == summary
    shown = hyperborn("resume", "run")
    assert (shown.code, shown.err) == (0, "")
    assert summary["map"]["bits"] in shown.out


@pytest.mark.usefixtures("finished")
@pytest.mark.parametrize("width", [40, 80])
def test_tables_fit_the_terminal(hyperborn: Run, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for words in (("resume", "run"), ("evaluate", "run")):
        shown = hyperborn(*words)
        assert shown.code == 0
        assert max(map(len, shown.out.splitlines())) <= width
        assert "accuracy" in shown.out


@pytest.mark.parametrize("first", ["[red]", 'say "yes", or no', "two\nlines", "=1+1", "\x1b[31mred"])
def test_odd_class_names_survive(hyperborn: Run, first: str) -> None:
    names = [first, "prediction"]
    with Path("odd.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["[bold]x[/bold]", "y,z", "probability_prediction"])
        writer.writerows([[i % 2 + i / 40, i, names[i % 2]] for i in range(20)])
    flags = ("--target", "probability_prediction", *QUICK)
    shown = hyperborn("train", "odd.csv", *flags, "--out", "run")
    assert (shown.code, "accuracy" in shown.out) == (0, True), shown.err
    rows = list(csv.DictReader(io.StringIO(hyperborn("predict", "run", "odd.csv").out, newline="")))
    assert {row["prediction"] for row in rows} <= set(names)
    assert set(rows[0]) == {"prediction", *(f"probability_{name}" for name in names)}
    assert hyperborn("evaluate", "run", "odd.csv", "--json").json["n_examples"] == 20


WAYS = [
    *(("--objective", "selbo", "--divergence", name) for name in DIVERGENCES),
    ("--objective", "renyi", "--alpha", "0.5"),
    ("--objective", "stein"),
    ("--objective", "stein", "--operator", "difference", "--temperature", "20"),
]


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_every_objective_and_divergence_trains_and_is_read_back(hyperborn: Run, way: tuple[str, ...]) -> None:
    ended = hyperborn("train", "moons", "--size", "40", *QUICK, *way, "--out", "run", "--json")
    assert ended.code == 0, ended.err
    found = ended.json
    assert found["objective"] == way[1]
    _, first, *_, last = map(json.loads, Path("run/metrics.jsonl").read_text().splitlines())
    assert last["loss"] < first["loss"]
    assert last["loss"] == pytest.approx(found["loss"], rel=1e-4, abs=1e-5)
    objective = load("run").definition.objective
    assert isinstance(objective, OBJECTIVES[way[1]])
    if isinstance(objective, SELBO):
        assert isinstance(objective.divergence, DIVERGENCES[way[3]])
    assert hyperborn("evaluate", "run", "--json").json["accuracy"] == found["test"]["accuracy"]


def test_compare_takes_the_further_objectives(hyperborn: Run) -> None:
    flags = ("--objectives", "mle,elbo,selbo,renyi,stein", "--divergence", "adversarial", "--order", "1")
    ended = hyperborn("compare", "moons", "--size", "40", *QUICK, *flags, "--seeds", "1", "--out", "all")
    assert ended.code == 0, ended.err
    for name in ("MLE", "ELBO", "SELBO", "Renyi", "SteinPosterior", "exact posterior"):
        assert f"\n{name} " in ended.out
    assert max(map(len, ended.out.splitlines())) <= 80


def test_compare_has_means_errors_and_every_seed(hyperborn: Run) -> None:
    flags = ("--classes", "1,2", "--components", "2", *QUICK, "--objectives", "elbo,mle", "--seeds", "2")
    ended = hyperborn("compare", "iris", *flags, "--out", "both", "--json")
    assert ended.code == 0, ended.err
    found = ended.json
    simple = {"logistic regression", "always the commonest class"}
    assert list(found["objectives"]) == ["elbo", "mle", "exact posterior", *sorted(simple, reverse=True)]
    assert len(found["runs"]) == 10
    for label, measures in found["objectives"].items():
        gap = set() if label in simple else {"elbo_gap"}
        assert set(measures) == {"accuracy", "nll", "brier", "ece", "auc"} | gap
        for name, estimate in measures.items():
            values = np.array([row[name] for row in found["runs"] if row["objective"] == label])
            assert len(values) == 2
            assert estimate["mean"] == pytest.approx(values.mean())
            assert estimate["standard_error"] == pytest.approx(abs(values[0] - values[1]) / 2, abs=1e-15)
    assert {row["seed"] for row in found["runs"]} == {0, 1}
    assert all(row["elbo_gap"] >= -1e-9 for row in found["runs"] if row["objective"] not in simple)
    assert {"comparison.json", "comparison.md", "comparison.png", "manifest.json"} <= {
        p.name for p in Path("both").iterdir()
    }
    assert json.loads(Path("both/comparison.json").read_text()) == found
    # One seed has no error, and takes the place of the other comparison only if forced to.
    one = (*flags[:-1], "1", "--test", "0", "--out", "both")
    hyperborn("compare", "iris", *one).refused("both exists", "--force")
    once = hyperborn("compare", "iris", *one, "--force", "--json").json
    assert once["objectives"]["elbo"]["elbo_gap"]["standard_error"] is None
    assert "accuracy" not in once["objectives"]["elbo"]
    shown = hyperborn("compare", "iris", *one[:-1], "shown")
    assert (shown.code, "exact" in shown.out) == (0, True), shown.err
    Path("both/mine.txt").write_text("precious")
    hyperborn("compare", "iris", *one, "--force").refused("mine.txt", "move that away")


def test_folders_are_numbered_where_no_name_is_given(hyperborn: Run, flowers: Path) -> None:
    words = ("train", flowers.name, "--target", "kind", "--impute", "median", *QUICK, "--json")
    assert hyperborn(*words).json["out"] == "runs/flowers-elbo"
    assert hyperborn(*words).json["out"] == "runs/flowers-elbo-2"


def test_a_name_that_another_process_takes_first_is_passed_over(hyperborn: Run) -> None:
    """As where several are started at once: the name was free when it was looked up, and then it was locked."""
    words = ("train", "moons", "--size", "40", *QUICK, "--json")
    with writing(Path("runs/moons-elbo")), writing(Path("runs/moons-elbo-2")):
        assert hyperborn(*words).json["out"] == "runs/moons-elbo-3"
        hyperborn(*words[:-1], "--out", "runs/moons-elbo").refused("moons-elbo is being written by process")


def test_doctor_finds_this_installation_well(hyperborn: Run) -> None:
    found = hyperborn("doctor", "--json").json
    assert found["circuit_check"] is True
    assert found["cache"]["folder"] == os.environ["HYPERBORN_CACHE"]
    shown = hyperborn("doctor")
    assert (shown.code, shown.err, "passed" in shown.out) == (0, "", True)


def test_doctor_says_so_where_circuits_are_wrong(hyperborn: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from hyperborn.posteriors import Register

    right = Register.distribution
    monkeypatch.setattr(Register, "distribution", lambda self, params: right(self, params)[::-1])
    ended = hyperborn("doctor", "--json")
    assert ended.code == 1
    assert ended.json["circuit_check"] is False
    assert ended.json["exit_code"] == 1
    assert "reinstall jax" in ended.json["error"]


def test_fault_of_ours_is_code_1_with_a_traceback(hyperborn: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from hyperborn.runs import results

    def broken(_path: Path, **_options: object) -> None:
        raise RuntimeError("broken\nin two lines")

    monkeypatch.setattr(results, "load", broken)
    ended = hyperborn("evaluate", "run", "--json")
    assert ended.code == 1
    assert ended.json["exit_code"] == 1
    assert "fault of hyperborn, not yours (RuntimeError: broken in two lines)" in ended.json["error"]
    assert "Traceback" in ended.err
    assert hyperborn("evaluate", "run").out == ""


def by_python() -> None:
    raise MemoryError


def by_numpy() -> None:
    np.zeros(2**50)


def by_jax() -> None:
    import jax.numpy as jnp

    jnp.zeros(2**50).block_until_ready()


def by_the_system() -> None:
    raise OSError(errno.ENOMEM, "Cannot allocate memory")


@pytest.mark.parametrize("asked", [by_python, by_numpy, by_jax, by_the_system])
def test_lack_of_memory_is_the_users_to_mend(
    hyperborn: Run, monkeypatch: pytest.MonkeyPatch, asked: Callable[[], None]
) -> None:
    """No machine addresses 2^52 bytes, so that asking for them harms none."""
    from hyperborn.runs import results

    monkeypatch.setattr(results, "load", lambda _path, **_options: asked())
    hyperborn("evaluate", "run").refused("not enough memory", "--restarts")


def test_what_names_memory_only_is_no_lack_of_it(hyperborn: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import jax
    import jax.numpy as jnp

    from hyperborn.runs import results

    def guarded(_path: Path, **_options: object) -> None:
        with jax.transfer_guard("disallow"):
            jnp.zeros(3) + np.ones(3, np.float32)

    monkeypatch.setattr(results, "load", guarded)
    ended = hyperborn("evaluate", "run")
    assert ended.code == 1
    assert "memory_kind" in ended.err
    assert "not enough memory" not in ended.err


def test_numbers_that_json_lacks_are_null(capsys: pytest.CaptureFixture[str]) -> None:
    from hyperborn.cli.output import emit

    emit({"a": math.nan, "b": [math.inf, 1.5], "c": {"d": -math.inf, "e": "é"}})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": [None, 1.5], "c": {"d": None, "e": "é"}}


def test_module_runs_as_the_command_does(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import runpy

    monkeypatch.setattr(sys, "argv", ["hyperborn", "--version"])
    with pytest.raises(SystemExit) as end:
        runpy.run_module("hyperborn", run_name="__main__")
    assert end.value.code == 0
    assert capsys.readouterr().out == run("--version").out


def test_an_older_run_keeps_its_name_and_force_replaces_it(hyperborn: Run) -> None:
    quick = ("train", "moons", "--hidden", "none", "--steps", "2", "--depth", "1", "--json")
    assert hyperborn(*quick).json["out"] == "runs/moons-elbo"
    second = hyperborn(*quick)
    assert second.json["out"] == "runs/moons-elbo-2"
    assert "runs/moons-elbo exists: writing runs/moons-elbo-2" in second.err
    # Which of the two is meant is not known.
    assert "say with --out" in hyperborn(*quick, "--force").json["error"]
    shutil.rmtree("runs/moons-elbo-2")
    replaced = hyperborn(*quick, "--force")
    assert replaced.json["out"] == "runs/moons-elbo"
    assert "replacing runs/moons-elbo" in replaced.err


def test_a_table_as_it_comes_is_trained_on_and_predicted(hyperborn: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"{row},p{row},{'' if row % 9 == 0 else row},{'xyz'[row % 3]},{'ab'[row % 2]}" for row in range(60)]
    Path("people.csv").write_text("\n".join([",who am i,size,colour,kind", *rows, "60,p60,5,x,"]))
    ended = hyperborn("train", "people.csv", "--target", "kind", "--posterior", "register", *QUICK, "--json")
    assert ended.code == 0
    assert "kept 2 of 4 columns: left out Unnamed: 0 (an index without a name); who am i (an identifier)" in ended.err
    assert "1 row without a label left out" in ended.err
    found = ended.json
    assert found["columns"]["kept"] == ["size", "colour"]
    assert list(found["columns"]["left_out"]) == ["Unnamed: 0", "who am i"]
    assert "missing numbers are the median, with a feature that says so: size" in found["notes"]
    Path("new.csv").write_text("id;colour;size\n007;mauve;1,5\n008;x;\n009;y;n/k\n")
    predicted = hyperborn("predict", found["out"], "new.csv", "--keep-columns", "id", "--only", "labels")
    assert predicted.code == 0
    assert [line.split(",")[0] for line in predicted.out.splitlines()] == ["id", "007", "008", "009"]
    assert "colour: 1 row of unknown categories ('mauve')" in predicted.err
    assert "size: 1 row of text count as missing, the first 'n/k'" in predicted.err
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(Path("new.csv").read_bytes())))
    from_input = hyperborn("predict", found["out"], "-", "--keep-columns", "id", "--only", "labels")
    assert from_input.out == predicted.out


def test_standard_input_is_read_once_and_kept(hyperborn: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def pipe() -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(FLOWERS.encode())))

    # Principal components are found in data that are read first, and seeds have splits of their own.
    pipe()
    flags = ("--target", "kind", "--posterior", "register", *QUICK)
    trained = hyperborn("train", "-", *flags, "--components", "1", "--validation", "0.3", "--json")
    assert (trained.code, trained.json["out"]) == (0, "runs/standard-input-elbo")
    pipe()
    compared = hyperborn("compare", "-", *flags, "--seeds", "2", "--objectives", "elbo", "--out", "compared")
    assert compared.code == 0
    # What is worth saying is said once, not once a seed.
    assert compared.err.count("missing numbers are the median") == 1


def test_what_is_worth_saying_of_a_scored_file_is_said(hyperborn: Run, flowers: Path) -> None:
    flags = ("--target", "kind", "--posterior", "register", "--components", "1", *QUICK)
    assert hyperborn("train", flowers, *flags, "--out", "run").code == 0
    Path("scored.csv").write_text("petal;sepal;colour;kind\n1,2;3,0;mauve;small one\n4,2;n/k;red;Größe\n4;5;red;\n")
    scored = hyperborn("evaluate", "run", "scored.csv", "--decimal", ",")
    assert scored.code == 0
    assert scored.err.splitlines() == [
        "decimal commas: '1,2' is 1.2 (petal)",
        "sepal: 1 row of text count as missing, the first 'n/k'",
        "colour: 1 row of unknown categories ('mauve')",
        "1 row without a label left out",
    ]
    hyperborn("evaluate", "run", "scored.csv", "--decimal", ".").refused("decimal='.'", "a decimal comma", "--decimal")
    hyperborn("predict", "run", "scored.csv", "--decimal", "x").refused("decimal='x' must be a point or a comma")


def test_a_file_without_a_header_is_trained_on_and_predicted(hyperborn: Run) -> None:
    Path("plain.csv").write_text("".join(f"{row}.5,{-row}.25,{'ab'[row % 2]}\n" for row in range(40)))
    flags = ("--target", "x3", "--no-header", "--posterior", "register", "--out", "run")
    assert hyperborn("train", "plain.csv", *flags, *QUICK).code == 0
    Path("named.csv").write_text("x1,x2,x3\n" + Path("plain.csv").read_text())
    scores = [
        hyperborn("evaluate", "run", *given, "--json").json | {"on": ""}
        for given in (("plain.csv", "--no-header"), ("plain.csv",), ("named.csv",), ("named.csv", "--no-header"))
    ]
    # The run remembers that there was none; the names that it then had may be written above the rows.
    assert scores[1:] == scores[:1] * 3
    assert scores[0]["n_examples"] == 40
    predicted = [hyperborn("predict", "run", "plain.csv", *flags).out for flags in ((), ("--no-header",))]
    assert len(predicted[0].splitlines()) == 41
    assert predicted[0] == predicted[1]


@pytest.mark.parametrize("header", [True, False])
def test_columns_called_as_those_without_a_header_are_found_by_their_names(hyperborn: Run, header: bool) -> None:
    rows = [(f"{row}.5", f"{-row}.25", "ab"[row % 2]) for row in range(40)]
    Path("t.csv").write_text("x1,x2,x3\n" * header + "".join(",".join(row) + "\n" for row in rows))
    given = () if header else ("--no-header",)
    assert hyperborn("train", "t.csv", "--target", "x3", *given, "--out", "run", *QUICK).code == 0
    few = rows[:3]
    expected = hyperborn("predict", "run", "t.csv").out.splitlines()[:4]
    for names, cells in {
        "x2,x1": [(b, a) for a, b, _ in few],
        "id,x1,x2": [("77", a, b) for a, b, _ in few],
        ",x1,x2": [(str(place), a, b) for place, (a, b, _) in enumerate(few)],
        "x1,x2,note": [(a, b, "fine") for a, b, _ in few],
        "x3,x2,x1": [(c, b, a) for a, b, c in few],
    }.items():
        Path("new.csv").write_text("\n".join([names, *map(",".join, cells)]))
        assert hyperborn("predict", "run", "new.csv").out.splitlines() == expected, names
    Path("new.csv").write_text("\n".join(["x1,x2,x3,times", *(",".join((*row, "2")) for row in rows)]))
    weighed = hyperborn("evaluate", "run", "new.csv", "--weight-column", "times", "--json").json
    assert weighed["nll"] == pytest.approx(hyperborn("evaluate", "run", "t.csv", "--json").json["nll"])


def test_the_run_of_a_zipped_file_is_called_as_that_of_the_file(hyperborn: Run) -> None:
    rows = "".join(f"{row % 7},{'ab'[row % 2]},{row % 5}\n" for row in range(40))
    Path("flowers.csv.gz").write_bytes(gzip.compress(f"size,kind,batch\n{rows}".encode()))
    flags = ("--target", "kind", "--group", "batch", "--posterior", "register", *QUICK)
    trained = hyperborn("train", "flowers.csv.gz", *flags)
    assert trained.code == 0
    assert Path("runs/flowers-elbo").is_dir()
    assert "rows are split by group: batch (no feature)" in trained.err
