"""The one error that is the user's to mend, what a signal to stop raises, and checks that many arguments need."""

import math
import signal
from numbers import Integral, Real
from types import FrameType
from typing import Any


class UserError(ValueError):
    """A mistake the user can mend: one line that names the thing, its value and the remedy.

    The command line prints the line without a traceback and exits with code 2.
    """


def shortened(value: Any, most: int = 200) -> str:
    """A value as `repr` writes it, cut after `most` characters; for messages about what a user gave."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        # Python writes no integers of more than 4,300 digits, and nothing that is nested too deeply.
        return f"a value of type {type(value).__name__} that is too long to show"
    return text if len(text) <= most else f"{text[:most]} ..."


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
        UserError: if it is no whole number (1.0 and True are none), or out of range.
    """
    # An array of one number is no number: it cannot be hashed, and compiled programs are kept by their settings.
    number = int(value) if isinstance(value, Integral) and not isinstance(value, bool) else least - 1
    if number < least or (most is not None and number > most):
        allowed = f"of at least {least}" if most is None else f"from {least} to {most:,}"
        raise UserError(f"{name}={value!r} must be a whole number {allowed}{why}")
    return number


def is_number(value: Any) -> bool:
    """Whether a value is one finite real number that a float can hold; truth values are none."""
    try:
        return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False
