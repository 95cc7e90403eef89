"""The ledger of a run: its jobs, their counts and their cost, in one SQLite file that survives crashes."""

from hyperborn.backends.jobs.ledger.jobs import Job, JobState, Request
from hyperborn.backends.jobs.ledger.ledger import RUN_LEDGER, Ledger
from hyperborn.backends.jobs.ledger.packing import is_storable

__all__ = ["RUN_LEDGER", "Job", "JobState", "Ledger", "Request", "is_storable"]
