"""`hyperborn ledger`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from hyperborn.cli.output import Json, emit, explained, show


def ledger(
    run: Annotated[Path, typer.Argument(help="Run folder of a run on a backend, finished or not.")],
    as_json: Json = False,
) -> None:
    """Show what a run on a backend has spent: every job, and the shots and the processor time of all."""
    with explained(as_json):
        from contextlib import closing
        from dataclasses import asdict

        from hyperborn.backends.jobs.ledger import Ledger
        from hyperborn.report.backend_tables import ledger_table
        from hyperborn.runs.layout import EVALUATIONS, LEDGER, check_plain

        check_plain(run)
        found: dict[str, Any] = {}
        # Training first; without it a run may still have been measured elsewhere.
        names = {"training": LEDGER, "evaluations": EVALUATIONS}
        present = {part: run / name for part, name in names.items() if (run / name).exists()}
        for part, path in (present or {"training": run / LEDGER}).items():
            with closing(Ledger.read(path)) as opened:
                jobs, total, limits = opened.rows(), opened.totals(), opened.limits
            spent = {"jobs": total.jobs, "shots": total.shots, "processor_seconds": total.seconds}
            found[part] = {"jobs": [asdict(job) for job in jobs], "spent": spent, "limits": asdict(limits)}
            if not as_json:
                show(ledger_table(part, jobs, total, limits))
        if as_json:
            emit({"run": str(run), **found})
