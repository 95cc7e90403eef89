"""Tables about a backend: what was spent on it, and the results of its test."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hyperborn.backends.conformance.conformance import Conformance
from hyperborn.backends.jobs.budget import Limits, Spent
from hyperborn.backends.jobs.ledger import Job
from hyperborn.report.notation import MISSING, number_text
from hyperborn.report.tables import facts_table, plain_table, text_cells, titled

if TYPE_CHECKING:
    import rich.table

MOST_ROWS = 40
"""Jobs that are listed; of more jobs, the first and the last."""

LONGEST = 60
"""Characters of an error that are shown."""


def ledger_table(part: str, jobs: Sequence[Job], total: Spent, limits: Limits) -> "rich.table.Table":
    """A row for each job, then the totals with their limits; `part` says what the jobs were for."""
    from rich.padding import Padding

    table = plain_table(["job", "attempt", "state", "circuits", "shots each", "seconds", "id"])
    half = MOST_ROWS // 2
    left_out = len(jobs) - MOST_ROWS
    shown = jobs if left_out <= 0 else [*jobs[:half], *jobs[-half:]]
    for place, job in enumerate(shown):
        if left_out > 0 and place == half:
            table.add_row(*text_cells([f"... {left_out:,} more", *[""] * 6]))
        request = job.request
        texts = (
            request.label,
            str(job.attempt),
            job.state if job.error is None else f"{job.state}: {job.error[:LONGEST]}",
            f"{request.points:,}",
            f"{request.shots:,}",
            MISSING if job.seconds is None else number_text(job.seconds),
            job.id or MISSING,
        )
        table.add_row(*text_cells(texts))
    facts = [
        ("jobs", allowed(f"{total.jobs:,}", limits.max_jobs)),
        ("shots", allowed(f"{total.shots:,}", limits.max_shots)),
        ("processor seconds", allowed(number_text(total.seconds), limits.max_seconds)),
    ]
    names = ", ".join(dict.fromkeys(job.request.backend for job in jobs)) or "nothing was sent"
    return titled(f"{part}: {names}", [table, Padding(facts_table(facts), (1, 0, 0, 0))])


def conformance_table(found: Conformance) -> "rich.table.Table":
    """A row a check, and a verdict."""
    table = plain_table(["check", "", "found"])
    for check in found.checks:
        table.add_row(*text_cells([check.name, "passed" if check.passed else "FAILED", check.finding]))
    table.columns[2].justify = "left"
    verdict = "may be trusted" if found.passed else "must not be trusted"
    shots = f"{found.circuits} circuits, twice, of {found.shots:,} shots"
    return titled(f"{found.backend} {verdict} with the order of bits and points ({shots})", [table])


def allowed(spent: str, limit: int | float | None) -> str:
    """What was spent, and its limit if there is one."""
    return spent if limit is None else f"{spent} of {limit:,g}"
