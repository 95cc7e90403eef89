"""`hyperborn resume`."""

from pathlib import Path
from typing import Annotated

import typer

from hyperborn.cli.output import Json, emit, explained, show


def resume(
    run: Annotated[Path, typer.Argument(help="Run folder of a run that was stopped.")],
    max_shots: Annotated[int | None, typer.Option(min=1, help="Shots of a backend, at most; else as before.")] = None,
    max_jobs: Annotated[int | None, typer.Option(min=1, help="Jobs of a backend, at most; else as before.")] = None,
    max_seconds: Annotated[
        float | None, typer.Option(help="Seconds of a backend's processor, at most; else as before.")
    ] = None,
    max_wait: Annotated[float | None, typer.Option(help="Seconds to wait for a job. Default: 86400.")] = None,
    as_json: Json = False,
) -> None:
    """Continue a run that was stopped, to the result it would have had; no shot is paid for twice."""
    with explained(as_json):
        from functools import partial

        from hyperborn.backends.jobs.budget import Limits
        from hyperborn.cli.folders import resumable
        from hyperborn.cli.spending import spent_in
        from hyperborn.compilation import keep_compiled_programs
        from hyperborn.progress import Progress
        from hyperborn.report.run_pictures import plots_of
        from hyperborn.report.tables import summary_table
        from hyperborn.runs import session

        keep_compiled_programs()
        with resumable(run), Progress() as progress:
            spending = session.Spending(Limits(max_shots, max_jobs, max_seconds), max_wait)
            result = session.resume(run, progress, plots=partial(plots_of, note=progress.note), spending=spending)
        summary = result.summary | spent_in(run) | {"out": str(run)}
        if as_json:
            emit(summary)
        else:
            show(summary_table(summary), is_saved=True)
