"""`hyperborn resume`."""

from pathlib import Path
from typing import Annotated

import typer

from hyperborn.cli.output import Json, emit, explained, show


def resume(
    run: Annotated[Path, typer.Argument(help="Run folder of a run that was stopped.")], as_json: Json = False
) -> None:
    """Continue a run that was stopped, to the result it would have had."""
    with explained(as_json):
        from hyperborn.cli.folders import resumable
        from hyperborn.cli.pictures import plots_of
        from hyperborn.progress import Progress
        from hyperborn.report.tables import summary_table
        from hyperborn.training import session

        with resumable(run), Progress() as progress:
            result = session.resume(run, progress, plots=plots_of)
        summary = result.summary | {"out": str(run)}
        if as_json:
            emit(summary)
        else:
            show(summary_table(summary))
