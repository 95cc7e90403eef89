"""The commands, and the entry point."""

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, TextIO, cast

import typer

from hyperborn import __version__
from hyperborn.cli import backend_test, compare, doctor, estimate, evaluate, ledger, predict, resume, study, train
from hyperborn.cli.output import GOOD, INTERRUPTED, USERS, explained, write
from hyperborn.errors import UserError

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

app = typer.Typer(
    name="hyperborn",
    help="Train binary neural networks with quantum hypernetworks: circuits whose measured bits are the weights.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("train")(train.train)
app.command("resume")(resume.resume)
app.command("predict")(predict.predict)
app.command("evaluate")(evaluate.evaluate)
app.command("compare")(compare.compare)
app.command("study")(study.study)
app.command("estimate")(estimate.estimate)
app.command("ledger")(ledger.ledger)
app.command("backend-test")(backend_test.backend_test)
app.command("doctor")(doctor.doctor)


def version(asked: bool) -> bool:
    if asked:
        write(f"hyperborn {__version__}\n")
        raise typer.Exit
    return asked


@app.callback()
def shared(
    _version: Annotated[
        bool, typer.Option("--version", callback=version, is_eager=True, metavar="", help="Show the version and exit.")
    ] = False,
) -> None:
    """What stands before the command's name."""


# Typer hides the class that all its usage errors share.
USAGE_ERROR = cast("type[Exception]", typer.BadParameter.__base__)


def main() -> None:
    """Run the command line; a wrong flag is one line and exit code 2, like every other mistake."""
    sys.unraisablehook = send_again
    as_json = any(argument.partition("=")[0] == "--json" for argument in sys.argv[1:])
    try:
        code = run(as_json)
    except (BrokenPipeError, SystemExit) as stop:
        # Rich exits, with code 1, where it meets a closed pipe.
        if not isinstance(stop, BrokenPipeError) and not isinstance(stop.__context__, BrokenPipeError):
            raise
        # Nobody reads any more, and that is no mistake; nor shall the interpreter's end try to write the rest.
        silence(sys.stdout)
        code = GOOD
    sys.exit(code)


def command() -> None:
    """`main` for a process of its own, which a Ctrl-C ends at once.

    Whatever was to be kept is kept by then, and the interpreter's own end can crash where XLA is compiling.
    """
    try:
        main()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError, AttributeError):
                    stream.flush()
            os._exit(INTERRUPTED)
        raise


def run(as_json: bool) -> int:
    """The exit code of the command that the arguments name."""
    try:
        with explained(as_json):
            try:
                code = app(standalone_mode=False)
            except USAGE_ERROR as error:
                # Without arguments the help has been printed, and there is nothing to add.
                text = getattr(error, "format_message", error.__str__)()
                raise UserError(f"{text.rstrip('.?')}; see hyperborn --help") if text else typer.Exit(USERS) from error
            except BrokenPipeError:
                raise
            except OSError as error:
                # Typer's own, of help: what commands meet is explained there.
                raise UserError(f"cannot write to standard output: {error.strerror}; send it elsewhere") from error
            except typer.Abort as error:
                # Ctrl-C before a command began.
                raise KeyboardInterrupt from error
    except typer.Exit as stop:
        return stop.exit_code
    return code if isinstance(code, int) else GOOD


AGAIN = 0.05
"""Seconds after which a Ctrl-C is sent again."""


def send_again(unraisable: "UnraisableHookArgs") -> None:
    """Send a Ctrl-C again that fell into a callback whose exceptions Python drops, such as JAX's garbage collection."""
    if unraisable.exc_type is KeyboardInterrupt:
        timer = threading.Timer(AGAIN, os.kill, (os.getpid(), signal.SIGINT))
        timer.daemon = True
        timer.start()
    else:
        sys.__unraisablehook__(unraisable)


def silence(stream: TextIO) -> None:
    """Let what is still to be written to a stream go nowhere."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
