"""Runs in their folders, for tests: started, stopped, resumed and compared."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hyperborn.data import Dataset
from hyperborn.progress import Progress
from hyperborn.runs import session
from hyperborn.storage.formats import FOLDERS
from hyperborn.storage.manifest import MANIFEST, manifest_bytes
from hyperborn.training.definition import Definition
from hyperborn.training.loop import Report
from hyperborn.training.result import Result

PICTURE = b"\x89PNG: not a picture, but bytes to be kept"
STOPPED_AT = 110


def plots(result: Result, records: list[dict[str, Any]]) -> dict[str, bytes]:
    assert records[-1]["step"] == result.steps
    return {"loss.png": PICTURE}


def start(path: Path, definition: Definition, data: Dataset, *, force: bool = False) -> Result:
    return session.start(path, definition, data, Progress(enabled=False), force=force, plots=plots)


def resume(path: Path, notes: list[str] | None = None) -> Result:
    progress = Progress(enabled=False)
    with pytest.MonkeyPatch.context() as patch:
        if notes is not None:
            patch.setattr(progress, "note", notes.append)
        return session.resume(path, progress, plots=plots)


def start_and_stop(path: Path, definition: Definition, data: Dataset, step: int = STOPPED_AT) -> None:
    """A run with a checkpoint at every report, stopped by Ctrl-C at a step."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "CHECKPOINT_SECONDS", 0.0)
        watch = session.Keeper.watch

        def until_stopped(self: session.Keeper, report: Report) -> None:
            watch(self, report)
            if report.position.step >= step:
                raise KeyboardInterrupt

        patch.setattr(session.Keeper, "watch", until_stopped)
        with pytest.raises(KeyboardInterrupt):
            start(path, definition, data)


def same(one: Result, other: Result) -> bool:
    """Whether two results are the same to the last bit, but for the time they took."""
    numbers = [np.array([*result.losses, *result.numbers.values()]) for result in (one, other)]
    return (
        list(one.numbers) == list(other.numbers)
        and one.params.tobytes() == other.params.tobytes()
        and numbers[0].tobytes() == numbers[1].tobytes()
        and one.steps == other.steps
    )


def files_of(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


def outcome_of(path: Path) -> dict[str, bytes]:
    """The bytes of a finished run that must not depend on when it was stopped: all but times and checkpoints."""
    timed = {"result/result.json", "result/summary.json", f"result/{MANIFEST}"}
    return {
        name: data
        for name, data in files_of(path).items()
        if name not in timed and not name.startswith((".", "checkpoints/"))
    }


def reseal(folder: Path, name: str, data: bytes) -> None:
    """Write one file of a folder, and a manifest that fits."""
    (folder / name).write_bytes(data)
    kind = FOLDERS[json.loads((folder / MANIFEST).read_bytes())["format"]]
    (folder / MANIFEST).write_bytes(manifest_bytes({n: d for n, d in files_of(folder).items() if n != MANIFEST}, kind))


def npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)  # pyright: ignore[reportArgumentType]
    return file.getvalue()
