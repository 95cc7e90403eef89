"""What commands print, and how they end."""

import json
import math
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Annotated, Any, TypeAlias

import typer

from hyperborn.errors import UserError
from hyperborn.printable import printable

GOOD, OURS, USERS, INTERRUPTED = 0, 1, 2, 130

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


def show(renderable: Any) -> None:
    """A Rich table or text on standard output; Rich itself ends the process, with code 1, where nobody reads."""
    from rich.console import Console

    with accepted():
        Console().print(renderable)


def write(text: str) -> None:
    """Text on standard output."""
    with accepted():
        sys.stdout.write(text)


@contextmanager
def accepted() -> Iterator[None]:
    """Have what the block writes on standard output out of Python's hands.

    Raises:
        UserError: if standard output refuses it.
        BrokenPipeError: if nobody reads it any more.
    """
    if sys.stdout is None:
        raise UserError("there is no standard output to write to; leave it open, or use --out where there is one")
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
def explained(as_json: bool) -> Iterator[None]:
    """Turn what a command raises into one line, an exit code and, if asked for, one JSON object.

    Raises:
        typer.Exit: with 2 for the user's mistake, 130 after Ctrl-C, and 1 for a fault of ours, with its traceback.
    """
    try:
        yield
    except UserError as error:
        raise failed(str(error), USERS, as_json) from error
    except KeyboardInterrupt as error:
        raise failed(str(error) or "stopped", INTERRUPTED, as_json) from error
    except (typer.Exit, BrokenPipeError):
        raise
    except Exception as error:  # the last resort, where every other error is ours
        if is_lack_of_memory(error):
            raise failed(f"{NO_MEMORY} ({error})", USERS, as_json) from error
        say(traceback.format_exc().rstrip())
        text = (
            f"this is a fault of hyperborn, not yours ({type(error).__name__}: {error}); please report the lines above"
        )
        raise failed(text, OURS, as_json) from error


NO_MEMORY = "there is not enough memory; choose fewer weights (--hidden, --components), --restarts or --depth"


def is_lack_of_memory(error: Exception) -> bool:
    """Whether Python, NumPy or JAX could not get the memory that was asked for."""
    return isinstance(error, MemoryError) or (type(error).__name__ == "JaxRuntimeError" and "memory" in str(error))


def failed(text: str, code: int, as_json: bool) -> typer.Exit:
    """Say in one line what went wrong; the exit is to be raised."""
    line = one_line(text)
    note(f"hyperborn: {line}")
    if as_json:
        with suppress(UserError, BrokenPipeError):
            emit({"error": line, "exit_code": code})
    return typer.Exit(code)


def one_line(text: str) -> str:
    """The text without line breaks and what else steers a terminal, shortened in the middle where it is very long."""
    shown = printable(text)
    if len(shown) <= LONGEST:
        return shown
    return f"{shown[: LONGEST // 2]} ... {shown[-LONGEST // 2 :]}"
