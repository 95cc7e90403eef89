"""Where circuits are run: batches of parameter vectors in, counts out.

A `Backend` is a record of settings, which a run's definition holds; its `Connection` does the work.
"""

from hyperborn.backends.aer import Aer
from hyperborn.backends.backend import Backend, Connection
from hyperborn.backends.batch import Batch, Counts, Points, Preparations
from hyperborn.backends.fake_device import FakeDevice
from hyperborn.backends.ibm import IBMDevice
from hyperborn.backends.ledger import Ledger
from hyperborn.backends.limits import LimitReached, Limits
from hyperborn.backends.mitigation import Readout
from hyperborn.backends.names import BACKENDS, backend_named
from hyperborn.backends.noise import Noise
from hyperborn.backends.outcomes import Outcomes
from hyperborn.backends.pennylane import PennyLaneDevice
from hyperborn.backends.persistence import Persistence
from hyperborn.backends.recorded import Recorded
from hyperborn.backends.statevector import Statevector

__all__ = [
    "BACKENDS",
    "Aer",
    "Backend",
    "Batch",
    "Connection",
    "Counts",
    "FakeDevice",
    "IBMDevice",
    "Ledger",
    "LimitReached",
    "Limits",
    "Noise",
    "Outcomes",
    "PennyLaneDevice",
    "Persistence",
    "Points",
    "Preparations",
    "Readout",
    "Recorded",
    "Statevector",
    "backend_named",
]
