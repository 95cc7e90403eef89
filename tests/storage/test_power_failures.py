"""The power fails at any operation: what was promised is there, and what is there is whole."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hyperborn.storage import (
    Checkpoints,
    MetricsLog,
    read_folder,
    read_metrics,
    remove_folder,
    write_file,
    write_folder,
)
from hyperborn.storage.folders import folder_exists, tidy
from power_failure import Disk, Tree, build

OLD = {"a": b"old", "plots/b": b"old too"}
NEW = {"a": b"new", "plots/deep/c": b"new too"}


Act = Callable[[Path, Callable[[], None]], object]


def survivors(tmp_path: Path, act: Act, found: Callable[[Path], Any]) -> tuple[list[Any], list[Any]]:
    """What `found` says of every tree that a failure may leave before and after `act` promises something.

    `act` gets the folder and what it calls when it promises; it does so at its end, if not before.
    """
    root, goal = tmp_path / "disk", tmp_path / "goal"
    before: list[Any] = []
    after: list[Any] = []
    seen = before

    def look(tree: Tree) -> None:
        build(tree, goal)
        try:
            seen.append(found(goal))
        finally:
            shutil.rmtree(goal)

    def promise() -> None:
        nonlocal seen
        seen = after
        disk.promise()

    root.mkdir(exist_ok=True)
    with Disk(root, look) as disk:
        act(root, promise)
        promise()
    return before, after


def folder_at(name: str) -> Callable[[Path], Any]:
    def found(root: Path) -> Any:
        return read_folder(root / name) if folder_exists(root / name) else None

    return found


def test_a_new_folder_is_absent_or_whole_and_there_in_the_end(tmp_path: Path) -> None:
    path = Path("far", "off", "run")
    before, after = survivors(tmp_path, lambda root, _: write_folder(root / path, NEW), folder_at(str(path)))
    assert all(found in (None, NEW) for found in before)
    assert None in before
    assert after == [NEW] * len(after)


def test_a_replaced_folder_is_the_old_or_the_new(tmp_path: Path) -> None:
    write_folder(tmp_path / "disk" / "run", OLD)
    before, after = survivors(tmp_path, lambda root, _: write_folder(root / "run", NEW, replace=True), folder_at("run"))
    assert all(found in (OLD, NEW) for found in before)
    assert OLD in before
    assert after == [NEW] * len(after)


def test_a_removed_folder_is_whole_or_gone(tmp_path: Path) -> None:
    write_folder(tmp_path / "disk" / "run", OLD)
    before, after = survivors(tmp_path, lambda root, _: remove_folder(root / "run"), folder_at("run"))
    assert all(found in (OLD, None) for found in before)
    assert after == [None] * len(after)


def test_what_an_interrupted_swap_left_is_back_under_its_name(tmp_path: Path) -> None:
    write_folder(tmp_path / "disk" / "run", OLD)
    (tmp_path / "disk" / "run").rename(tmp_path / "disk" / ".run.hyperborn-previous")
    _, after = survivors(tmp_path, lambda root, _: tidy(root), lambda root: (root / "run" / "a").exists())
    assert after == [True] * len(after)


@pytest.mark.parametrize("old", [None, b"old"])
def test_a_file_is_the_old_or_the_new(tmp_path: Path, old: bytes | None) -> None:
    if old is not None:
        write_file(tmp_path / "disk" / "deep" / "file", old)

    def found(root: Path) -> bytes | None:
        path = root / "deep" / "file"
        return path.read_bytes() if path.exists() else None

    before, after = survivors(tmp_path, lambda root, _: write_file(root / "deep" / "file", b"new"), found)
    assert all(data in (old, b"new") for data in before)
    assert after == [b"new"] * len(after)


def steps_in(root: Path) -> list[int]:
    path = root / "deep" / "log"
    return [record["step"] for record in read_metrics(path)] if path.exists() else []


@pytest.mark.parametrize("way", ["sync", "close"])
def test_a_log_keeps_what_was_synced_and_what_was_there_when_it_was_closed(tmp_path: Path, way: str) -> None:
    def act(root: Path, promise: Callable[[], None]) -> None:
        log = MetricsLog(root / "deep" / "log")
        for step in range(4):
            log.append({"step": step})
        if way == "sync":
            log.sync()
            promise()
        log.close()

    before, after = survivors(tmp_path, act, steps_in)
    assert all(steps == list(range(len(steps))) for steps in before)
    assert after == [[0, 1, 2, 3]] * len(after)


@pytest.mark.parametrize("torn", [False, True])
def test_what_was_cut_off_a_log_does_not_come_back(tmp_path: Path, torn: bool) -> None:
    path, kept = tmp_path / "disk" / "log", b""
    with MetricsLog(path) as log:
        for step in range(4):
            log.append({"step": step})
            if torn or step == 1:
                kept = path.read_bytes()
    if torn:
        path.write_bytes(path.read_bytes() + b'{"step": 4, ')

    def act(root: Path, promise: Callable[[], None]) -> None:
        log = MetricsLog(root / "log")
        if not torn:
            log.truncate_after(1)
        promise()
        log.close()

    _, after = survivors(tmp_path, act, lambda root: (root / "log").read_bytes())
    assert after == [kept] * len(after)


def test_the_newest_checkpoint_is_there_when_older_ones_go(tmp_path: Path) -> None:
    saved = 0

    def act(root: Path, promise: Callable[[], None]) -> None:
        nonlocal saved
        for step in (1, 2):
            Checkpoints(root / "checkpoints", keep=1).save(step, {}, {})
            saved = step
            promise()

    def found(root: Path) -> tuple[int, int]:
        damaged: list[str] = []
        checkpoint = Checkpoints(root / "checkpoints").latest(damaged.append)
        assert damaged == []
        return saved, checkpoint.step if checkpoint else 0

    _, after = survivors(tmp_path, act, found)
    assert all(promised <= step for promised, step in after)
    assert {promised for promised, _ in after} == {1, 2}
