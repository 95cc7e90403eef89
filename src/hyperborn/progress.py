"""Progress of long work on standard error: live bars on a terminal, elsewhere a plain line now and then.

    with Progress() as progress:
        table = energies(net, data.train, progress=progress.counter("Energies"))
        step = progress.training(500, "Training")
        ...
        step(100, "loss 31.20  elbo -33.81")

A caller's report takes about a microsecond. A separate thread draws, so that the clock runs on while work reports
rarely. Nothing is written to standard output.
"""

import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import final

from hyperborn.printable import printable
from hyperborn.progress_display import Display, Metrics, Silent, Stage, Stream, display_for

TICK = 0.125
"""Seconds between drawings."""


@final
class Progress:
    """Shows stages of work inside its ``with`` block; outside, or with ``enabled=False``, nothing is shown.

    After the block the cursor and the terminal are as before, also after an exception or Ctrl-C. If standard error
    goes away, such as a closed pipe, the display ends and the work goes on.
    """

    def __init__(self, enabled: bool = True, *, stream: Stream | None = None) -> None:
        self._enabled = enabled
        self._stream = stream
        self._display: Display = Silent()
        self._stages: list[Stage] = []
        # Reentrant, so that a signal handler may write a note.
        self._lock = threading.RLock()
        self._left = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "Progress":
        # There is no standard error under pythonw or with the descriptor closed.
        stream = sys.stderr if self._stream is None else self._stream
        if self._enabled and stream is not None:
            self._display = display_for(stream)
            self._left.clear()
            self._thread = threading.Thread(target=self._draw, name="hyperborn-progress", daemon=True)
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
        """Write a line that stays, above the bars."""
        with self._lock:
            self._guarded(lambda: self._display.note(printable(text)))

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
