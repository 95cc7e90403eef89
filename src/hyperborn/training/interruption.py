"""Stopping: after Ctrl-C, SIGTERM or SIGHUP the current step is finished first."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from hyperborn.errors import Stopped, stop


class Interrupted(Stopped):
    """Training was stopped: the current step was finished, and was saved if there is a run folder."""


_noted: list[int] = []
"""The signal that came in each block that is open; 0 while none did."""


def give_way() -> None:
    """Raise `Interrupted` if a signal came within an `interruptible` block: for long waits that lose nothing."""
    for number in _noted:
        if number:
            raise Interrupted("stopped while waiting for a job, which will be adopted", number)


def _note(number: int, _frame: FrameType | None) -> None:
    """Handler within a block: the first signal is noted, a second one acts at once."""
    if _noted[-1]:
        raise Stopped(number=number)
    _noted[-1] = number


@contextmanager
def interruptible() -> Iterator[Callable[[], int]]:
    """Within the block a signal to stop is only noted; the given function returns its number, or 0 if none came.

    A second signal acts at once. So does the first one at the end of a block that did not raise by itself.
    SIGTERM and SIGHUP are noted where the command line handles them; elsewhere they act as they do without the block.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: 0
        return
    place = len(_noted)
    # Windows has no SIGHUP.
    others = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    caught = [signal.SIGINT, *(number for number in others if signal.getsignal(number) in (stop, _note))]
    _noted.append(0)
    before = {number: signal.signal(number, _note) for number in caught}
    seen = 0
    try:
        yield lambda: _noted[place]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        seen = _noted.pop()
    if seen:
        signal.raise_signal(seen)
