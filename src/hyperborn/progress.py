"""Progress of long work: live bars on a terminal and in a notebook, elsewhere a plain line now and then.

    with Progress() as progress:
        table = energies(net, data.train, progress=progress.counter("Energies"))
        step = progress.training(500, "Training")
        ...
        step(100, "loss 31.20  elbo -33.81")

A caller's report takes about a microsecond. A separate thread draws, so that the clock runs on while work reports
rarely. Nothing is written to standard output.
"""

import contextvars
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import final

from hyperborn.printable import printable
from hyperborn.progress_display import (
    Display,
    Metrics,
    Silent,
    Stage,
    Stream,
    display_for,
    in_worker_process,
    is_terminal,
)
from hyperborn.progress_notebook import NotebookBars, notebook_shell

TICK = 0.125
"""Seconds between drawings."""


@final
class Progress:
    """Shows stages of work inside its ``with`` block; outside of it nothing is shown.

    ``enabled=None`` shows them where a person watches, on a terminal or in a Jupyter notebook; True elsewhere too, as
    plain lines on standard error; False nowhere. The processes of a pool (joblib, multiprocessing) show nothing.

    After the block the cursor and the terminal are as before, also after an exception or Ctrl-C. If standard error
    goes away, such as a closed pipe, the display ends and the work goes on.
    """

    def __init__(self, enabled: bool | None = True, *, stream: Stream | None = None) -> None:
        self._enabled = enabled
        self._stream = stream
        self._display: Display = Silent()
        self._stages: list[Stage] = []
        # Reentrant, so that a signal handler may write a note.
        self._lock = threading.RLock()
        self._left = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "Progress":
        self._display = chosen_display(self._enabled, self._stream)
        if not isinstance(self._display, Silent):
            self._left.clear()
            # Jupyter's kernel keeps in the context which cell an output belongs to.
            draw = partial(contextvars.copy_context().run, self._draw)
            self._thread = threading.Thread(target=draw, name="hyperborn-progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The thread cleans up: Ctrl-C reaches only the main thread, so a second Ctrl-C cannot interrupt the cleaning.
        self._left.set()
        if self._thread is not None:
            self._thread.join(timeout=2.0)
            self._thread = None

    def counter(self, description: str) -> Callable[[int, int], None]:
        """Callback (done, total) of a stage that begins with its first call and ends when done reaches total.

        A later call begins the stage anew.
        """
        stage: Stage | None = None

        def count(done: int, total: int) -> None:
            nonlocal stage
            if stage is None:
                stage = self._open(description, total)
            stage.advance(done, total, "", time.monotonic())
            if done >= total:
                self._close(stage)
                stage = None

        return count

    def training(self, total_steps: int, description: str) -> "TrainingProgress":
        """Callback (step, metrics) of a stage that begins now and ends when step reaches ``total_steps``.

        If training stops before that, it must call ``close()``.
        """
        return TrainingProgress(self, self._open(description, total_steps))

    def note(self, text: str) -> None:
        """Write a line that stays, above the bars; where nothing is shown, it goes to the log "hyperborn" (INFO)."""
        with self._lock:
            shown = not isinstance(self._display, Silent)
            if shown:
                self._guarded(lambda: self._display.note(printable(text)))
        if not shown:
            import logging

            logging.getLogger("hyperborn").info("%s", printable(text))

    def _open(self, description: str, total: int) -> Stage:
        stage = Stage(description, total, time.monotonic())
        with self._lock:
            self._stages.append(stage)
        return stage

    def _close(self, stage: Stage) -> None:
        now = time.monotonic()
        self._settle(now, stage)
        with self._lock:
            if stage in self._stages:
                self._stages.remove(stage)
                self._guarded(lambda: self._display.ended(stage, now))

    def _draw(self) -> None:
        try:
            while not self._left.wait(TICK):
                now = time.monotonic()
                self._settle(now)
                with self._lock:
                    self._guarded(partial(self._display.show, self._stages, now))
        finally:
            with self._lock:
                self._guarded(lambda: self._display.close())
                self._display = Silent()
                self._stages.clear()

    def _settle(self, now: float, ended: Stage | None = None) -> None:
        """Make the texts that are shown next, of the open stages or of one that ends; notes do not wait for them."""
        with self._lock:
            open_stages = [stage for stage in self._stages if ended in (None, stage)]
            needed = [stage for stage in open_stages if self._display.needs(stage, now, ended=ended is not None)]
        for stage in needed:
            self._guarded(stage.settle)

    def _guarded(self, action: Callable[[], None]) -> None:
        try:
            action()
        except (OSError, ValueError):
            # A closed stream raises ValueError, and so does one whose encoding lacks a character.
            self._display = Silent()


def chosen_display(enabled: bool | None, stream: Stream | None) -> Display:
    """Where progress is shown: `enabled` as for `Progress`; a stream of None is a notebook's, or standard error."""
    if enabled is False or in_worker_process():
        return Silent()
    shell = notebook_shell() if stream is None else None
    if shell is not None:
        return NotebookBars(shell)
    # There is no standard error under pythonw or with the descriptor closed.
    stream = sys.stderr if stream is None else stream
    if stream is None or (enabled is None and not is_terminal(stream)):
        return Silent()
    return display_for(stream)


@final
class TrainingProgress:
    """Callback (step, metrics) of one training."""

    def __init__(self, progress: Progress, stage: Stage) -> None:
        self._progress = progress
        self._stage = stage

    def __call__(self, step: int, metrics: Metrics) -> None:
        self._stage.advance(step, self._stage.total, metrics, time.monotonic())
        if step >= self._stage.total:
            self.close()

    def close(self) -> None:
        """End the stage, complete or not; a second call does nothing."""
        self._progress._close(self._stage)
