"""Where circuits are run: batches of parameter vectors in, counts out.

A `Backend` is a record of settings, which a run's definition holds; its `Connection` does the work.
"""

from hyperborn.backends.backend import Backend, Connection
from hyperborn.backends.batch import Batch, Counts, Points, Preparations
from hyperborn.backends.ledger import Ledger
from hyperborn.backends.limits import LimitReached, Limits
from hyperborn.backends.persistence import Persistence
from hyperborn.backends.recorded import Recorded
from hyperborn.backends.statevector import Statevector

__all__ = [
    "Backend",
    "Batch",
    "Connection",
    "Counts",
    "Ledger",
    "LimitReached",
    "Limits",
    "Persistence",
    "Points",
    "Preparations",
    "Recorded",
    "Statevector",
]
