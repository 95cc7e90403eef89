"""`hyperborn study`."""

from pathlib import Path
from typing import Annotated

import typer

from hyperborn.cli.output import Json, emit, errors_explained, note
from hyperborn.cli.plugins import Plugins

OUT_HELP = "Folder to write; if absent runs/study-PLAN. Cells that are done are not run again."


def study_command(
    plan: Annotated[str, typer.Argument(help="TOML file of a plan, or the name of a built-in one.")] = "elbo-vs-mle",
    out: Annotated[Path | None, typer.Option(help=OUT_HELP)] = None,
    quick: Annotated[
        bool, typer.Option("--quick", metavar="", help="Few tasks, seeds and steps: shows that everything runs.")
    ] = False,
    plugin: Plugins = None,
    as_json: Json = False,
) -> None:
    """Run a study: methods compared on tasks, sizes and seeds. Processes with the same command share the work."""
    with errors_explained(as_json):
        from hyperborn.compilation import keep_compiled_programs
        from hyperborn.errors import UserError, warning_on_failure
        from hyperborn.parts import import_plugins
        from hyperborn.progress import Progress
        from hyperborn.report.plots import draw_all
        from hyperborn.study import report_files, scheduler
        from hyperborn.study.plan import Plan
        from hyperborn.study.store import Store

        keep_compiled_programs()
        import_plugins(plugin or ())
        report_files.check_parquet()
        planned = Plan.read(plan)
        planned = planned.quick() if quick else planned
        folder = out or Path("runs") / f"study-{Path(plan).stem}{'-quick' if quick else ''}"
        cells = scheduler.cells_of(planned, note)
        scheduler.check_cells(cells)
        store = Store(folder, planned.title)
        wanted = len({cell.key for *_, cell in cells})
        try:
            with Progress() as progress:
                scheduler.run_cells(cells, store, progress.counter("cells"))
        except KeyboardInterrupt as error:
            done = len(store.done() & {cell.key for *_, cell in cells})
            raise KeyboardInterrupt(f"stopped: {done} of {wanted} cells are done; the same command goes on") from error
        rows = scheduler.rows_of_cells(cells, store)
        report = report_files.report_of(planned, rows)
        store.write_report(report.files)
        # Drawn last: if a picture fails, the tables are saved.
        with warning_on_failure("the pictures", note):
            store.write_report(report.files | draw_all(report.pictures, note))
        failed = len({row["cell"] for row in rows if row.get("error") is not None})
        if failed:
            raise UserError(f"{failed} of {wanted} cells failed; {folder / 'study.md'} lists them, and all the others")
        if as_json:
            emit({"out": str(folder), "cells": wanted, "rows": len(rows)})
        else:
            note(f"{wanted} cells; tables, pictures and every cell's values are in {folder}")
