"""Comparisons: studies of one task, what they compute once, and what is kept of one that is stopped."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hyperborn as hb
from command_line import QUICK, Run, snapshot
from hyperborn.config import CompareConfig, configured
from hyperborn.config.definitions import definition_of
from hyperborn.energy import enumeration
from hyperborn.errors import UserError
from hyperborn.progress import Progress
from hyperborn.runs.folder import writing
from hyperborn.study import comparison, fitting
from hyperborn.study.comparison import comparison_of
from hyperborn.study.fitting import Row
from hyperborn.study.scheduler import rows_of_cells, run_cells
from hyperborn.study.splits import configuration, split_of
from hyperborn.study.store import Store
from hyperborn.training.definition import Definition
from hyperborn.training.result import Result

MOONS = ("compare", "moons", "--size", "40", *QUICK, "--objectives", "elbo,mle")
FILES = {"comparison.json", "comparison.md", "comparison.png", "manifest.json"}


SMALL = {"data": "moons", "size": 40, "hidden": "none", "depth": 1, "steps": 30, "seeds": 2, "seed": 3}
PAIR = SMALL | {"objectives": "elbo,mle"}
METHODS = ("elbo", "mle", "exact posterior", "logistic regression", "always the commonest class")


def compared(config: CompareConfig) -> list[Row]:
    """The rows of all seeds."""
    return [row for rows in comparison.compare_objectives(config, Progress(enabled=False)) for row in rows]


def test_the_rows_of_a_comparison_are_those_of_a_study_of_its_cells(tmp_path: Path) -> None:
    config = configured(CompareConfig, None, PAIR)
    rows, cells, store = compared(config), comparison_of(config).cells, Store(tmp_path / "study", "Two objectives")
    run_cells(cells, store, lambda *_: None)
    constant = [row for row in rows if row["method"] == "always the commonest class"]
    assert [row for row in rows if row not in constant] == rows_of_cells(cells, store)
    assert [(row["seed"], row["method"]) for row in rows] == [(seed, method) for seed in (3, 4) for method in METHODS]
    assert [row["seed"] for row in constant] == [3, 4]
    assert {(row["task"], row["size"]) for row in rows} == {("moons", 24)}
    assert {(row["n_validation"], row["n_test"]) for row in rows if row not in constant} == {(8, 8)}


def test_a_run_of_a_comparison_is_the_fit_of_its_definition() -> None:
    rows = compared(configured(CompareConfig, None, PAIR | {"beta": 0.5, "seeds": 1}))
    data = hb.data.load("moons", size=40, seed=3)
    network = hb.networks.BinaryMLP(2, ())
    circuit = hb.Register(hb.circuits.AllPairs(network.n_weights, 1))
    for row, objective in zip(rows[:2], (hb.ELBO(0.5), hb.MLE()), strict=True):
        result = hb.fit(network, data, objective=objective, posterior=circuit, steps=30, seed=3, progress=False)
        assert {name: row[name] for name in result.metrics()} == result.metrics()
        assert row["losses"] == list(result.losses)
        assert (row["gap"], row["temperature"]) == (result.numbers["elbo_gap"], result.temperature)


def test_a_split_without_examples_has_no_scores(tmp_path: Path) -> None:
    config = configured(CompareConfig, None, PAIR | {"test": 0, "validation": 0, "seeds": 1})
    rows, cells, store = compared(config), comparison_of(config).cells, Store(tmp_path / "study", "Two objectives")
    run_cells(cells, store, lambda *_: None)
    assert rows_of_cells(cells, store) == rows[:-1]
    for row in rows[:-1]:
        assert (row["n_train"], row["n_validation"], row["n_test"], row["temperature"]) == (40, 0, 0, 1.0)
        assert not {"accuracy", "nll", "nll_at_1", "validation_nll", "map_accuracy"} & row.keys()
    assert {label: list(means) for label, means in comparison.averages(rows).items()} == {
        label: ["elbo_gap"] for label in ("elbo", "mle", "exact posterior")
    }


def definitions(given: dict[str, Any]) -> dict[str, Definition]:
    """What each objective of a comparison is trained as, on its first seed."""
    found = {}
    cells = comparison_of(configured(CompareConfig, None, given)).cells
    data = split_of(cells[0][3])
    for _, _, label, cell in cells:
        if cell.method.kind == "run" and cell.seed == cells[0][3].seed:
            config = configuration(cell, cell.method.settings)
            found[label] = definition_of(config, data, config.objective)
    return found


def test_an_objective_has_its_own_options_and_not_those_of_others() -> None:
    flags = {"objectives": "mle,elbo,selbo,renyi,stein", "beta": "0.5", "weight": "2", "divergence": "renyi"}
    found = definitions(SMALL | flags | {"alpha": "0.3", "temperature": "3", "annealing": "0.2", "prior": "0.4"})
    assert {label: definition.objective for label, definition in found.items()} == {
        "mle": hb.MLE(),
        "elbo": hb.ELBO(0.5),
        "selbo": hb.SELBO(2.0, hb.RenyiDivergence(0.3)),
        "renyi": hb.Renyi(0.3),
        "stein": hb.SteinPosterior(2.0, temperature=3.0),
    }
    for definition in found.values():
        assert (definition.prior, definition.seed, definition.steps) == (hb.Bernoulli(0.4), 3, 30)
    assert {label for label, found in found.items() if found.annealing == hb.Annealing(0.2)} == {"mle", "elbo", "selbo"}


@pytest.mark.parametrize("more", [{"objectives": "elbo,renyi"}, {"objectives": "elbo,mle", "optimizer": "lbfgs"}])
def test_what_asks_for_one_register_asks_for_it_on_the_whole_task(more: dict[str, Any]) -> None:
    """Of 30 features, which one register cannot take, all are reduced to the same few."""
    found = definitions({"data": "breast_cancer", "seeds": 1} | more)
    assert len(found) == 2
    assert {(type(one.posterior), one.network.n_features) for one in found.values()} == {(hb.Register, 15)}
    cells = comparison_of(configured(CompareConfig, None, {"data": "breast_cancer", "seeds": 1} | more)).cells
    exact = next(cell for *_, label, cell in cells if label == "exact posterior")
    assert configuration(exact, {}).posterior == "register"
    assert split_of(exact).n_features == 15


def test_a_run_that_fails_ends_the_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    run = fitting.run

    def failing(definition: Definition, *rest: Any, **named: Any) -> Result:
        if definition.seed == 4:
            raise UserError("no such luck")
        return run(definition, *rest, **named)

    monkeypatch.setattr(fitting, "run", failing)
    seeds = comparison.compare_objectives(configured(CompareConfig, None, PAIR), Progress(enabled=False))
    assert len(next(seeds)) == len(METHODS)
    with pytest.raises(UserError, match=r"^no such luck$"):
        next(seeds)


def test_energies_are_enumerated_once_a_seed_and_splits_predicted_once_a_method(
    hyperborn: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    enumerated: list[int] = []
    predicted: list[int] = []
    code_blocks, predictive = enumeration.code_blocks, fitting.predictions_of_distribution

    def enumerate_once(net: Any, x: Any, *rest: Any) -> Any:
        enumerated.append(len(x))
        return code_blocks(net, x, *rest)

    def predict_once(net: Any, x: Any, q: Any) -> Any:
        predicted.append(len(x))
        return predictive(net, x, q)

    monkeypatch.setattr(enumeration, "code_blocks", enumerate_once)
    monkeypatch.setattr(fitting, "predictions_of_distribution", predict_once)
    assert hyperborn(*MOONS, "--seeds", "2", "--out", "out").code == 0
    assert enumerated == [24, 24]
    # Two objectives and the exact posterior.
    assert predicted == [24, 8, 8] * 3 * 2


def stopping(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Ctrl-C in place of a comparison's training, the one of this number."""
    run, begun = fitting.run, 0

    def until_stopped(*arguments: Any, **named: Any) -> Result:
        nonlocal begun
        begun += 1
        if begun == at:
            raise KeyboardInterrupt
        return run(*arguments, **named)

    monkeypatch.setattr(fitting, "run", until_stopped)


@pytest.mark.parametrize("at", [5, 6])
def test_seeds_that_were_complete_are_kept_after_ctrl_c(
    hyperborn: Run, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    assert hyperborn(*MOONS, "--seeds", "2", "--out", "whole").code == 0
    stopping(monkeypatch, at)
    ended = hyperborn(*MOONS, "--seeds", "4", "--out", "part")
    assert (ended.code, ended.out) == (130, "")
    assert ended.err.splitlines() == ["hyperborn: stopped; the comparison of 2 of 4 seeds is in part"]
    assert {path.name for path in Path("part").iterdir()} == FILES
    whole, part = (json.loads(Path(name, "comparison.json").read_text()) for name in ("whole", "part"))
    assert (part["seeds"], part["seeds_asked"]) == (2, 4)
    assert (whole["seeds"], whole["seeds_asked"]) == (2, 2)
    # The seeds that are there are those of a comparison of just these.
    assert part["runs"] == whole["runs"]
    assert part["objectives"] == whole["objectives"]
    assert Path("part/comparison.md").read_bytes() == Path("whole/comparison.md").read_bytes()


def test_a_name_that_another_comparison_has_is_refused_before_the_work(
    hyperborn: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Path] = []

    def never(*_arguments: Any) -> Any:
        begun.append(Path())
        raise KeyboardInterrupt

    monkeypatch.setattr(comparison, "compare_objectives", never)
    with writing(Path("out")):
        hyperborn(*MOONS, "--out", "out").refused("out is being written by process", "choose another folder")
    assert begun == []
    # Without a name, the next one serves.
    with writing(Path("runs/moons-compare")):
        assert hyperborn(*MOONS).code == 130
    assert begun == [Path()]


def test_a_stopped_comparison_is_one_object_too(hyperborn: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    stopping(monkeypatch, 4)
    ended = hyperborn(*MOONS, "--seeds", "3", "--out", "out", "--json")
    assert ended.code == 130
    assert ended.json == {"error": "stopped; the comparison of 1 of 3 seeds is in out", "exit_code": 130}


@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.usefixtures("unharmed")
def test_without_a_complete_seed_nothing_is_kept(hyperborn: Run, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    stopping(monkeypatch, at)
    ended = hyperborn(*MOONS, "--seeds", "3", "--out", "out")
    assert (ended.code, ended.out) == (130, "")
    assert ended.err.splitlines() == ["hyperborn: stopped; no seed was complete, so nothing is kept"]


def test_ctrl_c_while_the_comparison_is_written_waits(hyperborn: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import signal

    from hyperborn.report import plots

    draw: Callable[..., bytes] = plots.comparison

    def pressed(*arguments: Any, **options: Any) -> bytes:
        signal.raise_signal(signal.SIGINT)
        return draw(*arguments, **options)

    monkeypatch.setattr(plots, "comparison", pressed)
    ended = hyperborn(*MOONS, "--seeds", "2", "--out", "out")
    assert (ended.code, ended.out) == (130, "")
    assert ended.err.splitlines() == ["hyperborn: stopped; the comparison of 2 of 2 seeds is in out"]
    assert set(snapshot(Path("out"))) == FILES


def test_a_stopped_comparison_takes_no_other_ones_place(hyperborn: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hyperborn(*MOONS, "--seeds", "1", "--out", "out").code == 0
    before = snapshot(Path("out"))
    stopping(monkeypatch, 3)
    ended = hyperborn(*MOONS, "--seeds", "3", "--out", "out", "--force")
    assert ended.code == 130
    assert "the comparison of 1 of 3 seeds is in out-2" in ended.err
    assert snapshot(Path("out")) == before
    assert set(snapshot(Path("out-2"))) == FILES
