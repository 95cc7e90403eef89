"""What commands print, and with which exit code they end."""

import errno
import json
import math
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, TextIO, TypeAlias

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
    """Write a line to standard error; without an open standard error nothing is written."""
    say(printable(text))


def say(text: str) -> None:
    """Write text to standard error unchanged."""
    if sys.stderr is not None:
        with suppress(OSError):
            sys.stderr.write(text + "\n")
            sys.stderr.flush()


def emit(record: Mapping[str, Any]) -> None:
    """Write one JSON object to standard output; numbers that are not finite become null."""
    write(json.dumps(finite(record), indent=2, allow_nan=False) + "\n")


def finite(value: Any) -> Any:
    """The value with None for the numbers that JSON cannot hold."""
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def check_new_file(out: Path | None, remedy: str = "choose another name with --out") -> None:
    """Raise a UserError, with what to do, if the file that a command is to write exists."""
    # The real path is checked: with folder/../name, and no such folder, the plain path does not find the file.
    if out is not None and (out.is_symlink() or Path(os.path.realpath(out)).exists()):
        raise UserError(f"{out} exists; {remedy}")


def show(renderable: Any, *, is_saved: bool = False) -> None:
    """Print a Rich table or text; Rich ends the process with code 1 if the reader of a pipe has gone.

    Without a standard output, what is also saved in a folder (`is_saved`) is not printed.
    """
    from rich.console import Console

    if is_saved and sys.stdout is None:
        return
    with flushed_output():
        Console().print(renderable)


def write(text: str) -> None:
    """Write text to standard output."""
    with flushed_output():
        sys.stdout.write(text)


NO_OUTPUT = "there is no standard output to write to; leave it open, or use --out where there is one"


@contextmanager
def flushed_output() -> Iterator[None]:
    """Flush what the block writes to standard output, and explain a failure.

    Raises:
        UserError: if standard output refuses it.
        BrokenPipeError: if the reader of a pipe has gone.
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
        # Python would try again when it ends, and complain.
        silence(sys.stdout)
        raise UserError(f"cannot write to standard output: {error.strerror}; send it elsewhere") from error


def silence(stream: TextIO) -> None:
    """Discard whatever is still to be written to a stream."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


@contextmanager
def errors_explained(as_json: bool) -> Iterator[None]:
    """Turn what a command raises into one line, an exit code and, if asked for, one JSON object.

    Raises:
        typer.Exit: with 2 for the user's mistake, 130 after Ctrl-C, 143 and 129 after SIGTERM and SIGHUP, and 1 for a
            fault of ours, with its traceback.
    """
    try:
        if as_json and sys.stdout is None:
            # Refused before the work, not after it.
            raise UserError(NO_OUTPUT)
        yield
    except UserError as error:
        raise failed(str(error), USERS, as_json) from error
    except KeyboardInterrupt as error:
        raise failed(str(error) or "stopped", INTERRUPTED + signal_of(error), as_json) from error
    except (typer.Exit, BrokenPipeError):
        raise
    except Exception as error:  # all errors of users are handled above: what is left is a fault of ours
        diagnosis = diagnosis_of(error)
        if diagnosis is not None:
            raise failed(diagnosis, USERS, as_json) from error
        say(traceback.format_exc().rstrip())
        text = (
            f"this is a fault of hyperborn, not yours ({type(error).__name__}: {error}); please report the lines above"
        )
        raise failed(text, OURS, as_json) from error


def signal_of(error: BaseException) -> int:
    """The signal behind an interruption or one of its causes; without one, it was Ctrl-C."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, Stopped):
            return cause.number
        cause = cause.__cause__ or cause.__context__
    return signal.SIGINT


NO_MEMORY = "there is not enough memory; choose fewer weights (--hidden, --components), --restarts or --depth"


def diagnosis_of(error: Exception) -> str | None:
    """What is wrong with the machine or the settings of JAX, and the remedy; None if neither is at fault."""
    if is_lack_of_memory(error):
        return f"{NO_MEMORY} ({error})"
    # If JAX is at fault, it is loaded by now.
    jax = sys.modules.get("jax")
    if jax is None:
        return None
    try:
        jax.devices()
    except Exception as refusal:  # noqa: BLE001  (of any kind: without a device, the fault is not ours)
        if is_lack_of_memory(refusal):
            return f"{NO_MEMORY} ({refusal})"
        chosen = os.environ.get("JAX_PLATFORMS")
        what = f"JAX finds no device for JAX_PLATFORMS={chosen}" if chosen else "JAX finds no device here"
        remedy = "unset it, or install JAX for that device" if chosen else "set JAX_PLATFORMS=cpu, or reinstall jax"
        return f"{what}; {remedy} ({str(refusal) or type(refusal).__name__})"
    return None


UNMAPPED = ("failed to map segment", "annot allocate memory")
"""Parts of the loader's messages about a library that does not fit into memory."""


def is_lack_of_memory(error: Exception) -> bool:
    """Whether Python, NumPy, JAX or the system's loader could not get the memory that was asked for."""
    if isinstance(error, ImportError):
        return any(said in str(error) for said in UNMAPPED)
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    if isinstance(error, RuntimeError):
        # XLA's status, and the C++ exception that JAX reports when it starts.
        return str(error).startswith("RESOURCE_EXHAUSTED") or "std::bad_alloc" in str(error)
    return isinstance(error, MemoryError)


def failed(text: str, code: int, as_json: bool) -> typer.Exit:
    """Write one line about what went wrong, and return the exit for the caller to raise."""
    line = message_line(text)
    note(f"hyperborn: {line}")
    if as_json:
        with suppress(UserError, BrokenPipeError):
            emit({"error": line, "exit_code": code})
    return typer.Exit(code)


def message_line(text: str) -> str:
    """The text without line breaks and control characters; the middle of a very long text is left out."""
    shown = printable(text)
    if len(shown) <= LONGEST:
        return shown
    return f"{shown[: LONGEST // 2]} ... {shown[-LONGEST // 2 :]}"
