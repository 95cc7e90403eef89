"""What commands print, and how they end."""

import errno
import json
import math
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Annotated, Any, TypeAlias

import typer

from hyperborn.errors import Stopped, UserError
from hyperborn.printable import printable

GOOD, OURS, USERS = 0, 1, 2
INTERRUPTED = 128
"""Above this the exit code names the signal that stopped a command, as shells do: 130 is Ctrl-C."""

LONGEST = 2000
"""Characters of a message; names out of a user's file can be of any length."""

Json: TypeAlias = Annotated[
    bool, typer.Option("--json", metavar="", help="Print one JSON object on standard output, and nothing else.")
]


def note(text: str) -> None:
    """A line on standard error; where there is none, or it is closed, it is left out."""
    say(printable(text))


def say(text: str) -> None:
    """Lines on standard error, as they are."""
    if sys.stderr is not None:
        with suppress(OSError):
            sys.stderr.write(text + "\n")
            sys.stderr.flush()


def emit(record: Mapping[str, Any]) -> None:
    """One JSON object on standard output; what is not a finite number is null."""
    write(json.dumps(finite(record), indent=2, allow_nan=False) + "\n")


def finite(value: Any) -> Any:
    """The value with null for the numbers that JSON lacks."""
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def show(renderable: Any, *, is_saved: bool = False) -> None:
    """A Rich table or text on standard output; Rich itself ends the process, with code 1, where nobody reads.

    What is saved in a folder as well is left out where there is no standard output.
    """
    from rich.console import Console

    if is_saved and sys.stdout is None:
        return
    with accepted():
        Console().print(renderable)


def write(text: str) -> None:
    """Text on standard output."""
    with accepted():
        sys.stdout.write(text)


NO_OUTPUT = "there is no standard output to write to; leave it open, or use --out where there is one"


@contextmanager
def accepted() -> Iterator[None]:
    """Have what the block writes on standard output out of Python's hands.

    Raises:
        UserError: if standard output refuses it.
        BrokenPipeError: if nobody reads it any more.
    """
    if sys.stdout is None:
        raise UserError(NO_OUTPUT)
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except UnicodeEncodeError as error:
        what = f"{error.object[error.start]!a} in its encoding {error.encoding}"
        raise UserError(f"standard output cannot take {what}; set PYTHONIOENCODING=utf-8") from error
    except OSError as error:
        raise UserError(f"cannot write to standard output: {error.strerror}; send it elsewhere") from error


@contextmanager
def errors_explained(as_json: bool) -> Iterator[None]:
    """Turn what a command raises into one line, an exit code and, if asked for, one JSON object.

    Raises:
        typer.Exit: with 2 for the user's mistake, 130 after Ctrl-C, 143 and 129 after SIGTERM and SIGHUP, and 1 for a
            fault of ours, with its traceback.
    """
    try:
        if as_json and sys.stdout is None:
            # Said before the work, not after it.
            raise UserError(NO_OUTPUT)
        yield
    except UserError as error:
        raise failed(str(error), USERS, as_json) from error
    except KeyboardInterrupt as error:
        raise failed(str(error) or "stopped", INTERRUPTED + signal_of(error), as_json) from error
    except (typer.Exit, BrokenPipeError):
        raise
    except Exception as error:  # the last resort, where every other error is ours
        diagnosis = diagnosis_of(error)
        if diagnosis is not None:
            raise failed(diagnosis, USERS, as_json) from error
        say(traceback.format_exc().rstrip())
        text = (
            f"this is a fault of hyperborn, not yours ({type(error).__name__}: {error}); please report the lines above"
        )
        raise failed(text, OURS, as_json) from error


def signal_of(error: BaseException) -> int:
    """The signal that an interruption came from, or what it was raised from; plain ones are of Ctrl-C."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, Stopped):
            return cause.number
        cause = cause.__cause__ or cause.__context__
    return signal.SIGINT


NO_MEMORY = "there is not enough memory; choose fewer weights (--hidden, --components), --restarts or --depth"


def diagnosis_of(error: Exception) -> str | None:
    """What is wrong with the machine or with JAX's settings, and the remedy; None where the fault is ours."""
    if is_lack_of_memory(error):
        return f"{NO_MEMORY} ({error})"
    # Loaded by now where it is at fault.
    jax = sys.modules.get("jax")
    if jax is None:
        return None
    try:
        jax.devices()
    except Exception as refusal:  # noqa: BLE001  (whichever kind: without a device nothing of ours was at work)
        if is_lack_of_memory(refusal):
            return f"{NO_MEMORY} ({refusal})"
        chosen = os.environ.get("JAX_PLATFORMS")
        what = f"JAX finds no device for JAX_PLATFORMS={chosen}" if chosen else "JAX finds no device here"
        remedy = "unset it, or install JAX for that device" if chosen else "set JAX_PLATFORMS=cpu, or reinstall jax"
        return f"{what}; {remedy} ({refusal or type(refusal).__name__})"
    return None


UNMAPPED = ("failed to map segment", "annot allocate memory")
"""What the system's loader says of a library that it has no memory for."""


def is_lack_of_memory(error: Exception) -> bool:
    """Whether Python, NumPy, JAX or the system's loader could not get the memory that was asked for."""
    if isinstance(error, ImportError):
        return any(said in str(error) for said in UNMAPPED)
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    if isinstance(error, RuntimeError):
        # The status of XLA, and the C++ exception in the words of JAX when it starts.
        return str(error).startswith("RESOURCE_EXHAUSTED") or "std::bad_alloc" in str(error)
    return isinstance(error, MemoryError)


def failed(text: str, code: int, as_json: bool) -> typer.Exit:
    """Say in one line what went wrong; the exit is to be raised."""
    line = message_line(text)
    note(f"hyperborn: {line}")
    if as_json:
        with suppress(UserError, BrokenPipeError):
            emit({"error": line, "exit_code": code})
    return typer.Exit(code)


def message_line(text: str) -> str:
    """The text without line breaks and what else steers a terminal, shortened in the middle where it is very long."""
    shown = printable(text)
    if len(shown) <= LONGEST:
        return shown
    return f"{shown[: LONGEST // 2]} ... {shown[-LONGEST // 2 :]}"
