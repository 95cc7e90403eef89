"""What a run on a backend takes: estimated before, allowed, and spent."""

from pathlib import Path
from typing import Any

from hyperborn.backends.jobs.budget import Limits
from hyperborn.backends.jobs.ledger import Ledger
from hyperborn.config import RunConfig
from hyperborn.runs.layout import LEDGER
from hyperborn.runs.session import Spending


def spending_of(config: RunConfig) -> Spending:
    """What a configuration allows."""
    return Spending(Limits(config.max_shots, config.max_jobs, config.max_seconds), config.max_wait)


def spent_in(folder: Path) -> dict[str, Any]:
    """What the ledger in a run's folder says was spent; nothing where there is none."""
    if not (folder / LEDGER).exists():
        return {}
    ledger = Ledger.read(folder / LEDGER)
    total = ledger.totals()
    ledger.close()
    return {"spent": {"jobs": total.jobs, "shots": total.shots, "processor_seconds": total.seconds}}
