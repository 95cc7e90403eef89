"""Training that survives: a run in its folder, from the start or from where it stopped."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hyperborn.data.dataset import Dataset
from hyperborn.progress import Progress
from hyperborn.storage import MetricsLog
from hyperborn.training.definition import Definition
from hyperborn.training.fit import accuracy_of, fresh, run
from hyperborn.training.loop import Position, Report
from hyperborn.training.result import Result
from hyperborn.training.run_folder import RunFolder

CHECKPOINT_SECONDS = 2.0
"""A kill costs at most about this much work."""

Plots = Callable[[Result, list[dict[str, Any]]], Mapping[str, bytes]]


def start(
    path: Path, definition: Definition, data: Dataset, progress: Progress, *, force: bool = False, plots: Plots
) -> Result:
    """Train in a new run folder.

    Raises:
        UserError: if the folder exists and `force` is false, or cannot be written; nothing is lost.
        Interrupted: after Ctrl-C, with everything saved.
    """
    folder = RunFolder.create(path, definition, data, force=force)
    return go_on(folder, definition, data, fresh(definition), {}, progress, plots)


def resume(path: Path, progress: Progress, *, plots: Plots) -> Result:
    """Continue a run from its newest good checkpoint; a finished one is just read.

    Raises:
        UserError: if there is no such run, or its definition or all of its checkpoints are damaged.
        Interrupted: after Ctrl-C, with everything saved.
    """
    folder = RunFolder.open(path)
    if folder.is_finished():
        return folder.read_result()
    definition, data = folder.read_definition()
    position, seconds = folder.read_position(definition, progress.note)
    return go_on(folder, definition, data, position, seconds, progress, plots)


def go_on(
    folder: RunFolder,
    definition: Definition,
    data: Dataset,
    position: Position,
    spent: Mapping[str, float],
    progress: Progress,
    plots: Plots,
) -> Result:
    """Train from a position to the end, recording and saving on the way."""
    with folder.lock(), folder.log(progress.note) as log:
        log.truncate_after(position.step if position.history else -1)
        keeper = Keeper(folder, definition, data, log, spent)
        try:
            result = run(definition, data, progress, keeper.watch, position)
        finally:
            keeper.save()
        result.seconds.update({name: result.seconds[name] + spent.get(name, 0.0) for name in result.seconds})
        folder.finish(result, plots(result, log.read()))
    return result


class Keeper:
    """Writes what a run reports: every record into the log, a checkpoint every few seconds."""

    def __init__(
        self, folder: RunFolder, definition: Definition, data: Dataset, log: MetricsLog, spent: Mapping[str, float]
    ) -> None:
        self.folder, self.definition, self.data, self.log, self.spent = folder, definition, data, log, spent
        self.logged = max((record["step"] for record in log.read()), default=-1)
        self.saved_at = time.monotonic()
        self.unsaved: Report | None = None

    def watch(self, report: Report) -> None:
        """Take note of one report."""
        step = report.position.step
        if report.recorded and step > self.logged:
            self.log.append(self.record_of(report))
            self.logged = step
        self.unsaved = report
        if report.position.finished or time.monotonic() - self.saved_at >= CHECKPOINT_SECONDS:
            self.save()

    def save(self) -> None:
        """Make the last report durable; nothing to do if it is already."""
        if self.unsaved is None:
            return
        report, self.unsaved = self.unsaved, None
        self.log.sync()
        now = {"compile": report.compile_seconds, "train": report.train_seconds}
        self.folder.save_position(report, {name: now[name] + self.spent.get(name, 0.0) for name in now})
        self.saved_at = time.monotonic()

    def record_of(self, report: Report) -> dict[str, Any]:
        """A line of the metrics log: of the best restart, unless named otherwise; nats."""
        diagnosis, best = report.diagnosis, report.best
        return {
            "step": report.position.step,
            "loss": float(diagnosis.loss[best]),
            "losses": [float(loss) for loss in diagnosis.loss],
            "elbo": report.elbo,
            "expected_energy": float(diagnosis.expected_energy[best]),
            "train_accuracy": accuracy_of(self.definition, self.data, report),
        }
