"""Runs in folders: started, resumed, recorded and saved so that a crash at any moment loses little."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from math import isnan
from pathlib import Path
from typing import Any

from hyperborn.backends.jobs.budget import LimitReached, Limits
from hyperborn.backends.jobs.ledger import Ledger
from hyperborn.costs.training_energy import Meter
from hyperborn.data.dataset import Dataset
from hyperborn.energy import OwnEnergies
from hyperborn.errors import UserError, warning_on_failure
from hyperborn.progress import Progress
from hyperborn.runs import layout, results
from hyperborn.runs.folder import Records, RunFolder, checked_record, score_column, writing
from hyperborn.runs.layout import LEDGER
from hyperborn.storage import MetricsLog
from hyperborn.training.choice import Choice
from hyperborn.training.definition import Definition
from hyperborn.training.fit import run
from hyperborn.training.history import TrainingHistory
from hyperborn.training.loop import Position, Report, fresh
from hyperborn.training.regime import Resources
from hyperborn.training.regimes import regime_of
from hyperborn.training.result import Result
from hyperborn.training.serialization import check_resumable, check_saved

CHECKPOINT_SECONDS = 2.0
"""A kill costs at most about this much work."""

KEPT_RECORDS = 2
"""Records that a checkpoint keeps: one damaged byte can cost the log its last two lines, if it is their newline."""

Plots = Callable[[Result, list[dict[str, Any]]], Mapping[str, bytes]]
"""Pictures of a result and its log, by name."""


@dataclass(frozen=True)
class Spending:
    """What a run on a backend may take: `limits` altogether, and `patience` seconds a job.

    None: the limits of the earlier start.
    """

    limits: Limits | None = None
    patience: float | None = None


def start(
    path: Path,
    definition: Definition,
    data: Dataset | OwnEnergies,
    progress: Progress,
    *,
    force: bool = False,
    plots: Plots,
    spending: Spending = Spending(),
    announcement: str = "",
    choice: Choice | None = None,
    meter: Meter | None = None,
) -> Result:
    """Train in a new run folder; `spending` is for runs on a backend, `choice` says how the definition was chosen.

    The energy of the training is measured by the meter, if there is one.

    The announcement is noted at the first report: from then on the folder stays, whatever happens.

    Raises:
        LimitReached: before a job that would pass a limit, with everything saved.
        FolderTaken: if the folder exists and `force` is false, or another process writes it; nothing is lost.
        UserError: if it cannot be written, or training fails; a run without a checkpoint or a job leaves no folder.
        Interrupted: after Ctrl-C, with everything saved.
    """
    definition.check(data)
    check_saved(definition, data)
    check_resumable(definition)
    # Checked before locking, because locking makes a file there.
    layout.check_available(path, force=force)
    with writing(path):
        check_no_open_jobs(path)
        folder = RunFolder.create(path, definition, data, choice=choice, force=force)
        try:
            return go_on(
                folder,
                fresh(definition),
                {},
                [],
                progress,
                plots,
                spending,
                is_new=True,
                announcement=announcement,
                meter=meter,
            )
        except LimitReached:
            raise
        except Exception:
            # There is nothing to resume, and the folder would block the next try.
            if not folder.checkpoints.steps() and not has_jobs(path):
                layout.withdraw(path)
            raise


def resume(path: Path, progress: Progress, *, plots: Plots, spending: Spending = Spending()) -> Result:
    """Continue a run from its newest good checkpoint. A finished run is read, and missing pictures are drawn.

    Raises:
        LimitReached: before a job that would pass a limit, with everything saved.
        UserError: if there is no such run, or its definition, its log or all of its checkpoints are damaged.
        Interrupted: after Ctrl-C, with everything saved.
    """
    if not layout.is_being_replaced(path):
        folder = RunFolder.open(path)
        if folder.is_finished():
            return finished(folder, progress, plots)
    with writing(path):
        layout.complete(path)
        # Read again: another process may have continued the run before we got the lock.
        folder = RunFolder.open(path)
        if folder.is_finished():
            result = results.read(folder, progress.note)
            draw_missing(folder, result, progress, plots)
            return result
        return go_on(folder, *folder.read_position(progress.note), progress, plots, spending)


def go_on(
    folder: RunFolder,
    position: Position,
    spent: Mapping[str, float],
    last: Records,
    progress: Progress,
    plots: Plots,
    spending: Spending,
    *,
    is_new: bool = False,
    announcement: str = "",
    meter: Meter | None = None,
) -> Result:
    """Train from a position to the end, recording and saving on the way; `last` are the last records before it."""
    with folder.log(progress.note) as log:
        log.truncate_after(position.step if position.plateau_history else -1)
        mend(log, folder.definition, position, last)
        keeper = Keeper(folder, log, spent, partial(progress.note, announcement) if announcement else None)
        resources = Resources(progress, spending.limits, spending.patience, folder.path / LEDGER, resumed=not is_new)
        try:
            with nullcontext() if meter is None else meter.measuring():
                result = run(folder.definition, folder.data, resources, keeper.watch, position)
        finally:
            keeper.save()
        records = log.read()
        # This process may have made a part of the records only.
        energy = None if meter is None else meter.found
        result = replace(result, history=TrainingHistory.of(records), choice=folder.choice, training_energy=energy)
        result.seconds.update({name: result.seconds[name] + spent.get(name, 0.0) for name in result.seconds})
        results.finish(result, folder)
        # After saving: a picture that fails must not cost the result.
        with warning_on_failure("the pictures", progress.note):
            folder.write_plots(plots(result, records))
    return result


def finished(folder: RunFolder, progress: Progress, plots: Plots) -> Result:
    """The result of a finished run; its pictures are drawn if a process was stopped before it could."""
    result = results.read(folder, progress.note)
    if not folder.has_plots():
        with warning_on_failure("the pictures", progress.note), writing(folder.path):
            draw_missing(folder, result, progress, plots)
    return result


def draw_missing(folder: RunFolder, result: Result, progress: Progress, plots: Plots) -> None:
    """Draw the pictures that a finished run lacks, inside `writing`; a failure is a note."""
    if not folder.has_plots():
        with warning_on_failure("the pictures", progress.note):
            folder.write_plots(plots(result, folder.records()))


def has_jobs(path: Path) -> bool:
    """Whether a run's ledger has any job, finished or not."""
    if not (path / LEDGER).exists():
        return False
    with closing(Ledger.read(path / LEDGER)) as ledger:
        return bool(ledger.rows())


def check_no_open_jobs(path: Path) -> None:
    """Raise a UserError if a run that is to be replaced has open jobs on a backend, whose results would be lost."""
    if not (path / LEDGER).exists():
        return
    with closing(Ledger.read(path / LEDGER)) as ledger:
        open_jobs = [job for job in ledger.rows() if job.is_open]
    if open_jobs:
        raise UserError(
            f"{path} has {len(open_jobs)} jobs under way, such as {open_jobs[0].tag}; resume the run, or cancel them "
            f"with the backend and move {path / LEDGER} away"
        )


def mend(log: MetricsLog, definition: Definition, position: Position, last: Records) -> None:
    """Restore the last records, if a torn end of the log was cut off, and check that the log leads up to the position.

    Raises:
        UserError: if it does not.
    """
    present = max((record["step"] for record in log.read()), default=-1)
    for record in last:
        if record["step"] > present:
            log.append(record)
    records = log.read()
    every = regime_of(definition).record_every(definition)
    # Before the first report nothing is recorded.
    due = range(0, position.step + 1 if position.plateau_history else 0, every)
    extra = [position.step] if position.finished and position.step % every else []
    try:
        # Counted first: a forged step may be any number.
        whole = len(records) == len(due) + len(extra)
        losses = {checked_record(record, definition)["step"]: record["losses"] for record in records}
        whole = whole and list(losses) == [*due, *extra]
        whole = whole and all(losses[step] == found for step, found in position.plateau_history[-1:])
    except (KeyError, TypeError, ValueError):
        whole = False
    if not whole:
        raise UserError(
            f"{log.path} lacks what was recorded up to step {position.step}; restore it from a copy, or delete "
            f"{log.path.parent / layout.CHECKPOINTS} to train again from the start"
        )


class Keeper:
    """Writes what a run reports: every record into the log, a checkpoint every few seconds."""

    def __init__(
        self, folder: RunFolder, log: MetricsLog, spent: Mapping[str, float], announce: Callable[[], None] | None
    ) -> None:
        self.folder, self.log, self.spent, self.announce = folder, log, spent, announce
        self.last: Records = log.read()[-KEPT_RECORDS:]
        self.saved_at = time.monotonic()
        self.unsaved: Report | None = None

    def watch(self, report: Report) -> None:
        """Take note of one report."""
        if self.announce is not None:
            self.announce()
            self.announce = None
        step = report.position.step
        if report.recorded and (not self.last or step > self.last[-1]["step"]):
            score = report.accuracy()
            record = report.record | {score_column(self.folder.definition): None if isnan(score) else score}
            self.log.append(record)
            self.last = [*self.last, record][-KEPT_RECORDS:]
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
        self.folder.save_position(report, {name: now[name] + self.spent.get(name, 0.0) for name in now}, self.last)
        self.saved_at = time.monotonic()
