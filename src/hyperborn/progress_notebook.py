"""Progress in a Jupyter notebook: bars in the output of the cell, which are replaced in place.

All that one `Progress` shows is one output of the cell, so that a saved notebook holds one and not every frame. No
widget is needed, neither here nor where the notebook is opened later.
"""

import html
import secrets
import sys
import time
from collections.abc import Sequence
from typing import Any, final

from hyperborn.progress_display import DELAY, Display, Stage, clock, progress_line

EVERY = 0.25
"""Seconds between frames, at least: each is a message to the browser."""
MOST_LINES = 100
"""Notes and ends of stages that stay, at most; of more the latest."""


def notebook_shell() -> Any:
    """IPython's shell where cells are run by a Jupyter kernel, else None. IPython is not imported for the answer."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    # The shell of a terminal has no kernel; those of Jupyter, Visual Studio Code and Colab have one.
    return shell if getattr(shell, "kernel", None) is not None else None


@final
class NotebookBars(Display):
    """A bar for each open stage in the output of a cell; notes and a line for each stage that was seen stay there."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._name = f"hyperborn-{secrets.token_hex(8)}"
        self._lines: list[str] = []
        self._left_out = 0
        self._open: list[Stage] = []
        self._shown: tuple[str, str] | None = None
        self._next = 0.0

    def needs(self, stage: Stage, now: float, *, ended: bool = False) -> bool:
        return stage.elapsed(now) >= DELAY and (ended or now >= self._next)

    def show(self, stages: Sequence[Stage], now: float) -> None:
        if now < self._next:
            return
        self._open = [stage for stage in stages if stage.elapsed(now) >= DELAY]
        self._publish(now)

    def ended(self, stage: Stage, now: float) -> None:
        if stage in self._open:
            self._open.remove(stage)
            self._keep(progress_line(stage, now, ended=True))
            # Many short stages in turn, such as candidates, are shown at the pace of frames.
            self._publish(now, soon=True)

    def note(self, text: str) -> None:
        self._keep(text)
        self._publish(time.monotonic())

    def close(self) -> None:
        # Stages that are open now were broken off; a bar that stands still for ever would look like work.
        for stage in self._open:
            self._keep(f"{stage.description}: broken off at {stage.percentage}% ({stage.done:,}/{stage.total:,})")
        self._open = []
        self._publish(time.monotonic())

    def _keep(self, line: str) -> None:
        self._lines.append(line)
        if len(self._lines) > MOST_LINES:
            del self._lines[0]
            self._left_out += 1

    def _publish(self, now: float, *, soon: bool = False) -> None:
        """Replace what stands in the output; nothing is sent where nothing has changed."""
        if soon and now < self._next:
            return
        left_out = [f"{self._left_out:,} earlier lines left out"] if self._left_out else []
        lines = [*left_out, *self._lines]
        text = "\n".join([*lines, *(progress_line(stage, now) for stage in self._open)])
        frame = (notebook_html(lines, self._open, now), text)
        if not (lines or self._open or self._shown) or frame == self._shown:
            return
        try:
            self._shell.display_pub.publish(
                data={"text/html": frame[0], "text/plain": frame[1]},
                metadata={},
                transient={"display_id": self._name},
                update=self._shown is not None,
            )
        except Exception as error:
            # Whatever is wrong with the kernel's sockets, the display ends and the work goes on.
            raise OSError("the notebook takes no output any more") from error
        self._shown, self._next = frame, now + EVERY


def notebook_html(lines: Sequence[str], stages: Sequence[Stage], now: float) -> str:
    """Lines, and below them a bar for each stage, in the colours of the page."""
    text = "".join(f'<div style="white-space:pre-wrap">{html.escape(line)}</div>' for line in lines)
    rows = "".join(
        f'<div style="white-space:nowrap;overflow:hidden;text-overflow:ellipsis">{html.escape(stage.description)} '
        f'<progress value="{max(0, min(stage.done, stage.total))}" max="{max(stage.total, 1)}"></progress> '
        f"{stage.percentage}% {stage.done:,}/{stage.total:,} &nbsp;{html.escape(stage.metrics)}&nbsp; "
        f'<span style="opacity:0.7">{clock(stage.elapsed(now))}, {clock(stage.left(now))} left</span></div>'
        for stage in stages
    )
    return f'<div style="font-variant-numeric:tabular-nums">{text}{rows}</div>'
