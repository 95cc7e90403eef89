"""How progress is shown: a stage of work, live bars on a terminal, plain lines elsewhere, and when not at all."""

import abc
import io
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TextIO, TypeAlias, final

Stream: TypeAlias = TextIO | io.TextIOBase
"""Where text is written; replacements of a standard stream are seldom of the type `TextIO`."""

Metrics: TypeAlias = str | Callable[[], str]
"""Text beside a bar, or a function that makes it, called when the text is to be shown; it may take its time."""

DELAY = 0.5
"""Seconds that a stage lasts before its bar appears."""
FIRST_LINE = 2.0
LINE_EVERY = 10.0
"""Without a terminal: seconds until the first line of a stage, and between its further lines."""
SAMPLE_EVERY = 0.25
SAMPLES = 32
"""Recent speed is over the last `SAMPLES` samples, at least `SAMPLE_EVERY` seconds apart: about 8 seconds."""


@final
class Stage:
    """One piece of work: how far it is, and how fast. Times are in seconds of the monotonic clock."""

    def __init__(self, description: str, total: int, started: float) -> None:
        self.description = description
        self.total = total
        self.started = started
        self.done = 0
        self._metrics: Metrics = ""
        self._text = ""
        self._settling = threading.Lock()
        # The first sample is the first report: the time before it, such as compilation, says nothing about the speed.
        self._samples: deque[tuple[float, int]] = deque(maxlen=SAMPLES)
        self._latest: tuple[float, int] | None = None

    def advance(self, done: int, total: int, metrics: Metrics, now: float) -> None:
        """Record a report."""
        self.done, self.total, self._metrics = done, total, metrics
        self._latest = (now, done)
        if not self._samples or now - self._samples[-1][0] >= SAMPLE_EVERY:
            self._samples.append(self._latest)

    def settle(self) -> None:
        """Make the text of the latest report, if a function is to make it; the function is called once."""
        with self._settling:
            latest = self._metrics
            if isinstance(latest, str):
                return
            self._text = latest()
            # Kept only if no other thread has reported in the meantime.
            if self._metrics is latest:
                self._metrics = self._text

    @property
    def metrics(self) -> str:
        """Text of the latest report; where `settle` has not made it yet, the text that it made before."""
        latest = self._metrics
        return latest if isinstance(latest, str) else self._text

    @property
    def percentage(self) -> int:
        """Rounded down, so that 100 means done."""
        return 100 * min(self.done, self.total) // self.total if self.total > 0 else 100

    def elapsed(self, now: float) -> float:
        """Seconds since the stage began."""
        return max(0.0, now - self.started)

    def left(self, now: float) -> float | None:
        """Seconds that the rest will take at the recent speed; None while the speed is not known."""
        if self._latest is None:
            return None
        (first, begun), (last, done) = self._samples[0], self._latest
        if last <= first or done <= begun:
            return None
        return max(0.0, (self.total - done) * (last - first) / (done - begun) - (now - last))


class Display(abc.ABC):
    """Where progress is shown. Methods are called one at a time, from any thread."""

    @abc.abstractmethod
    def needs(self, stage: Stage, now: float, *, ended: bool = False) -> bool:
        """Whether `show`, or `ended` at the end of a stage, will write its text; it is settled before."""

    @abc.abstractmethod
    def show(self, stages: Sequence[Stage], now: float) -> None:
        """Show the open stages; called several times a second."""

    @abc.abstractmethod
    def ended(self, stage: Stage, now: float) -> None:
        """Called when a stage ends, complete or not."""

    @abc.abstractmethod
    def note(self, text: str) -> None:
        """Write a line that stays."""

    @abc.abstractmethod
    def close(self) -> None:
        """Restore the terminal."""


@final
class Silent(Display):
    """Shows nothing."""

    def needs(self, stage: Stage, now: float, *, ended: bool = False) -> bool:
        del stage, now, ended
        return False

    def show(self, stages: Sequence[Stage], now: float) -> None: ...
    def ended(self, stage: Stage, now: float) -> None: ...
    def note(self, text: str) -> None: ...
    def close(self) -> None: ...


@final
class Lines(Display):
    """Few plain lines, for logs: one for a stage after 2 s, then every 10 s, and at its end if it took over 10 s."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._due: dict[Stage, float] = {}

    def needs(self, stage: Stage, now: float, *, ended: bool = False) -> bool:
        if ended:
            return stage.elapsed(now) >= LINE_EVERY
        return now >= self._due.get(stage, stage.started + FIRST_LINE)

    def show(self, stages: Sequence[Stage], now: float) -> None:
        for stage in stages:
            if self.needs(stage, now):
                self._due[stage] = now + LINE_EVERY
                self.note(progress_line(stage, now))

    def ended(self, stage: Stage, now: float) -> None:
        self._due.pop(stage, None)
        if self.needs(stage, now, ended=True):
            self.note(progress_line(stage, now, ended=True))

    def note(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def close(self) -> None:
        self._due.clear()


@final
class LiveBars(Display):
    """A bar for each open stage at the bottom of a terminal, removed when the stage ends."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._console: Any = None
        self._live: Any = None

    def needs(self, stage: Stage, now: float, *, ended: bool = False) -> bool:
        return not ended and stage.elapsed(now) >= DELAY

    def show(self, stages: Sequence[Stage], now: float) -> None:
        due = [stage for stage in stages if self.needs(stage, now)]
        if not due:
            self.close()
            return
        if self._live is None:
            self._live = self._started()
        self._live.update(progress_bars(due, now, self._console.width), refresh=True)

    def ended(self, stage: Stage, now: float) -> None: ...

    def note(self, text: str) -> None:
        from rich.text import Text

        self._terminal().print(Text(text), soft_wrap=True)

    def close(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def _terminal(self) -> Any:
        if self._console is None:
            from rich.console import Console

            # `display_for` has found that this is a terminal; FORCE_COLOR and the like must not change that.
            file: Any = self._stream
            self._console = Console(file=file, force_terminal=True, force_jupyter=False, highlight=False)
        return self._console

    def _started(self) -> Any:
        from rich.live import Live

        # Other output to the terminal, such as warnings, goes above the bars. Standard output that goes elsewhere is
        # not redirected: Rich would send it to the stream of the bars.
        ours = self._stream is sys.stderr
        live = Live(
            console=self._terminal(),
            auto_refresh=False,
            transient=True,
            redirect_stdout=ours and sys.stdout is not None and sys.stdout.isatty(),
            redirect_stderr=ours,
        )
        live.start()
        return live


def display_for(stream: Stream) -> Display:
    """Live bars where the cursor can be moved, else plain lines."""
    if is_terminal(stream) and os.environ.get("TERM", "").lower() not in {"", "dumb", "unknown"}:
        return LiveBars(stream)
    return Lines(stream)


def is_terminal(stream: Any) -> bool:
    """Whether a stream is a terminal; one that is closed is none, and neither is a replacement that cannot tell."""
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False


def in_worker_process() -> bool:
    """Whether a process pool started this process: several of them would write over each other."""
    # Such a process has imported it to be one.
    processes = sys.modules.get("multiprocessing.process")
    return processes is not None and processes.current_process().name != "MainProcess"


def clock(seconds: float | None) -> str:
    """Minutes and seconds, and hours if there are any: 3:07, 1:02:03; "-:--" for None."""
    if seconds is None:
        return "-:--"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def progress_line(stage: Stage, now: float, *, ended: bool = False) -> str:
    """One line of a log about a stage."""
    parts = [f"{stage.description}: {stage.percentage}% ({stage.done:,}/{stage.total:,})", stage.metrics]
    if ended:
        parts.append(f"ended after {clock(stage.elapsed(now))}")
    else:
        parts += [f"{clock(stage.elapsed(now))} elapsed", f"{clock(stage.left(now))} left"]
    return ", ".join(part for part in parts if part)


def progress_bars(stages: Sequence[Stage], now: float, width: int) -> Any:
    """A Rich table with a row for each stage that fits a terminal of so many columns; metrics are cut first."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    bar = min(30, max(8, width // 2 - 40)) if width >= 64 else 0
    table = Table.grid(padding=(0, 1, 0, 0))
    for _ in range(4):
        table.add_column(no_wrap=True, overflow="crop")
    # Rich narrows the columns that may wrap first; these cells do not wrap but are cut, and
    # without an ellipsis, which not every encoding has.
    table.add_column()
    table.add_column(no_wrap=True, overflow="crop")
    for stage in stages:
        table.add_row(
            Text(stage.description, overflow="crop"),
            ProgressBar(total=max(stage.total, 1), completed=stage.done, width=bar) if bar else "",
            Text(f"{stage.percentage:>3}%"),
            Text(f"{stage.done:,}/{stage.total:,}", style="dim"),
            Text(stage.metrics, no_wrap=True, overflow="crop", style="cyan"),
            Text(f"{clock(stage.elapsed(now))}, {clock(stage.left(now))} left", style="dim"),
        )
    return table
