"""The power fails at any operation of a run: it goes on from what was promised, or is what it was before."""

import shutil
from pathlib import Path

import pytest

import hyperborn as hb
from hyperborn.data import Dataset
from hyperborn.runs import layout as replacing
from hyperborn.runs import session
from hyperborn.runs.folder import RunFolder
from power_failure import Disk, Tree, build
from runs import resume, start, start_and_stop

STEPS, STOPPED = 125, 25
"""After the step at which a run was stopped come four records: more than the two that a checkpoint keeps of the log."""


def silent(_line: str) -> None: ...


def step_of(path: Path) -> int:
    """The step from which training would go on, with everything read and mended before it; -1 where no run began."""
    if not replacing.is_run(path):
        assert replacing.is_free(path)
        return -1
    folder, notes = RunFolder.open(path), []
    if folder.is_finished():
        hb.load(path, report=notes.append)
        assert notes == []
        return STEPS
    position, _, last = folder.read_position(notes.append)
    with folder.log(silent) as log:
        log.truncate_after(position.step if position.plateau_history else -1)
        session.mend(log, folder.definition, position, last)
    assert notes == []
    return position.step


@pytest.mark.parametrize("begun", [False, True])
def test_a_run_goes_on_from_its_checkpoint(
    define, data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    path, goal = tmp_path / "disk" / "deep" / "run", tmp_path / "goal"
    definition, promised, found = define(steps=STEPS), -1, set()
    (tmp_path / "disk").mkdir()
    if begun:
        start_and_stop(path, definition, data, STOPPED)
        promised = STOPPED

    def look(tree: Tree) -> None:
        build(tree, goal)
        try:
            found.add(step_of(goal / "deep" / "run"))
            assert min(found) >= promised
        finally:
            shutil.rmtree(goal)

    # One checkpoint, at the end.
    monkeypatch.setattr(session, "CHECKPOINT_SECONDS", 1e9)
    save = session.Keeper.save

    def saving(keeper: session.Keeper) -> None:
        nonlocal promised
        is_new = keeper.unsaved is not None
        save(keeper)
        if is_new:
            promised = STEPS
            found.clear()
            disk.promise()

    monkeypatch.setattr(session.Keeper, "save", saving)
    with Disk(tmp_path / "disk", look) as disk:
        if begun:
            resume(path)
        else:
            start(path, definition, data)
    assert found == {STEPS}


def test_a_run_that_is_replaced_is_the_old_or_the_new(define, data: Dataset, tmp_path: Path) -> None:
    path, goal = tmp_path / "disk" / "run", tmp_path / "goal"
    start(path, define(steps=STOPPED), data)
    found: list[str] = []

    def during(run: Path) -> str:
        pending = replacing.is_being_replaced(run)
        if pending:
            replacing.complete(run)
        folder = RunFolder.open(run)
        if folder.definition.steps == STOPPED:
            hb.load(run)
            return "old"
        assert [entry.name for entry in run.iterdir() if not entry.name.startswith(".")] == ["definition"]
        return "pending" if pending else "new"

    def look(tree: Tree) -> None:
        build(tree, goal)
        try:
            found.append(during(goal / "run"))
        finally:
            shutil.rmtree(goal)

    with Disk(tmp_path / "disk", look) as disk:
        RunFolder.create(path, define(steps=STEPS), data, force=True)
        assert set(found) == {"old", "pending", "new"}
        found.clear()
        disk.promise()
    assert set(found) == {"new"}
