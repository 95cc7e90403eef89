"""`hyperborn study`."""

from pathlib import Path

import pytest

from command_line import Run
from hyperborn.study import plan as plans
from hyperborn.study import scheduler
from small_plans import TABLES, written

SMALL = TABLES.replace("sizes = [40, 20]", "sizes = [20]").replace("steps = 30", "steps = 5")


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    return written(tmp_path, SMALL)


def test_a_plan_of_ones_own(hyperborn: Run, plan: Path) -> None:
    ended = hyperborn("study", plan, "--json")
    assert ended.code == 0, ended.err
    assert ended.json == {"out": "runs/study-plan", "cells": 16, "rows": 18}
    names = {path.name for path in (plan.parent / "runs" / "study-plan").iterdir()}
    assert {"study.parquet", "study.md", "differences.md", "main-differences.png", "cells"} <= names


def test_a_study_that_was_stopped_goes_on(hyperborn: Run, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured, begun = scheduler.run_cell, 0

    def until_stopped(cell: scheduler.Cell, fits: scheduler.SplitFits) -> dict[str, object]:
        nonlocal begun
        begun += 1
        if begun == 4:
            raise KeyboardInterrupt
        return measured(cell, fits)

    monkeypatch.setattr(scheduler, "run_cell", until_stopped)
    ended = hyperborn("study", plan, "--out", "out")
    assert ended.code == 130
    assert "stopped: 3 of 16 cells are done; the same command goes on" in ended.err
    assert hyperborn("study", plan, "--out", "out").code == 0
    assert begun == 4 + 13


def test_mistakes_are_one_line(hyperborn: Run, plan: Path) -> None:
    hyperborn("study", "nothing").refused("there is no plan 'nothing'", "elbo-vs-mle")
    plan.write_text(SMALL.replace("depth = 1", "depth = 0"), encoding="utf-8")
    hyperborn("study", plan).refused("MLE on gaussians", "depth = 0 is not allowed")
    plan.write_text("title = ", encoding="utf-8")
    hyperborn("study", plan).refused("not valid TOML")
    (plan.parent / "file").touch()
    plan.write_text(SMALL, encoding="utf-8")
    hyperborn("study", plan, "--out", "file/out").refused("file/out", "a file, not a folder")
    (plan.parent / "other").mkdir()
    (plan.parent / "other" / "precious").touch()
    hyperborn("study", plan, "--out", "other").refused("other holds precious and is no study's folder")


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.thorough)])
def test_the_built_in_study_runs_quickly(
    hyperborn: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    if not whole:
        # A plan of one's own in its place, with fewer methods.
        written(tmp_path, SMALL).rename(tmp_path / "elbo-vs-mle.toml")
        monkeypatch.setattr(plans, "BUILT_IN", tmp_path)
    ended = hyperborn("study", "--quick", "--json")
    assert ended.code == 0, ended.err
    assert ended.json["out"] == "runs/study-elbo-vs-mle-quick"
    assert ended.json["rows"] > (200 if whole else 10)
