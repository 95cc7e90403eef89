"""Run folders from somebody else: links in them, and values that no run writes, under digests that fit."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
from command_line import run
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.runs.folder import RunFolder
from hyperborn.storage import Checkpoints
from hyperborn.storage.manifest import MANIFEST
from runs import files_of, npz, reseal, resume, same, start, start_and_stop

STEPS, STOPPED = 60, 25
"""Steps of the run, and where it was stopped: at a record, where leaps of steps end."""


@pytest.fixture(scope="module")
def origins(define, data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run and one that was stopped, to be copied."""
    path = tmp_path_factory.mktemp("origins")
    start(path / "finished", define(steps=STEPS), data)
    start_and_stop(path / "stopped", define(steps=STEPS), data, STOPPED)
    return path


@pytest.fixture
def finished(origins: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(origins / "finished", tmp_path / "run"))


@pytest.fixture
def stopped(origins: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(origins / "stopped", tmp_path / "run"))


LINKED = ["metrics.jsonl", "checkpoints", "definition", "definition/data.npz", "result", "result/plots", ".lock"]
LINKED += ["ledger.sqlite", "evaluations.sqlite-journal", ".checkpoints.hyperborn-previous"]


@pytest.mark.parametrize("name", LINKED)
def test_nothing_is_read_or_written_through_a_link(
    origins: Path, define, data: Dataset, tmp_path: Path, name: str
) -> None:
    """Opened as somebody's gift, a run must not change, move or delete files elsewhere."""
    is_finished = name.startswith(("result", "evaluations"))
    path = Path(shutil.copytree(origins / ("finished" if is_finished else "stopped"), tmp_path / "run"))
    mine = tmp_path / "mine"
    if (path / name).exists():
        (path / name).rename(mine)
    else:
        mine.write_text("mine")
    (path / name).symlink_to(mine)
    with (path / "metrics.jsonl").open("ab") as log:
        log.write(b"a torn line")
    before = files_of(tmp_path)
    attempts: list[Callable[[], object]] = [lambda: resume(path), lambda: start(path, define(), data, force=True)]
    attempts += [lambda: hb.load(path)] if is_finished else []
    for refused in attempts:
        with pytest.raises(UserError, match=r"(cannot lock .*: a|is a) symbolic link.*which is not followed; put"):
            refused()
    assert files_of(tmp_path) == before
    assert (path / name).is_symlink()


def test_a_run_folder_itself_may_be_a_link_and_hold_links_of_others(finished: Path, tmp_path: Path) -> None:
    (finished / "notes").symlink_to(tmp_path)
    (tmp_path / "link").symlink_to(finished)
    assert same(hb.load(tmp_path / "link"), hb.load(finished))


def test_a_ledger_that_never_ends_is_refused(stopped: Path) -> None:
    os.mkfifo(stopped / "ledger.sqlite")
    assert "ledger.sqlite is not a regular file" in run("ledger", stopped).refused()
    with pytest.raises(UserError, match=r"ledger\.sqlite is not a regular file; restore it from a copy"):
        resume(stopped)


def replaced(*place: Any, value: str) -> Callable[[dict[str, Any]], bytes]:
    """A change of one value of a record to what is written in JSON, or in what passes for it."""

    def change(record: dict[str, Any]) -> bytes:
        inner: Any = record
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = "here"
        return json.dumps(record, sort_keys=True, indent=2).replace('"here"', value).encode()

    return change


RESULTS = {
    "NaN": replaced("numbers", "loss", value="NaN"),
    "infinity": replaced("losses", 0, value="1e999"),
    "text": replaced("numbers", "elbo", value='"text"'),
    "null": replaced("seconds", "train", value="null"),
    "no list": replaced("losses", value="1.5"),
    "too few losses": replaced("losses", value="[1.5]"),
    "too many steps": replaced("steps", value=str(10**30)),
    "half a step": replaced("steps", value="0.5"),
    "deep": replaced("seconds", value="[" * 3000 + "]" * 3000),
    "digits": replaced("steps", value="7" * 5000),
}


@pytest.mark.parametrize("change", RESULTS.values(), ids=RESULTS)
def test_a_result_with_values_that_no_run_finds_is_refused(
    finished: Path, change: Callable[[dict[str, Any]], bytes]
) -> None:
    reseal(finished / "result", "result.json", change(json.loads((finished / "result" / "result.json").read_bytes())))
    with pytest.raises(UserError, match=r"run/result.*; restore it from a copy|use a finite number"):
        hb.load(finished)


@pytest.mark.parametrize("kind", ["inf", "complex", "text", "other shape"])
def test_parameters_that_are_no_finite_numbers_are_refused(finished: Path, kind: str) -> None:
    params = hb.load(finished).params
    forged = {
        "inf": np.where(np.arange(params.size).reshape(params.shape), params, np.inf),
        "complex": params.astype(complex),
        "text": params.astype(str),
        "other shape": params[1:],
    }
    reseal(finished / "result", "params.npz", npz(params=forged[kind]))
    with pytest.raises(UserError, match=r"result is not a result \(its parameters are .*\); restore it from a copy"):
        hb.load(finished)


STATES = {
    "losses of text": replaced("state", "history", value='[[25, ["a", 1, 1, 1]]]'),
    "a loss too few": replaced("state", "history", value="[[25, [1, 1, 1]]]"),
    "seconds of text": replaced("state", "seconds", value='{"train": "1"}'),
    "records that are deep": replaced("state", "records", value='["' + "[" * 3000 + '"]'),
    "records of something else": replaced("state", "records", value=r'["{\"step\": 25}"]'),
    "surroundings of another kind": replaced("state", "surroundings", value="[1]"),
}


@pytest.mark.parametrize("change", STATES.values(), ids=STATES)
def test_a_checkpoint_with_values_that_no_run_writes_is_refused(
    stopped: Path, define, data: Dataset, change: Callable[[dict[str, Any]], bytes]
) -> None:
    newest = max((stopped / "checkpoints").iterdir())
    reseal(newest, "state.json", change(json.loads((newest / "state.json").read_bytes())))
    with pytest.raises(
        UserError, match=r"the checkpoint at step 25 of .* is another run's .*; delete .*checkpoints to"
    ):
        resume(stopped)
    assert start(stopped, define(steps=5), data, force=True).steps == 5


@pytest.mark.parametrize("step", [STOPPED - 1, STOPPED + 1, STEPS + 1])
def test_a_checkpoint_with_the_arrays_of_another_step_is_refused(stopped: Path, step: int) -> None:
    checkpoints = Checkpoints(stopped / "checkpoints")
    found = checkpoints.latest(lambda _: None)
    assert found is not None
    assert found.step == STOPPED
    steps = np.asarray(step if step > STEPS else STOPPED, found.arrays["step"].dtype)
    shutil.rmtree(checkpoints.folder)
    checkpoints.save(step, {**found.arrays, "step": steps}, found.state)
    with pytest.raises(
        UserError, match=rf"the checkpoint at step {step} of .* is another run's \((its arrays|the run)"
    ):
        resume(stopped)


FIELDS = {"loss": '"text"', "losses": "[1.0]", "elbo": "[]", "expected_energy": "null", "train_accuracy": '"all"'}


@pytest.mark.parametrize(("name", "value"), FIELDS.items())
def test_a_log_with_records_that_no_run_writes_is_refused(stopped: Path, name: str, value: str) -> None:
    with RunFolder.open(stopped).log(lambda _: None) as log:
        records = log.read()
        log.truncate_after(-1)
        for record in records:
            log.append({**record, name: json.loads(value)})
    with pytest.raises(UserError, match=r"metrics\.jsonl lacks what was recorded up to step 25; restore it"):
        resume(stopped)


MANIFESTS = {
    "no files": lambda _: b'{"digest": "", "format": 1}',
    "deep": lambda _: b"[" * 3000,
    "digits": lambda _: b"7" * 5000,
    "a pipe": os.mkfifo,
}


@pytest.mark.parametrize("part", ["definition", "result", "checkpoints/step-00000060"])
@pytest.mark.parametrize("forged", MANIFESTS.values(), ids=MANIFESTS)
def test_a_run_with_a_forged_manifest_is_replaced_by_force(
    finished: Path, define, data: Dataset, part: str, forged: Callable[[Path], bytes | None]
) -> None:
    manifest = finished / part / MANIFEST
    manifest.unlink()
    content = forged(manifest)
    if content is not None:
        manifest.write_bytes(content)
    if not part.startswith("checkpoints"):
        with pytest.raises(
            UserError, match=rf"{part}/manifest\.json is (damaged|not a regular file); restore the folder"
        ):
            hb.load(finished)
    result = start(finished, define(steps=5), data, force=True)
    assert same(hb.load(finished), result)


BROKEN_DISK = """
    import os, subprocess, sys
    sys.path[:0] = sys.argv[1:2]
    from command_line import run
    path = sys.argv[2]
    # A regular file whose first bytes cannot be read: no memory of this process begins at 0.
    subprocess.run(["mount", "--bind", f"/proc/{os.getpid()}/mem", f"{path}/metrics.jsonl"], check=True)
    print(run("predict", path, "absent.csv").refused("metrics.jsonl", "Input/output error"))
"""


def test_a_disk_that_cannot_read_the_log_is_one_line(finished: Path, mounting: tuple[str, ...]) -> None:
    tests = str(Path(__file__).parent.parent)
    command = [*mounting, sys.executable, "-c", dedent(BROKEN_DISK), tests, str(finished)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "cannot read" in done.stdout
