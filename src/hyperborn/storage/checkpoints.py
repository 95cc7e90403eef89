"""Checkpoints of a run: the last few kept, the newest good one found again after any crash."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hyperborn.errors import UserError
from hyperborn.storage.arrays import arrays_from_bytes, arrays_to_bytes, json_from_bytes, json_to_bytes
from hyperborn.storage.folders import read_folder, remove_folder, stored_folders, tidy, write_folder
from hyperborn.storage.formats import CHECKPOINT
from hyperborn.storage.manifest import DamagedFolder

ARRAYS = "arrays.npz"
STATE = "state.json"
NAME = re.compile(r"step-(\d{8,})")


@dataclass(frozen=True)
class Checkpoint:
    """What a run needs to go on: arrays of any shapes by name, and plain values, as they were after `step` steps."""

    step: int
    arrays: Mapping[str, np.ndarray]
    state: Mapping[str, Any]


class Checkpoints:
    """The checkpoints of one run, in one folder; one process writes at a time (hold the `RunLock` of the run)."""

    def __init__(self, folder: Path, keep: int = 3) -> None:
        """Take `folder` for the checkpoints, of which the newest `keep` stay.

        Raises:
            UserError: if `keep` is less than one.
        """
        if keep < 1:
            raise UserError(f"keep={keep} checkpoints would leave none to resume from; use 1 or more")
        self.folder = folder
        self.keep = keep

    def save(self, step: int, arrays: Mapping[str, np.ndarray], state: Mapping[str, Any]) -> None:
        """Write one checkpoint durably, then remove all but the newest `keep` up to this step.

        One of the same step is replaced. Those of later steps stay: they are damaged ones that `latest` passed
        over, and are replaced when the run comes to their steps again.

        Raises:
            UserError: if the step is negative, a value cannot be stored, or the system refuses; no other is harmed.
        """
        if step < 0:
            raise UserError(f"step {step} is negative; count steps from 0")
        files = {ARRAYS: arrays_to_bytes(arrays), STATE: json_to_bytes({"state": state, "step": step})}
        path = self._path(step)
        if step in self.steps():
            # A damaged one is worth nothing, and what is wrong with it must not keep the new one out.
            try:
                read_folder(path, CHECKPOINT)
            except DamagedFolder:
                remove_folder(path)
        write_folder(path, files, kind=CHECKPOINT, replace=True)
        tidy(self.folder)
        for old in [other for other in self.steps() if other <= step][: -self.keep]:
            remove_folder(self._path(old))

    def latest(self, report: Callable[[str], None]) -> Checkpoint | None:
        """The newest good checkpoint, or None where none was saved; `report` gets a line for each damaged one passed.

        Raises:
            UserError: if there are checkpoints and all are damaged, or one may not be read.
        """
        damaged: list[str] = []
        for step in reversed(self.steps()):
            try:
                return self._read(step)
            except DamagedFolder as error:
                damaged.append(self._path(step).name)
                report(f"checkpoint {self._path(step).name} is passed over: {error}")
        if damaged:
            raise UserError(
                f"all checkpoints in {self.folder} are damaged ({', '.join(damaged)}); "
                "restore one from a copy, or delete them and start the run again"
            )
        return None

    def steps(self) -> list[int]:
        """Steps of which there is a checkpoint, good or damaged, in rising order."""
        names = stored_folders(self.folder)
        steps = [int(match[1]) for match in map(NAME.fullmatch, names) if match]
        return sorted(step for step in steps if self._path(step).name in names)

    def _path(self, step: int) -> Path:
        return self.folder / f"step-{step:08d}"

    def _read(self, step: int) -> Checkpoint:
        path = self._path(step)
        files = read_folder(path, CHECKPOINT)
        try:
            arrays = arrays_from_bytes(files[ARRAYS], str(path / ARRAYS))
            content = json_from_bytes(files[STATE], str(path / STATE))
            written, state = content["step"], content["state"]
        except (KeyError, TypeError, UserError) as error:
            raise DamagedFolder(f"{path} is not a checkpoint ({error}); delete it") from error
        if written != step:
            raise DamagedFolder(f"{path} holds step {written}, not {step}; give the folder its name back")
        return Checkpoint(step, arrays, state)
