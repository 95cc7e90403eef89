"""Comparisons: what they compute once, and what is kept of one that is stopped."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from command_line import QUICK, Run, snapshot
from hyperborn.energy import enumeration
from hyperborn.runs.folder import writing
from hyperborn.study import comparison
from hyperborn.training.result import Result

MOONS = ("compare", "moons", "--size", "40", *QUICK, "--objectives", "elbo,mle")
FILES = {"comparison.json", "comparison.md", "comparison.png", "manifest.json"}


def test_energies_are_enumerated_once_a_seed_and_splits_scored_once_a_run(
    hyperborn: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    enumerated: list[int] = []
    scored: Counter[tuple[str, int, str]] = Counter()
    code_blocks, metrics = enumeration.code_blocks, Result.metrics

    def enumerate_once(net: Any, x: Any, *rest: Any) -> Any:
        enumerated.append(len(x))
        return code_blocks(net, x, *rest)

    def score_once(self: Result, split: str = "test") -> dict[str, float]:
        scored[self.definition.objective.name, self.definition.seed, split] += 1
        return metrics(self, split)

    monkeypatch.setattr(enumeration, "code_blocks", enumerate_once)
    monkeypatch.setattr(Result, "metrics", score_once)
    assert hyperborn(*MOONS, "--seeds", "2", "--out", "out").code == 0
    assert enumerated == [24, 24]
    assert len(scored) == 2 * 2 * 3
    assert set(scored.values()) == {1}


def stopping(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Ctrl-C in place of a comparison's training, the one of this number."""
    run, begun = comparison.run, 0

    def until_stopped(*arguments: Any, **named: Any) -> Result:
        nonlocal begun
        begun += 1
        if begun == at:
            raise KeyboardInterrupt
        return run(*arguments, **named)

    monkeypatch.setattr(comparison, "run", until_stopped)


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
    # But for the time they took, the seeds that are there are those of a comparison of just these.
    for row in (*whole["runs"], *part["runs"]):
        row["summary"].pop("seconds", None)
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
