"""Where circuits are run: batches of parameter vectors in, counts out.

A `Backend` is a record of settings, which a run's definition holds; its `Connection` does the work.
"""

from hyperborn.backends.backend import Backend, Connection
from hyperborn.backends.batch import Batch, Counts, Points, Preparations
from hyperborn.backends.statevector import Statevector

__all__ = ["Backend", "Batch", "Connection", "Counts", "Points", "Preparations", "Statevector"]
