"""Ctrl-C: what is in hand is finished first."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupted(KeyboardInterrupt):
    """Ctrl-C while training: the step in hand was finished, and saved where there is a run folder."""


_noted: list[bool] = []
"""Whether Ctrl-C was pressed, in each block that is open."""


def give_way() -> None:
    """Raise `Interrupted` if Ctrl-C was pressed within an `interruptible` block: for long waits that lose nothing."""
    if any(_noted):
        raise Interrupted("stopped while waiting for a job, which will be adopted")


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Within the block, Ctrl-C only makes the given function return True; a second Ctrl-C acts at once.

    A block that ends as if nothing had been swallows no Ctrl-C: it acts then.
    """
    place = len(_noted)

    def note(_number: int, _frame: FrameType | None) -> None:
        if _noted[place]:
            raise KeyboardInterrupt
        _noted[place] = True

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    _noted.append(False)
    before = signal.signal(signal.SIGINT, note)
    seen = False
    try:
        yield lambda: _noted[place]
    finally:
        signal.signal(signal.SIGINT, before)
        seen = _noted.pop()
    if seen:
        signal.raise_signal(signal.SIGINT)
