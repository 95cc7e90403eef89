"""A run on disk.

    definition/    what the run is a function of: definition.json, data.json, data.npz, and choice.json, where the
                   definition was chosen among several
    metrics.jsonl  losses as training went
    checkpoints/   the last few positions
    ledger.sqlite  on a backend: every job, paid or to be paid, and what it gave
    result/        the best restart and its summary, once finished
    plots/         pictures of the result, drawn when it was saved

Every part notices damage: the folders by their manifests, the log by the check of every line. Checkpoints and result
name the definition that they belong to, and the result the log, so that parts of two runs never pass for one. Every
part says its format's version: see `hyperborn.storage.formats`.
"""

import hashlib
import json
import os
import reprlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from hyperborn.data.dataset import Dataset
from hyperborn.energy import Energies, EnergyFunction, OwnEnergies
from hyperborn.errors import UserError, is_number
from hyperborn.runs import layout
from hyperborn.runs.environment import changed_surroundings, sources, surroundings
from hyperborn.runs.layout import CHECKPOINTS, DEFINITION, METRICS, PLOTS, RESULT
from hyperborn.storage import (
    Checkpoints,
    DamagedFolder,
    MetricsLog,
    RunLock,
    arrays_from_bytes,
    arrays_to_bytes,
    digest_of_metrics,
    folder_exists,
    formats,
    json_from_bytes,
    json_to_bytes,
    read_folder,
    read_metrics,
    write_folder,
)
from hyperborn.storage.durable import explained
from hyperborn.storage.manifest import manifest_entries, read_manifest
from hyperborn.training.choice import Choice, choice_from_record
from hyperborn.training.definition import Definition
from hyperborn.training.loop import Position, Report, fresh
from hyperborn.training.regimes import regime_of
from hyperborn.training.serialization import definition_from_record
from hyperborn.training.state import state_arrays, state_of

Lines = Callable[[str], None]
Records = Sequence[Mapping[str, Any]]

DEFINITION_FILES = {"definition.json", "data.json", "data.npz"}
CHOICE = "choice.json"
RECORD = "result.json"


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """The right to write a run folder, for one process at a time; new folders that stay empty are removed.

    Raises:
        FolderTaken: if another process has it.
        UserError: if the folder cannot be made, or there are symbolic links in it.
    """
    with explained(path):
        new = [place for place in (path, *path.parents) if not place.exists()]
    try:
        with RunLock(path):
            layout.check_plain(path)
            yield
    finally:
        for place in new:
            with suppress(OSError):
                place.rmdir()


@dataclass(frozen=True, eq=False)
class RunFolder:
    """One run's folder, its definition verified; write to it only inside `writing`.

    `identity` is a digest of every file in the definition's folder, whatever the form of the manifest.
    """

    path: Path
    definition: Definition
    data: Dataset | OwnEnergies
    identity: str
    choice: Choice | None = None

    @classmethod
    def create(
        cls,
        path: Path,
        definition: Definition,
        data: Dataset | OwnEnergies,
        *,
        choice: Choice | None = None,
        force: bool = False,
    ) -> "RunFolder":
        """A new run's folder, with what defines the run in it, and how that was chosen.

        Raises:
            UserError: if something is there that is not a run, or a run and `force` is false, or writing fails.
        """
        arrays, description = data.to_record()
        files = {
            "definition.json": json_to_bytes(definition.to_record()),
            "data.json": json_to_bytes(description),
            "data.npz": arrays_to_bytes(arrays),
        }
        if choice is not None:
            files[CHOICE] = json_to_bytes(choice.to_record())
        # What could not be read again is refused now, not after hours of training.
        folder = cls.from_files(path, files)
        layout.begin_run(path, files, force=force)
        return folder

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """An existing run's folder.

        Raises:
            UserError: if there is none, its definition is damaged, or there are symbolic links in it.
        """
        layout.check_plain(path)
        if layout.is_being_replaced(path):
            raise UserError(f"{path} is not finished; go on with: hyperborn resume {path}")
        if not folder_exists(path / DEFINITION):
            hint = (
                "name one that train wrote" if path.exists() else f"train one with: hyperborn train DATA --out {path}"
            )
            raise UserError(f"{path} is not a run folder; {hint}")
        return cls.from_files(path, read_folder(path / DEFINITION, formats.DEFINITION))

    @classmethod
    def from_files(cls, path: Path, files: Mapping[str, bytes]) -> "RunFolder":
        """The run that the files of its definition's folder define."""
        place = path / DEFINITION
        if set(files) - {CHOICE} != DEFINITION_FILES:
            raise UserError(f"{place} should hold {', '.join(sorted(DEFINITION_FILES))}; restore it from a copy")
        record, description = (
            json_from_bytes(files[name], str(place / name)) for name in ("definition.json", "data.json")
        )
        arrays = arrays_from_bytes(files["data.npz"], str(place / "data.npz"))
        try:
            definition, data = definition_from_record(record), data_from_record(arrays, description)
            definition.check(data)
            chosen = json_from_bytes(files[CHOICE], str(place / CHOICE)) if CHOICE in files else None
            choice = None if chosen is None else choice_from_record(chosen)
        except UserError as error:
            raise UserError(f"{place}: {error}") from error
        return cls(path, definition, data, digest_of_entries(manifest_entries(files)), choice)

    @cached_property
    def sources(self) -> dict[str, str]:
        """Digests of the sources of a user's own parts, as they are now."""
        return sources(self.definition)

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
            "surroundings": surroundings() | self.sources,
            "history": [[step, losses] for step, losses in position.plateau_history],
            "finished": position.finished,
            "seconds": dict(seconds),
            # As text, which keeps the order of their keys.
            "records": [json.dumps(record) for record in last],
        }
        self.checkpoints.save(position.step, state_arrays(position.state), state)

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
            if checkpoint.step > self.definition.steps:
                raise ValueError(f"the run has {self.definition.steps} steps")
            restarts = self.definition.restarts
            plateau_history = [
                (int(step), numbers_of(losses, restarts)) for step, losses in checkpoint.state["history"]
            ]
            finished, seconds = bool(checkpoint.state["finished"]), dict(checkpoint.state["seconds"])
            numbers_of(list(seconds.values()), len(seconds))
            records = [checked_record(json.loads(line), definition) for line in checkpoint.state["records"]]
            before = dict(checkpoint.state["surroundings"])
            changed = changed_surroundings(before, surroundings())
            anew = [kind for kind, digest in self.sources.items() if before.get(kind) != digest]
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise UserError(
                f"the checkpoint at step {checkpoint.step} of {self.path} is another run's ({error}); delete "
                f"{self.path / CHECKPOINTS} to start over"
            ) from error
        if changed:
            report(f"{self.path} goes on with {changed}: its result may differ in the last digits")
        if anew:
            report(f"{self.path} goes on with another source of {', '.join(anew)}: its result is that of neither alone")
        return Position(state, checkpoint.step, plateau_history, finished), seconds, records

    def check_present(self) -> None:
        """Raise a UserError if the folder was removed, or given to another run, meanwhile."""
        try:
            place = self.path / DEFINITION
            found = digest_of_entries(read_manifest(place, place, formats.DEFINITION))
        except UserError:
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
        write_folder(self.result, {RECORD: json_to_bytes({**belonging, **record}), **files}, kind=formats.RESULT)

    def write_plots(self, plots: Mapping[str, bytes]) -> None:
        """Keep pictures of the result by name, in place of any that are there.

        Raises:
            UserError: if the run is not there any more, or the system refuses.
        """
        self.check_present()
        write_folder(self.path / PLOTS, plots, kind=formats.PLOTS, replace=True)

    def has_plots(self) -> bool:
        """Whether there are pictures, or none are due: a result that was saved without its training has none."""
        return not self.has_log() or folder_exists(self.path / PLOTS)

    def has_log(self) -> bool:
        """Whether there is a metrics log: a result that was saved without its training has none."""
        return os.path.lexists(self.path / METRICS)

    def records(self) -> list[dict[str, Any]]:
        """All records of the metrics log, verified."""
        return read_metrics(self.path / METRICS)

    def metrics_digest(self) -> str | None:
        """Digest of the whole metrics log; None where there is none, as after `Result.save`."""
        log = self.path / METRICS
        with explained(log, "read"):
            if not os.path.lexists(log):
                return None
        return digest_of_metrics(log)

    @property
    def result(self) -> Path:
        return self.path / RESULT

    def is_finished(self) -> bool:
        return folder_exists(self.result)

    def read_finished(self, report: Lines) -> tuple[Mapping[str, Any], dict[str, bytes]]:
        """What `finish` wrote, verified with everything it rests on.

        Args:
            report: is told of damage that does not touch the result, in a checkpoint or a picture.

        Raises:
            UserError: if the run is not finished, or its definition, log or result is damaged.
        """
        if not self.is_finished():
            raise UserError(f"{self.path} is not finished; go on with: hyperborn resume {self.path}")
        files = read_folder(self.result, formats.RESULT)
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
                read_folder(self.path / CHECKPOINTS / f"step-{step:08d}", formats.CHECKPOINT)
            except DamagedFolder as error:
                report(f"a checkpoint that the result does not need is damaged: {error}")
        if folder_exists(self.path / PLOTS):
            try:
                read_folder(self.path / PLOTS, formats.PLOTS)
            except UserError as error:
                report(f"the pictures are not those that were drawn: {error}")
        return record, files


def data_from_record(arrays: Mapping[str, np.ndarray], description: Any) -> Dataset | OwnEnergies:
    """The data set, or the energies of one's own, of a record; only the latter say of what kind they are.

    Raises:
        UserError: if the record was damaged, or its function is not known here.
    """
    kinds = {kind.__name__: kind for kind in (Energies, EnergyFunction)}
    named = description.get("kind") if isinstance(description, Mapping) else None
    if isinstance(named, str) and named in kinds:
        return kinds[named].from_record(arrays, description)
    return Dataset.from_record(arrays, description)


def score_column(definition: Definition) -> str:
    """Name of the training score in the metrics log."""
    return f"train_{definition.score}"


def checked_record(record: Any, definition: Definition) -> Mapping[str, Any]:
    """A record of the metrics log, as it is.

    Raises:
        KeyError, TypeError, ValueError: if it is not one of a run with this definition's restarts and score.
    """
    numbers_of(record["losses"], definition.restarts)
    known = [record[name] for name in ("step", "loss", "expected_energy")]
    # The ELBO is not always known, and bits without labels have no score.
    sometimes = ("elbo", score_column(definition))
    numbers_of([*known, *(found for name in sometimes if (found := record[name]) is not None)])
    return record


def numbers_of(values: Any, count: int | None = None) -> list[Any]:
    """The values of a list, so many where a count is given.

    Raises:
        ValueError: if it is no such list of finite numbers.
    """
    if not isinstance(values, list) or not all(map(is_number, values)) or count not in (None, len(values)):
        raise ValueError(f"{reprlib.repr(values)} where {'' if count is None else count} finite numbers should be")
    return values


def digest_of_entries(entries: Mapping[str, tuple[int, str]]) -> str:
    """A digest of the sizes and digests of files."""
    return hashlib.sha256(json_to_bytes(entries)).hexdigest()
