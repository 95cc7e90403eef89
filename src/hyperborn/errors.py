"""The error that a user can correct, our warnings, what a signal to stop raises, and checks of numbers."""

import math
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from numbers import Integral, Real
from types import FrameType
from typing import Any

from hyperborn.printable import printable, shown

LONGEST_REASON = 300
"""Characters of the reason in a warning."""


class UserError(ValueError):
    """A mistake that the user can correct: one line that names the thing, its value and the remedy.

    The command line prints the line without a traceback and exits with code 2.
    """


class HyperbornWarning(UserWarning):
    """What a person should know though the work goes on: every warning of the package is one."""


@contextmanager
def warning_on_failure(what: str, note: Callable[[str], None]) -> Iterator[None]:
    """Turn any failure of the block into one line, which is given to `note`; Ctrl-C goes on as it is.

    For blocks that draw, or save what was drawn: the result is saved before, and no picture may cost it.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever it is, what matters is saved
        kind = "" if isinstance(error, UserError) else f"{type(error).__name__}: "
        reason = printable(str(error))
        reason = reason if len(reason) <= LONGEST_REASON else f"{reason[:LONGEST_REASON]} ..."
        note(f"{what} could not be drawn ({kind}{reason}); everything else is saved")


class Stopped(KeyboardInterrupt):
    """A signal asked the process to stop: Ctrl-C, SIGTERM or SIGHUP. `number` is the signal's."""

    def __init__(self, text: str = "", number: int = signal.SIGINT) -> None:
        super().__init__(text)
        self.number = number


def stop(number: int, _frame: FrameType | None) -> None:
    """Handler of SIGTERM and SIGHUP on the command line, which makes them act like Ctrl-C."""
    raise Stopped(number=number)


def whole_number(name: str, value: Any, least: int, most: int | None = None, why: str = "") -> int:
    """The value of an argument that counts something; `why` follows the message.

    Raises:
        UserError: if it is not a whole number (1.0 and True are not), or out of range.
    """
    # An array of one number does not count: it cannot be hashed, and compiled programs are found by their settings.
    # Most are plain, and abstract classes take long to ask.
    if type(value) is int:
        number = value
    else:
        number = int(value) if isinstance(value, Integral) and not isinstance(value, bool) else least - 1
    if number < least or (most is not None and number > most):
        allowed = f"of at least {least}" if most is None else f"from {least} to {most:,}"
        raise UserError(f"{name}={shown(value)} must be a whole number {allowed}{why}")
    return number


def is_number(value: Any) -> bool:
    """Whether a value is one finite real number that a float can hold. True and False do not count."""
    if type(value) is float:
        return math.isfinite(value)
    try:
        return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False
