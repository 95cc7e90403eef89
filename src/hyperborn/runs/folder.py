"""A run on disk.

    definition/    what the run is a function of: definition.json, data.json, data.npz
    metrics.jsonl  losses as training went
    checkpoints/   the last few positions
    ledger.sqlite  on a backend: every job, paid or to be paid, and what it gave
    result/        the best restart, its summary and plots, once finished

Every part notices damage: the folders by their manifests, the log by the check of every line. Checkpoints and result
name the definition that they belong to, and the result the log, so that parts of two runs never pass for one.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hyperborn.data.dataset import Dataset
from hyperborn.errors import UserError
from hyperborn.runs import layout
from hyperborn.runs.environment import difference, surroundings
from hyperborn.runs.layout import CHECKPOINTS, DEFINITION, METRICS, RESULT
from hyperborn.storage import (
    Checkpoints,
    DamagedFolder,
    MetricsLog,
    RunLock,
    arrays_from_bytes,
    arrays_to_bytes,
    folder_exists,
    json_from_bytes,
    json_to_bytes,
    read_folder,
    read_metrics,
    write_folder,
)
from hyperborn.storage.manifest import MANIFEST, manifest_bytes
from hyperborn.training.definition import Definition
from hyperborn.training.loop import Position, Report, fresh
from hyperborn.training.regimes import regime_of
from hyperborn.training.serialization import definition_from_record
from hyperborn.training.state import arrays_of, state_of

Lines = Callable[[str], None]
Records = Sequence[Mapping[str, Any]]

DEFINITION_FILES = {"definition.json", "data.json", "data.npz"}
RECORD = "result.json"


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """The right to write a run folder, for one process at a time; a new folder that stays empty is removed.

    Raises:
        UserError: if another process has it, or the folder cannot be made.
    """
    is_new = not path.exists()
    try:
        with RunLock(path):
            yield
    finally:
        if is_new:
            with suppress(OSError):
                path.rmdir()


@dataclass(frozen=True, eq=False)
class RunFolder:
    """One run's folder, its definition verified; write to it only inside `writing`.

    `identity` is a digest of everything in the definition's folder.
    """

    path: Path
    definition: Definition
    data: Dataset
    identity: str

    @classmethod
    def create(cls, path: Path, definition: Definition, data: Dataset, *, force: bool = False) -> "RunFolder":
        """A new run's folder, with what defines the run in it.

        Raises:
            UserError: if something is there that is not a run, or a run and `force` is false, or writing fails.
        """
        arrays, description = data.to_record()
        files = {
            "definition.json": json_to_bytes(definition.to_record()),
            "data.json": json_to_bytes(description),
            "data.npz": arrays_to_bytes(arrays),
        }
        # What could not be read again is refused now, not after hours of training.
        cls.from_files(path, files)
        layout.begin(path, files, force=force)
        return cls.from_files(path, files)

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """An existing run's folder.

        Raises:
            UserError: if there is none, or its definition is damaged.
        """
        if layout.is_being_replaced(path):
            raise UserError(f"{path} is not finished; go on with: hyperborn resume {path}")
        if not folder_exists(path / DEFINITION):
            hint = (
                "name one that train wrote" if path.exists() else f"train one with: hyperborn train DATA --out {path}"
            )
            raise UserError(f"{path} is not a run folder; {hint}")
        return cls.from_files(path, read_folder(path / DEFINITION))

    @classmethod
    def from_files(cls, path: Path, files: Mapping[str, bytes]) -> "RunFolder":
        """The run that the files of its definition's folder define."""
        place = path / DEFINITION
        if set(files) != DEFINITION_FILES:
            raise UserError(f"{place} should hold {', '.join(sorted(DEFINITION_FILES))}; restore it from a copy")
        record, description = (
            json_from_bytes(files[name], str(place / name)) for name in ("definition.json", "data.json")
        )
        arrays = arrays_from_bytes(files["data.npz"], str(place / "data.npz"))
        try:
            definition, data = definition_from_record(record), Dataset.from_record(arrays, description)
            definition.check(data)
        except UserError as error:
            raise UserError(f"{place}: {error}") from error
        return cls(path, definition, data, digest(manifest_bytes(files)))

    @property
    def checkpoints(self) -> Checkpoints:
        return Checkpoints(self.path / CHECKPOINTS)

    def log(self, report: Lines) -> MetricsLog:
        """The metrics log, open for appending."""
        return MetricsLog(self.path / METRICS, report)

    def save_position(self, report: Report, seconds: Mapping[str, float], last: Records) -> None:
        """A checkpoint of a report's position, with the last records of the log.

        Raises:
            UserError: if the run is not there any more, or the system refuses.
        """
        self.check_present()
        position = report.position
        state = {
            "run": self.identity,
            "surroundings": surroundings(),
            "history": [[step, losses] for step, losses in position.history],
            "finished": position.finished,
            "seconds": dict(seconds),
            # As text, which keeps the order of their keys.
            "records": [json.dumps(record) for record in last],
        }
        self.checkpoints.save(position.step, arrays_of(position.state), state)

    def read_position(self, report: Lines) -> tuple[Position, dict[str, float], Records]:
        """The newest good checkpoint's position, or the start where none was saved.

        With it the seconds spent up to it, and the last records that the log then had.

        Raises:
            UserError: if all checkpoints are damaged, or are another run's.
        """
        checkpoint = self.checkpoints.latest(report)
        if checkpoint is None:
            return fresh(self.definition), {}, []
        try:
            if checkpoint.state["run"] != self.identity:
                raise ValueError("it belongs to another definition")
            definition = self.definition
            memory_of = partial(regime_of(definition).memory, definition)
            state = state_of(checkpoint.arrays, definition, memory_of)
            if int(state.step) != checkpoint.step:
                raise ValueError(f"its arrays are of step {state.step}")
            history = [(int(step), list(losses)) for step, losses in checkpoint.state["history"]]
            finished, seconds = bool(checkpoint.state["finished"]), dict(checkpoint.state["seconds"])
            records = [json.loads(line) for line in checkpoint.state["records"]]
            changed = difference(checkpoint.state["surroundings"], surroundings())
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"the checkpoint at step {checkpoint.step} of {self.path} is another run's ({error}); delete "
                f"{self.path / CHECKPOINTS} to start over"
            ) from error
        if changed:
            report(f"{self.path} goes on with {changed}: its result may differ in the last digits")
        return Position(state, checkpoint.step, history, finished), seconds, records

    def check_present(self) -> None:
        """Raise a UserError if the folder was removed, or given to another run, meanwhile."""
        try:
            found = digest((self.path / DEFINITION / MANIFEST).read_bytes())
        except OSError:
            found = ""
        if found != self.identity:
            raise UserError(f"{self.path} was removed or changed while its run was trained; start the run again")

    def finish(self, record: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
        """Write the result, a record and files beside it; a run is finished from then on.

        Raises:
            UserError: if the run is not there any more, or the system refuses.
        """
        self.check_present()
        belonging = {"run": self.identity, "metrics": self.metrics_digest()}
        write_folder(self.result, {RECORD: json_to_bytes({**belonging, **record}), **files})

    def metrics_digest(self) -> str | None:
        """Digest of the whole metrics log; None where there is none, as after `Result.save`."""
        log = self.path / METRICS
        if not log.exists():
            return None
        read_metrics(log)
        return digest(log.read_bytes())

    @property
    def result(self) -> Path:
        return self.path / RESULT

    def is_finished(self) -> bool:
        return folder_exists(self.result)

    def read_finished(self, report: Lines) -> tuple[Mapping[str, Any], dict[str, bytes]]:
        """What `finish` wrote, verified with everything it rests on.

        Args:
            report: is told of damage that does not touch the result, in a checkpoint.

        Raises:
            UserError: if the run is not finished, or its definition, log or result is damaged.
        """
        if not self.is_finished():
            raise UserError(f"{self.path} is not finished; go on with: hyperborn resume {self.path}")
        files = read_folder(self.result)
        record = json_from_bytes(files.pop(RECORD, b""), str(self.result / RECORD))
        if not isinstance(record, Mapping) or not {"run", "metrics"} <= record.keys():
            raise UserError(f"{self.result} is not a result; restore it from a copy")
        if record["run"] != self.identity:
            raise UserError(f"{self.result} is another run's; restore it from a copy, or delete it and resume the run")
        if record["metrics"] is not None and self.metrics_digest() != record["metrics"]:
            raise UserError(
                f"{self.path / METRICS} is not what it was when the run finished; restore it from a copy, or delete it "
                f"and {self.result}, and go on with: hyperborn resume {self.path}"
            )
        for step in self.checkpoints.steps():
            try:
                read_folder(self.path / CHECKPOINTS / f"step-{step:08d}")
            except DamagedFolder as error:
                report(f"a checkpoint that the result does not need is damaged: {error}")
        return record, files


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
