"""The life of a run folder: made, stopped, resumed, replaced, refused."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import hyperborn as hb
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.progress import Progress
from hyperborn.runs import folder, layout, session
from hyperborn.runs.folder import RunFolder
from hyperborn.storage import RunLock
from hyperborn.training.choice import CandidateScore, Choice
from hyperborn.training.definition import Definition
from hyperborn.training.loop import Report
from hyperborn.training.result import Result
from hyperborn.training.serialization import definition_from_record
from runs import PICTURE, files_of, outcome_of, resume, same, start, start_and_stop
from tiny_run import tiny_data, tiny_definition


@pytest.fixture(scope="module")
def finished(define, data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    path = tmp_path_factory.mktemp("finished") / "run"
    return path, start(path, define(), data)


@pytest.fixture(scope="module")
def stopped(define, data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stopped") / "run"
    start_and_stop(path, define(), data)
    return path


@pytest.fixture
def unfinished(stopped: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(stopped, tmp_path / "run"))


def test_a_finished_run_holds_everything(finished: tuple[Path, Result]) -> None:
    path, result = finished
    loaded = hb.load(path)
    assert same(loaded, result)
    assert loaded.summary == result.summary
    names = set(files_of(path))
    assert {"metrics.jsonl", "definition/definition.json", "definition/data.npz", "result/summary.json"} <= names
    assert (path / "plots" / "loss.png").read_bytes() == PICTURE
    assert sum(name.endswith("arrays.npz") for name in names) <= 3
    assert not [name for name in names if name.startswith(".")]


def test_the_log_has_a_record_every_25_steps(finished: tuple[Path, Result]) -> None:
    path, result = finished
    records = session.RunFolder.open(path).log(lambda _: None).read()
    assert [record["step"] for record in records] == list(range(0, 301, 25))
    assert records[-1]["losses"] == list(result.losses)
    assert records[-1]["loss"] == min(result.losses)
    assert records[-1]["loss"] == pytest.approx(result.numbers["loss"], abs=1e-5)
    assert records[-1]["elbo"] == pytest.approx(result.numbers["elbo"], abs=1e-4)
    assert records[-1]["expected_energy"] == pytest.approx(result.numbers["expected_energy"], abs=1e-4)
    mode = result.network_metrics(result.most_probable(1), "train")
    assert records[-1]["train_accuracy"] == mode["accuracy"]
    assert records[-1]["loss"] < records[0]["loss"]


def test_resuming_a_finished_run_reads_it(finished: tuple[Path, Result]) -> None:
    path, result = finished
    before = files_of(path)
    assert same(resume(path), result)
    assert files_of(path) == before


def test_a_stopped_run_is_not_loaded_but_resumed(unfinished: Path, finished: tuple[Path, Result]) -> None:
    with pytest.raises(UserError, match=r"run is not finished; go on with: hyperborn resume .*run"):
        hb.load(unfinished)
    result = resume(unfinished)
    assert same(result, finished[1])
    assert outcome_of(unfinished) == outcome_of(finished[0])
    assert result.seconds["train"] > 0


@pytest.mark.parametrize("optimizer", [hb.Adam(0.05), hb.LBFGS(memory=3)], ids=lambda it: it.name)
@pytest.mark.parametrize("step", [0, 1, 25, 60])
def test_a_run_stopped_anywhere_ends_the_same(define, data: Dataset, tmp_path: Path, optimizer, step: int) -> None:
    definition = define(optimizer=optimizer, steps=70, plateau=hb.Plateau(25, 1e-9))
    whole = start(tmp_path / "whole", definition, data)
    start_and_stop(tmp_path / "run", definition, data, step)
    assert same(resume(tmp_path / "run"), whole)
    assert outcome_of(tmp_path / "run") == outcome_of(tmp_path / "whole")


def rewrite_newest(path: Path, **changed: object) -> None:
    """Save the newest checkpoint again with some of its values changed."""
    checkpoints = session.RunFolder.open(path).checkpoints
    newest = checkpoints.latest(lambda _: None)
    assert newest is not None
    assert changed.keys() <= newest.state.keys()
    checkpoints.save(newest.step, newest.arrays, {**newest.state, **changed})


def test_time_spent_adds_up_over_the_parts_of_a_run(unfinished: Path) -> None:
    # Far more than the rest of the run takes.
    rewrite_newest(unfinished, seconds={"compile": 1e4, "train": 2e4})
    result = resume(unfinished)
    for name, before in (("compile", 1e4), ("train", 2e4)):
        assert before < result.seconds[name] < before + 5e3
    # And they are kept, in case that this part is stopped as well.
    kept = session.RunFolder.open(unfinished).read_position(lambda _: None)[1]
    assert kept == {name: result.seconds[name] for name in ("compile", "train")}


def test_a_whole_log_is_not_cut_at_the_step_of_the_checkpoint(define, data: Dataset, tmp_path: Path) -> None:
    start_and_stop(tmp_path / "run", define(steps=50), data, 25)
    # The records that would mend a log that was cut too far.
    rewrite_newest(tmp_path / "run", records=[])
    assert resume(tmp_path / "run").steps == 50


def test_a_run_that_goes_on_elsewhere_is_told_so(unfinished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2:
        pytest.skip("this process cannot give up a CPU")
    notes: list[str] = []
    cpus = os.sched_getaffinity(0)
    monkeypatch.setattr("jax.__version__", "0.0.1")
    os.sched_setaffinity(0, {min(cpus)})
    try:
        resume(unfinished, notes)
    finally:
        os.sched_setaffinity(0, cpus)
    assert len(notes) == 1
    assert f"CPUs 1 instead of {len(cpus)}: its result may differ in the last digits" in notes[0]
    assert "goes on with JAX 0.0.1 instead of" in notes[0]


def test_a_run_without_any_checkpoint_starts_over(unfinished: Path, finished: tuple[Path, Result]) -> None:
    shutil.rmtree(unfinished / "checkpoints")
    assert same(resume(unfinished), finished[1])
    assert outcome_of(unfinished) == outcome_of(finished[0])


def test_a_result_that_was_deleted_is_made_again(finished: tuple[Path, Result], tmp_path: Path) -> None:
    path = Path(shutil.copytree(finished[0], tmp_path / "run"))
    shutil.rmtree(path / "result")
    assert same(resume(path), finished[1])
    assert outcome_of(path) == outcome_of(finished[0])


def broken(*_: object) -> dict[str, bytes]:
    raise ValueError("Expected \\frac,\nfound $5_$9")


def noting(notes: list[str]) -> Progress:
    progress = Progress(enabled=False)
    progress.note = lambda text: notes.append(text)
    return progress


def test_a_run_is_finished_before_anything_is_drawn(
    define, data: Dataset, finished: tuple[Path, Result], tmp_path: Path
) -> None:
    path = tmp_path / "run"

    def watched(result: Result, _: object) -> dict[str, bytes]:
        assert same(hb.load(path), result)
        raise KeyboardInterrupt

    # Ctrl-C while it draws, say, or a death.
    with pytest.raises(KeyboardInterrupt):
        session.start(path, define(), data, Progress(enabled=False), plots=watched)
    assert same(hb.load(path), finished[1])
    assert not (path / "plots").exists()
    assert same(resume(path), finished[1])
    assert outcome_of(path) == outcome_of(finished[0])


def test_a_picture_that_cannot_be_drawn_is_a_line_and_is_tried_again(
    define, data: Dataset, finished: tuple[Path, Result], tmp_path: Path
) -> None:
    path, notes = tmp_path / "run", list[str]()
    result = session.start(path, define(), data, noting(notes), plots=broken)
    again = session.resume(path, noting(notes), plots=broken)
    line = r"the pictures could not be drawn (ValueError: Expected \frac, found $5_$9); everything else is saved"
    assert notes == [line] * 2
    assert same(result, finished[1])
    assert same(again, finished[1])
    assert same(resume(path, notes), finished[1])
    assert notes == [line] * 2
    assert outcome_of(path) == outcome_of(finished[0])


def test_pictures_are_drawn_of_a_run_that_another_process_finished_meanwhile(
    unfinished: Path, finished: tuple[Path, Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It died before it could draw, after we had read the run and before we had the lock."""

    @contextmanager
    def late(path: Path) -> Iterator[None]:
        if not (path / "result").exists():
            shutil.copytree(finished[0], path, dirs_exist_ok=True)
            shutil.rmtree(path / "plots")
        with folder.writing(path):
            yield

    monkeypatch.setattr(session, "writing", late)
    notes: list[str] = []
    assert same(resume(unfinished, notes), finished[1])
    assert notes == []
    assert outcome_of(unfinished) == outcome_of(finished[0])


def test_pictures_that_cannot_be_written_are_a_line(define, data: Dataset, tmp_path: Path) -> None:
    path, notes = tmp_path / "run", list[str]()

    def drawn(*_: object) -> dict[str, bytes]:
        (path / "plots").mkdir()
        (path / "plots" / "mine.txt").write_text("precious")
        return {"loss.png": PICTURE}

    result = session.start(path, define(steps=30), data, noting(notes), plots=drawn)
    assert len(notes) == 1
    assert "plots is not replaced because hyperborn did not write it" in notes[0]
    assert same(hb.load(path, report=notes.append), result)
    assert (path / "plots" / "mine.txt").read_text() == "precious"
    with pytest.raises(UserError, match=r"run is not replaced because hyperborn did not write .*plots; move that away"):
        start(path, define(steps=30), data, force=True)


def test_a_result_that_was_saved_without_its_training_has_no_pictures(
    finished: tuple[Path, Result], tmp_path: Path
) -> None:
    finished[1].save(tmp_path / "saved")
    before = files_of(tmp_path)
    assert same(resume(tmp_path / "saved"), finished[1])
    assert files_of(tmp_path) == before


def test_an_existing_run_is_kept_unless_forced(finished: tuple[Path, Result], define, data: Dataset, tmp_path) -> None:
    path = Path(shutil.copytree(finished[0], tmp_path / "run"))
    (path / "notes.txt").write_text("mine")
    before = files_of(path)
    with pytest.raises(UserError, match=r"run exists; choose another name, or force=True \(--force\) to replace it"):
        start(path, define(seed=1), data)
    assert files_of(path) == before
    result = start(path, define(seed=1, steps=30), data, force=True)
    assert same(hb.load(path), result)
    assert not same(result, finished[1])
    assert (path / "notes.txt").read_text() == "mine"
    assert not [name for name in files_of(path) if name.startswith(".") or "replacement" in name]


def test_a_stopped_run_and_a_damaged_one_can_be_replaced(unfinished: Path, define, data: Dataset) -> None:
    (unfinished / "definition" / "data.npz").write_bytes(b"")
    (unfinished / "metrics.jsonl").write_bytes(b"nonsense\n\n")
    result = start(unfinished, define(steps=5), data, force=True)
    assert same(hb.load(unfinished), result)


@pytest.mark.parametrize("dies_after", ["writing", "result", "checkpoints", "definition", "metrics"])
def test_a_replacement_cut_short_is_the_new_run(
    finished: tuple[Path, Result],
    define,
    data: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    dies_after: str,
) -> None:
    path = Path(shutil.copytree(finished[0], tmp_path / "run"))
    remove, rename = layout.remove_folder, Path.rename

    def dying_remove(part: Path) -> None:
        if dies_after == "writing":
            raise KeyboardInterrupt
        remove(part)
        if part.name == dies_after:
            raise KeyboardInterrupt

    def dying_rename(self: Path, target: Path) -> Path:
        if self.name == "replacement":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(layout, "remove_folder", dying_remove)
    monkeypatch.setattr(Path, "rename", dying_rename)
    with pytest.raises(KeyboardInterrupt):
        start(path, define(seed=1, steps=30), data, force=True)
    monkeypatch.undo()
    with pytest.raises(UserError, match="run is not finished; go on with: hyperborn resume"):
        hb.load(path)
    with pytest.raises(UserError, match="run exists; choose another name, or force=True"):
        start(path, define(), data)
    whole = start(tmp_path / "whole", define(seed=1, steps=30), data)
    assert same(resume(path), whole)
    assert outcome_of(path) == outcome_of(tmp_path / "whole")


def test_a_refused_replacement_leaves_the_old_run(
    finished: tuple[Path, Result], define, data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(shutil.copytree(finished[0], tmp_path / "run"))

    def full(*_: object, **__: object) -> None:
        raise UserError(f"cannot write {path}: the disk is full; free some space or choose another folder")

    monkeypatch.setattr(layout, "write_folder", full)
    with pytest.raises(UserError, match="the disk is full"):
        start(path, define(seed=1), data, force=True)
    assert same(hb.load(path), finished[1])


def test_a_folder_of_something_else_is_never_touched(define, data: Dataset, tmp_path: Path) -> None:
    (tmp_path / "thesis" / "definition").mkdir(parents=True)
    (tmp_path / "thesis" / "definition" / "chapter").write_text("years of work")
    (tmp_path / "thesis" / "result").mkdir()
    (tmp_path / "thesis" / "metrics.jsonl").write_text("mine")
    (tmp_path / "file").write_text("also")
    before = files_of(tmp_path)
    for name in ("thesis", "file"):
        for force in (False, True):
            with pytest.raises(UserError, match=f"{name} exists and is not a run folder; choose another name"):
                start(tmp_path / name, define(), data, force=force)
    for refused in (hb.load, resume):
        with pytest.raises(UserError, match="file is not a run folder; name one that train wrote"):
            refused(tmp_path / "file")
        with pytest.raises(UserError, match="absent is not a run folder; train one with: hyperborn train DATA --out"):
            refused(tmp_path / "absent")
        with pytest.raises(UserError, match="thesis"):
            refused(tmp_path / "thesis")
    assert files_of(tmp_path) == before


@pytest.mark.parametrize("name", ["result/notes.txt", "definition/notes.txt", "checkpoints/notes.txt"])
def test_files_of_others_inside_a_run_are_not_lost(
    finished: tuple[Path, Result], define, data: Dataset, tmp_path: Path, name: str
) -> None:
    path = Path(shutil.copytree(finished[0], tmp_path / "run"))
    (path / name).write_text("mine")
    before = files_of(path)
    with pytest.raises(UserError, match=rf"is not replaced because hyperborn did not write .*{name}; move that away"):
        start(path, define(), data, force=True)
    assert files_of(path) == before


def test_what_a_process_left_that_died_at_once_is_no_obstacle(define, data: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "run"
    (path / ".definition.hyperborn-partial").mkdir(parents=True)
    (path / ".definition.hyperborn-lock").touch()
    (path / ".lock").write_text("1 host\n")
    assert layout.is_free(path)
    result = start(path, define(steps=5), data)
    assert same(hb.load(path), result)
    assert not [name for name in files_of(path) if name.startswith(".")]


def test_definition_and_data_are_read_back_once_at_the_start(
    define, data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def counted(record: Any) -> Definition:
        read.append("definition")
        return definition_from_record(record)

    def counted_data(*record: Any) -> Dataset:
        read.append("data")
        return from_record(*record)

    from_record = Dataset.from_record
    monkeypatch.setattr(folder, "definition_from_record", counted)
    monkeypatch.setattr(Dataset, "from_record", counted_data)
    start(tmp_path / "run", define(steps=1), data)
    assert sorted(read) == ["data", "definition"]


def test_a_definition_that_does_not_fit_leaves_no_folder(define, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the data has 4 features"):
        start(tmp_path / "run", define(), hb.data.load("iris", classes=(1, 2)))
    assert list(tmp_path.iterdir()) == []


def test_a_class_that_nobody_finds_again_is_refused_before_training(define, data: Dataset, tmp_path: Path) -> None:
    class Mine(hb.ELBO):
        pass

    with pytest.raises(UserError, match=r"the run cannot be saved: the class Mine is defined inside a function, where"):
        start(tmp_path / "run", define(objective=Mine()), data)
    assert list(tmp_path.iterdir()) == []


def test_one_process_at_a_time(unfinished: Path, define, data: Dataset) -> None:
    before = files_of(unfinished)
    with RunLock(unfinished):
        for refused in (lambda: resume(unfinished), lambda: start(unfinished, define(), data, force=True)):
            with pytest.raises(UserError, match="run is being written by process"):
                refused()
    assert files_of(unfinished) == before


@pytest.mark.parametrize("instead", ["nothing", "another run"])
def test_a_folder_that_vanishes_while_training_is_not_filled_again(
    finished: tuple[Path, Result], define, data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instead: str
) -> None:
    path = tmp_path / "run"
    watch = session.Keeper.watch

    def vanishing(self: session.Keeper, report: Report) -> None:
        if report.position.step == 50:
            shutil.rmtree(path)
            if instead == "another run":
                shutil.copytree(finished[0], path)
        watch(self, report)

    monkeypatch.setattr(session.Keeper, "watch", vanishing)
    with pytest.raises(UserError, match="run was removed or changed while its run was trained; start the run again"):
        start(path, define(seed=9), data)
    if instead == "nothing":
        assert not path.exists()
    else:
        assert files_of(path) == files_of(finished[0])


def test_a_stopped_run_that_was_chosen_is_resumed_with_its_choice(tmp_path: Path) -> None:
    score = CandidateScore("the only one", {"hidden": [2]}, 0.4, 0.1, 0.7, {"accuracy": 0.9}, 40)
    choice = Choice((score,), 0, "it is alone", "folds", 5, True)
    definition, data = tiny_definition(steps=50), tiny_data()
    identities = []
    for name, how in (("run", choice), ("plain", None)):
        with folder.writing(tmp_path / name):
            identities.append(RunFolder.create(tmp_path / name, definition, data, choice=how).identity)
    assert identities[0] != identities[1]
    result = resume(tmp_path / "run")
    assert result.choice == choice
    assert result.calibration == 0.7
    assert hb.load(tmp_path / "run").choice == choice
    assert resume(tmp_path / "plain").choice is None
