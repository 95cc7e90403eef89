"""A run on disk.

    definition/    what the run is a function of: definition.json, data.json, data.npz
    metrics.jsonl  losses as training went
    checkpoints/   the last few positions
    result/        the best restart, its summary and plots, once finished

Every part notices damage: the folders by their manifests, the log by the check of every line.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hyperborn.data.dataset import Dataset
from hyperborn.errors import UserError
from hyperborn.storage import (
    Checkpoints,
    MetricsLog,
    RunLock,
    arrays_from_bytes,
    arrays_to_bytes,
    folder_exists,
    json_from_bytes,
    json_to_bytes,
    read_folder,
    read_metrics,
    remove_folder,
    write_folder,
)
from hyperborn.training.definition import Definition
from hyperborn.training.fit import fresh
from hyperborn.training.loop import Position, Report
from hyperborn.training.result import Result
from hyperborn.training.steps import arrays_of, state_of

Lines = Callable[[str], None]


class RunFolder:
    """One run's folder; hold `lock` while writing."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path, definition: Definition, data: Dataset, *, force: bool = False) -> "RunFolder":
        """A new run's folder, with what defines the run in it.

        Raises:
            UserError: if something is there that is not a run, or a run and `force` is false, or writing fails.
        """
        folder = cls(path)
        if folder_exists(path):
            if not folder.is_run():
                raise UserError(f"{path} exists and is not a run folder; choose another name")
            if not force:
                raise UserError(f"{path} exists; choose another name, or --force to replace it")
            with folder.lock():
                for part in ("result", "checkpoints", "definition"):
                    remove_folder(path / part)
                (path / "metrics.jsonl").unlink(missing_ok=True)
        arrays, description = data.to_record()
        write_folder(
            path / "definition",
            {
                "definition.json": json_to_bytes(definition.to_record()),
                "data.json": json_to_bytes(description),
                "data.npz": arrays_to_bytes(arrays),
            },
        )
        return folder

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """An existing run's folder.

        Raises:
            UserError: if there is none.
        """
        folder = cls(path)
        if not folder.is_run():
            raise UserError(f"{path} is not a run folder; train one with: hyperborn train DATA --out {path}")
        return folder

    def is_run(self) -> bool:
        return folder_exists(self.path / "definition")

    def lock(self) -> RunLock:
        """The right to write, for one process at a time."""
        return RunLock(self.path)

    def read_definition(self) -> tuple[Definition, Dataset]:
        """The definition and the data, verified."""
        files = read_folder(self.path / "definition")
        names = {"definition.json", "data.json", "data.npz"}
        if set(files) != names:
            raise UserError(
                f"{self.path / 'definition'} should hold {', '.join(sorted(names))}; restore it from a copy"
            )
        record, description = (
            json_from_bytes(files[name], str(self.path / "definition" / name))
            for name in ("definition.json", "data.json")
        )
        arrays = arrays_from_bytes(files["data.npz"], str(self.path / "definition" / "data.npz"))
        return Definition.from_record(record), Dataset.from_record(arrays, description)

    @property
    def checkpoints(self) -> Checkpoints:
        return Checkpoints(self.path / "checkpoints")

    def log(self, report: Lines) -> MetricsLog:
        return MetricsLog(self.path / "metrics.jsonl", report)

    def records(self) -> list[dict[str, Any]]:
        """The records of the metrics log, verified."""
        return read_metrics(self.path / "metrics.jsonl")

    def save_position(self, report: Report, seconds: Mapping[str, float]) -> None:
        """A checkpoint of a report's position."""
        position = report.position
        state = {
            "history": [[step, losses] for step, losses in position.history],
            "finished": position.finished,
            "seconds": dict(seconds),
        }
        self.checkpoints.save(position.step, arrays_of(position.state), state)

    def read_position(self, definition: Definition, report: Lines) -> tuple[Position, dict[str, float]]:
        """The newest good checkpoint's position, or the start where none was saved, and the seconds spent up to it.

        Raises:
            UserError: if all checkpoints are damaged, or are another run's.
        """
        checkpoint = self.checkpoints.latest(report)
        if checkpoint is None:
            return fresh(definition), {}
        try:
            state = state_of(dict(checkpoint.arrays), definition)
            history = [(int(step), list(losses)) for step, losses in checkpoint.state["history"]]
            finished, seconds = bool(checkpoint.state["finished"]), dict(checkpoint.state["seconds"])
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"the checkpoint at step {checkpoint.step} of {self.path} is another run's: {error}"
            ) from error
        return Position(state, checkpoint.step, history, finished), seconds

    def finish(self, result: Result, plots: Mapping[str, bytes] | None = None) -> None:
        """Write the result; a run is finished from then on."""
        record = {
            "losses": list(result.losses),
            "steps": result.steps,
            "numbers": result.numbers,
            "seconds": result.seconds,
        }
        files = {
            "result.json": json_to_bytes(record),
            "summary.json": json_to_bytes(result.summary),
            "params.npz": arrays_to_bytes({"params": result.params}),
        }
        write_folder(self.path / "result", files | {f"plots/{name}": data for name, data in (plots or {}).items()})

    def is_finished(self) -> bool:
        return folder_exists(self.path / "result")

    def read_result(self) -> Result:
        """The result, verified with everything it rests on.

        Raises:
            UserError: if the run is not finished, or anything in its folder is damaged.
        """
        definition, data = self.read_definition()
        if not self.is_finished():
            raise UserError(f"{self.path} is not finished; go on with: hyperborn resume {self.path}")
        if (self.path / "metrics.jsonl").exists():
            self.records()
        files = read_folder(self.path / "result")
        where = str(self.path / "result" / "result.json")
        record = json_from_bytes(files["result.json"], where)
        params = arrays_from_bytes(files["params.npz"], str(self.path / "result" / "params.npz"))["params"]
        if params.shape != definition.posterior.circuit.parameter_shape:
            raise UserError(
                f"{self.path / 'result' / 'params.npz'} does not fit the run's circuit; restore it from a copy"
            )
        return Result(
            definition,
            data,
            np.asarray(params),
            tuple(record["losses"]),
            record["steps"],
            dict(record["numbers"]),
            dict(record["seconds"]),
        )
