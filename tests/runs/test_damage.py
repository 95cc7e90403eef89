"""One flipped bit, one cut, one edit in any file of a run folder: noticed, or without any consequence."""

import json
import random
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.runs import session
from hyperborn.training.loop import Position
from hyperborn.training.result import Result
from hyperborn.training.state import state_arrays
from runs import files_of, outcome_of, resume, same, start, start_and_stop

flipped = pytest.mark.parametrize("count", [60, pytest.param(500, marks=pytest.mark.thorough)])
"""Bits to flip, file by file: each file has its turn."""


class Reached(BaseException):
    """Where training would go on from, after everything that a resumed run reads was read."""


@pytest.fixture(scope="module")
def whole(define, data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    path = tmp_path_factory.mktemp("whole") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "CHECKPOINT_SECONDS", 0.0)
        return path, start(path, define(), data)


@pytest.fixture(scope="module")
def part(define, data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("part") / "run"
    start_and_stop(path, define(), data)
    assert len(list((path / "checkpoints").iterdir())) == 3
    return path


@pytest.fixture
def finished(whole: tuple[Path, Result], tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole[0], tmp_path / "finished"))


@pytest.fixture
def unfinished(part: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(part, tmp_path / "unfinished"))


def point_of(position: Position) -> tuple[object, ...]:
    arrays = {name: array.tobytes() for name, array in state_arrays(position.state).items()}
    return position.step, position.plateau_history, position.finished, arrays


def reached(path: Path, notes: list[str], monkeypatch: pytest.MonkeyPatch) -> tuple[object, ...]:
    """Resumes for real up to the first step of training: where it would go on from, and the log it would add to."""

    def stop(
        _definition: object, _data: object, _resources: object, _watch: object, position: Position, **_more: object
    ) -> Result:
        raise Reached(point_of(position))

    monkeypatch.setattr(session, "run", stop)
    try:
        resume(path, notes)
    except Reached as point:
        return (*point.args[0], (path / "metrics.jsonl").read_bytes())
    finally:
        monkeypatch.undo()
    raise AssertionError("resuming did not come to training")


@pytest.fixture(scope="module")
def points(part: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[object, ...]]:
    """Where the undamaged run would go on from, by each of its checkpoints, the newest first."""
    path = Path(shutil.copytree(part, tmp_path_factory.mktemp("points") / "run"))
    found = []
    with pytest.MonkeyPatch.context() as patch:
        for checkpoint in sorted((path / "checkpoints").iterdir(), reverse=True):
            found.append(reached(path, [], patch))
            shutil.rmtree(checkpoint)
    return found


def flips(path: Path, count: int) -> list[tuple[str, int, int]]:
    """File, offset and bit: every file in turn."""
    sizes = {name: len(data) for name, data in files_of(path).items()}
    chance = random.Random(0)
    names = sorted(sizes) * (count // len(sizes) + 1)
    return [(name, chance.randrange(sizes[name]), chance.randrange(8)) for name in names[:count]]


def flip(path: Path, offset: int, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 1 << bit
    path.write_bytes(data)


def restore(path: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        if not (path / name).exists() or (path / name).read_bytes() != data:
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)


def check_finished(path: Path, name: str, result: Result) -> str:
    """That damage in one file of a finished run is noticed, and does not change what is loaded; how it was noticed."""
    notes: list[str] = []
    loaded = refused = None
    try:
        loaded = hb.load(path, report=notes.append)
    except UserError as error:
        refused = str(error)
    if refused is not None:
        assert name in refused
        assert "\n" not in refused
        with pytest.raises(UserError):
            resume(path)
        return "refused"
    # Only what the result does not need may be damaged, and it is said.
    assert name.startswith(("checkpoints/", "plots/"))
    assert len(notes) == 1
    assert name in notes[0]
    assert loaded is not None
    assert same(loaded, result)
    assert same(resume(path), result)
    return "noted"


def check_unfinished(
    path: Path, name: str, points: list[tuple[object, ...]], patch: pytest.MonkeyPatch
) -> tuple[str, list[str]]:
    """That a run goes on from an undamaged point, or is refused; which of it, and what was said."""
    notes: list[str] = []
    point = refused = None
    try:
        point = reached(path, notes, patch)
    except UserError as error:
        refused = str(error)
    if refused is not None:
        assert name in refused
        assert "\n" not in refused
        return "refused", notes
    assert point in points, name
    return f"point {points.index(point)}", notes


@flipped
def test_flipped_bits_in_a_finished_run(finished: Path, whole: tuple[Path, Result], count: int) -> None:
    files = files_of(finished)
    assert len(files) > 15
    seen = Counter[str]()
    for name, offset, bit in flips(finished, count):
        flip(finished / name, offset, bit)
        seen[check_finished(finished, name, whole[1])] += 1
        restore(finished, files)
    assert seen.total() == count
    assert min(seen["refused"], seen["noted"]) > count // 5
    assert same(hb.load(finished), whole[1])


def test_a_damaged_checkpoint_of_a_finished_run_is_a_warning(finished: Path, whole: tuple[Path, Result]) -> None:
    newest = max((finished / "checkpoints").iterdir())
    flip(newest / "arrays.npz", 500, 3)
    with pytest.warns(UserWarning, match=rf"the result does not need is damaged: .*{newest.name}/arrays\.npz"):
        loaded = hb.load(finished)
    assert same(loaded, whole[1])


@flipped
def test_flipped_bits_in_an_unfinished_run(
    unfinished: Path, points: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    files = files_of(unfinished)
    newest = max(path.name for path in (unfinished / "checkpoints").iterdir())
    seen = Counter[str]()
    for name, offset, bit in flips(unfinished, count):
        flip(unfinished / name, offset, bit)
        outcome, notes = check_unfinished(unfinished, name, points, monkeypatch)
        seen[outcome] += 1
        if name.startswith("definition/"):
            assert outcome == "refused"
        elif newest in name:
            assert outcome == "point 1"
            assert len(notes) == 1
            assert name in notes[0]
        elif name.startswith("checkpoints/"):
            # Not even read: the newest is good.
            assert (outcome, notes) == ("point 0", [])
        elif outcome != "refused":
            assert outcome == "point 0"
            assert len(notes) == 1
            assert "metrics.jsonl: the torn last line was cut off" in notes[0]
        restore(unfinished, files)
    assert seen.total() == count
    assert min(seen[outcome] for outcome in ("refused", "point 0", "point 1")) > count // 10


def test_flips_in_the_last_line_of_the_log_and_the_newline_before_it_are_mended(
    unfinished: Path, points: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = files_of(unfinished)
    log = files["metrics.jsonl"]
    begin = log.rindex(b"\n", 0, len(log) - 1)
    for offset in [*range(begin, len(log), 3), len(log) - 1]:
        flip(unfinished / "metrics.jsonl", offset, offset % 8)
        outcome, _ = check_unfinished(unfinished, "metrics.jsonl", points, monkeypatch)
        assert outcome == "point 0"
        restore(unfinished, files)


@pytest.mark.parametrize("target", ["newest arrays.npz", "newest state.json", "newest manifest.json", "end of the log"])
def test_a_mended_run_ends_the_same(unfinished: Path, whole: tuple[Path, Result], target: str) -> None:
    notes: list[str] = []
    newest = max((unfinished / "checkpoints").iterdir())
    path = unfinished / "metrics.jsonl" if target == "end of the log" else newest / target.removeprefix("newest ")
    flip(path, path.stat().st_size - 5, 2)
    assert same(resume(unfinished, notes), whole[1])
    assert len(notes) == 1
    assert path.name in notes[0]
    assert outcome_of(unfinished) == outcome_of(whole[0])


def test_truncated_files(
    whole: tuple[Path, Result],
    part: Path,
    points: list[tuple[object, ...]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for origin in (whole[0], part):
        path = Path(shutil.copytree(origin, tmp_path / str(origin is part)))
        files = files_of(path)
        for name, data in files.items():
            for length in sorted({0, 1, len(data) // 2, len(data) - 2, len(data) - 1}):
                (path / name).write_bytes(data[:length])
                if origin is part:
                    check_unfinished(path, name, points, monkeypatch)
                else:
                    check_finished(path, name, whole[1])
                restore(path, files)


def test_missing_files(
    finished: Path, unfinished: Path, whole: tuple[Path, Result], points, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (finished, unfinished):
        files = files_of(path)
        for name in files:
            (path / name).unlink()
            if path == finished:
                check_finished(path, name, whole[1])
            else:
                check_unfinished(path, name, points, monkeypatch)
            restore(path, files)


EDITS = [
    ("definition/definition.json", '"seed": 0', '"seed": 1'),
    ("definition/definition.json", '"steps": 300', '"steps": 301'),
    ("definition/data.json", "moons", "boons"),
    ("result/result.json", '"steps": 300', '"steps": 299'),
    ("result/summary.json", '"objective": "elbo"', '"objective": "mle" '),
    ("metrics.jsonl", '"step": 25', '"step": 26'),
    ("result/manifest.json", '"size": ', '"size":  '),
]


@pytest.mark.parametrize(("name", "old", "new"), EDITS)
def test_hand_edits_are_noticed(finished: Path, name: str, old: str, new: str) -> None:
    text = (finished / name).read_text()
    assert old in text
    (finished / name).write_text(text.replace(old, new))
    with pytest.raises(UserError, match=name.rsplit("/", 1)[-1]):
        hb.load(finished)
    with pytest.raises(UserError, match=name.rsplit("/", 1)[-1]):
        resume(finished)


@pytest.mark.parametrize("length", [1, 3])
def test_lines_cut_off_the_log_of_a_finished_run_are_noticed(finished: Path, length: int) -> None:
    """Whole lines: each check is good, and yet the log is not what it was."""
    lines = (finished / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    (finished / "metrics.jsonl").write_bytes(b"".join(lines[:-length]))
    with pytest.raises(UserError, match=r"metrics\.jsonl is not what it was when the run finished; restore it from"):
        hb.load(finished)


def test_the_remedy_for_a_lost_log_works(finished: Path, whole: tuple[Path, Result]) -> None:
    (finished / "metrics.jsonl").unlink()
    with pytest.raises(UserError, match=r"metrics\.jsonl is not what it was.* or delete it and .*result"):
        hb.load(finished)
    shutil.rmtree(finished / "result")
    with pytest.raises(
        UserError, match=r"metrics\.jsonl lacks what was recorded up to step 300.* or delete .*checkpoi"
    ):
        resume(finished)
    shutil.rmtree(finished / "checkpoints")
    assert same(resume(finished), whole[1])
    assert outcome_of(finished) == outcome_of(whole[0])


@pytest.fixture(scope="module")
def other(define, data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another run of the same shape, finished and stopped."""
    parent = tmp_path_factory.mktemp("other")
    start(parent / "finished", define(seed=1), data)
    start_and_stop(parent / "stopped", define(seed=1), data)
    return parent


@pytest.mark.parametrize("name", ["result", "metrics.jsonl", "definition"])
def test_parts_of_another_run_are_noticed_in_a_finished_one(finished: Path, other: Path, name: str) -> None:
    swap(other / "finished" / name, finished / name)
    with pytest.raises(UserError, match=r"is another run's|is not what it was when the run finished"):
        hb.load(finished)


@pytest.mark.parametrize("name", ["checkpoints", "metrics.jsonl", "definition"])
def test_parts_of_another_run_are_noticed_in_an_unfinished_one(unfinished: Path, other: Path, name: str) -> None:
    swap(other / "stopped" / name, unfinished / name)
    with pytest.raises(UserError, match=r"is another run's|lacks what was recorded up to step"):
        resume(unfinished)


def swap(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.rmtree(target)
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)


def test_a_checkpoint_under_another_step_is_passed_over(
    unfinished: Path, points: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = max((unfinished / "checkpoints").iterdir())
    newest.rename(newest.with_name("step-00000299"))
    notes: list[str] = []
    assert reached(unfinished, notes, monkeypatch) == points[1]
    assert "step-00000299" in notes[0]


def test_when_all_checkpoints_are_damaged_nothing_is_trained(unfinished: Path, whole: tuple[Path, Result]) -> None:
    for checkpoint in (unfinished / "checkpoints").iterdir():
        flip(checkpoint / "arrays.npz", 100, 1)
    with pytest.raises(UserError, match=r"all checkpoints in .* are damaged"):
        resume(unfinished)
    shutil.rmtree(unfinished / "checkpoints")
    assert same(resume(unfinished), whole[1])
    np.testing.assert_array_equal(hb.load(unfinished).params, whole[1].params)


def test_checkpoints_hold_plain_values(part: Path) -> None:
    for checkpoint in (part / "checkpoints").iterdir():
        content = json.loads((checkpoint / "state.json").read_text())
        state, recorded = content["state"], content["step"] // 25 * 25
        assert checkpoint.name == f"step-{content['step']:08}"
        assert [step for step, _ in state["history"]] == [recorded]
        assert [json.loads(line)["step"] for line in state["records"]] == [recorded - 25, recorded]
        with np.load(checkpoint / "arrays.npz", allow_pickle=False) as arrays:
            assert {"step", "key", "params", "optimizer_00"} <= set(arrays)
