"""`hyperborn ledger`."""

from pathlib import Path
from typing import Annotated

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

        from hyperborn.backends.ledger import Ledger
        from hyperborn.report.backends import ledger_table
        from hyperborn.training.replacing import LEDGER

        with closing(Ledger.read(run / LEDGER)) as found:
            jobs, total, limits = found.rows(), found.totals(), found.limits
        if as_json:
            spent = {"jobs": total.jobs, "shots": total.shots, "processor_seconds": total.seconds}
            emit({"run": str(run), "jobs": [asdict(job) for job in jobs], "spent": spent, "limits": asdict(limits)})
        else:
            show(ledger_table(jobs, total, limits))
