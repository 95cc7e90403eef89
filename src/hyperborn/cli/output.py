"""What commands print, and how they end."""

import json
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, TypeAlias

import typer

from hyperborn.errors import UserError

GOOD, OURS, USERS, INTERRUPTED = 0, 1, 2, 130

Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on standard output, and nothing else.")
]


def note(text: str) -> None:
    """A line on standard error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def emit(record: Mapping[str, Any]) -> None:
    """One JSON object on standard output."""
    sys.stdout.write(json.dumps(record, indent=2, allow_nan=False) + "\n")


def show(renderable: Any) -> None:
    """A Rich table or text on standard output."""
    from rich.console import Console

    Console().print(renderable)


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
        note(traceback.format_exc().rstrip())
        text = (
            f"this is a fault of hyperborn, not yours ({type(error).__name__}: {error}); please report the lines above"
        )
        raise failed(text, OURS, as_json) from error


def failed(text: str, code: int, as_json: bool) -> typer.Exit:
    note(f"hyperborn: {text}")
    if as_json:
        emit({"error": text, "exit_code": code})
    return typer.Exit(code)
