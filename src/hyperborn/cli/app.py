"""The commands, and the entry point."""

import sys
from typing import cast

import typer

from hyperborn.cli import compare, doctor, evaluate, predict, resume, train
from hyperborn.cli.output import USERS, failed

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
app.command("doctor")(doctor.doctor)


# Typer hides the class that all its usage errors share.
USAGE_ERROR = cast("type[Exception]", typer.BadParameter.__base__)


def main() -> None:
    """Run the command line; a wrong flag is one line and exit code 2, like every other mistake."""
    try:
        code = app(standalone_mode=False)
    except USAGE_ERROR as error:
        # Without arguments the help has been printed, and there is nothing to add.
        text = getattr(error, "format_message", error.__str__)()
        line = f"{text.rstrip('.?')}; see hyperborn --help"
        code = failed(line, USERS, "--json" in sys.argv).exit_code if text else USERS
    except BrokenPipeError:
        sys.stderr.close()
        code = 0
    sys.exit(code if isinstance(code, int) else 0)
