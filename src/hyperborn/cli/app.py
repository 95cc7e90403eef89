"""The commands, and the entry point."""

import os
import signal
import sys
import threading
from collections.abc import MutableMapping
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Annotated, cast

import typer

from hyperborn import __version__
from hyperborn.cli.backends import backend_test_command, estimate_command, ledger_command
from hyperborn.cli.compare import compare_command
from hyperborn.cli.cost import cost_command
from hyperborn.cli.doctor import doctor_command
from hyperborn.cli.export import export_command
from hyperborn.cli.output import GOOD, INTERRUPTED, USERS, errors_explained, flushed_output, note, silence, write
from hyperborn.cli.predictions import evaluate_command, predict_command
from hyperborn.cli.study import study_command
from hyperborn.cli.training import resume_command, train_command
from hyperborn.errors import Stopped, UserError, stop

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

app = typer.Typer(
    name="hyperborn",
    help="Train binary neural networks with quantum hypernetworks: circuits whose measured bits are the weights.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("train")(train_command)
app.command("resume")(resume_command)
app.command("predict")(predict_command)
app.command("evaluate")(evaluate_command)
app.command("export")(export_command)
app.command("cost")(cost_command)
app.command("compare")(compare_command)
app.command("study")(study_command)
app.command("estimate")(estimate_command)
app.command("ledger")(ledger_command)
app.command("backend-test")(backend_test_command)
app.command("doctor")(doctor_command)


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
    """Options before the name of a command."""


# Typer hides the class that all its usage errors share.
USAGE_ERROR = cast("type[Exception]", typer.BadParameter.__base__)


def main() -> None:
    """Run the command line; a wrong flag is one line and exit code 2, like every other mistake."""
    sys.unraisablehook = send_again
    as_json = any(argument.partition("=")[0] == "--json" for argument in sys.argv[1:])
    try:
        code = run_arguments(as_json)
    except (BrokenPipeError, SystemExit) as stop:
        # Rich exits, with code 1, where it meets a closed pipe.
        if not isinstance(stop, BrokenPipeError) and not isinstance(stop.__context__, BrokenPipeError):
            raise
        # The reader has gone, which is not an error. The interpreter must not try to write the rest when it ends.
        silence(sys.stdout)
        code = GOOD
    sys.exit(code)


def command() -> None:
    """`main` for a process of its own, which ends at once after Ctrl-C, SIGTERM or SIGHUP.

    Everything is saved by then, and the interpreter can crash on its way out while XLA compiles.
    """
    hold_standard_descriptors()
    listen()
    for line in settle_jax(os.environ):
        note(line)
    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, int) and end.code > INTERRUPTED:
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError, AttributeError):
                    stream.flush()
            os._exit(end.code)
        raise


def listen() -> None:
    """Make SIGTERM and SIGHUP act like Ctrl-C, and Ctrl-C work in background jobs, for which shells ignore it.

    SIGHUP stays ignored under nohup.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, stop)


def hold_standard_descriptors() -> None:
    """Occupy the descriptors of closed standard streams, so that no library prints into a file that we open later."""
    with suppress(OSError):
        while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
            pass
        os.close(descriptor)


OWN_SETTINGS = {
    "JAX_NUMPY_DTYPE_PROMOTION": ("strict", "standard"),
    "JAX_TRANSFER_GUARD": ("disallow", "allow"),
    "JAX_TRANSFER_GUARD_HOST_TO_DEVICE": ("disallow", "allow"),
    "JAX_TRANSFER_GUARD_DEVICE_TO_HOST": ("disallow", "allow"),
    "JAX_TRANSFER_GUARD_DEVICE_TO_DEVICE": ("disallow", "allow"),
}
"""Settings of JAX under which Optax and hyperborn cannot run: the start of such a value, and the replacement."""


def settle_jax(environment: MutableMapping[str, str]) -> list[str]:
    """Replace settings of JAX under which nothing would run, before JAX reads them; returns a line about each."""
    lines: list[str] = []
    for name, (refused, own) in OWN_SETTINGS.items():
        given = environment.get(name, "")
        if given.startswith(refused):
            environment[name] = own
            lines.append(f"{name}={given} is taken as {own}, without which training cannot run")
    return lines


def run_arguments(as_json: bool) -> int:
    """The exit code of the command that the arguments name."""
    try:
        with errors_explained(as_json):
            try:
                # Help is written by Typer.
                with flushed_output() if sys.stdout is not None else nullcontext():
                    code = app(standalone_mode=False)
            except USAGE_ERROR as error:
                # Without arguments the help has been printed, and there is nothing to add.
                text = getattr(error, "format_message", error.__str__)().replace(": Value error, ", ": ")
                raise UserError(f"{text.rstrip('.?')}; see hyperborn --help") if text else typer.Exit(USERS) from error
            except typer.Abort as error:
                # A signal before a command began.
                raise KeyboardInterrupt from error
    except typer.Exit as stop:
        return stop.exit_code
    return code if isinstance(code, int) else GOOD


AGAIN = 0.05
"""Seconds after which a signal to stop is sent again."""


def send_again(unraisable: "UnraisableHookArgs") -> None:
    """Send a signal again that arrived in a callback whose exceptions Python drops, such as one of JAX."""
    error = unraisable.exc_value
    if isinstance(error, KeyboardInterrupt):
        number = error.number if isinstance(error, Stopped) else signal.SIGINT
        timer = threading.Timer(AGAIN, os.kill, (os.getpid(), number))
        timer.daemon = True
        timer.start()
    else:
        sys.__unraisablehook__(unraisable)
