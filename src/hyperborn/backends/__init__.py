"""Where circuits are run: batches of parameter vectors in, counts out.

A `Backend` is a record of settings, which a run's definition holds; its `Connection` does the work.
"""

from hyperborn.backends.backend import Backend, Connection
from hyperborn.backends.batch import Batch, Counts, Points, Preparations
from hyperborn.backends.jobs.budget import LimitReached, Limits
from hyperborn.backends.jobs.ledger import Ledger
from hyperborn.backends.jobs.retry import RetryPolicy
from hyperborn.backends.jobs.sampler import LedgerSampler
from hyperborn.backends.mitigation import Readout
from hyperborn.backends.names import BACKENDS, backend_named
from hyperborn.backends.outcomes import Outcomes
from hyperborn.backends.services.ibm import IBMDevice
from hyperborn.backends.services.pennylane import PennyLaneDevice
from hyperborn.backends.simulators.aer import Aer
from hyperborn.backends.simulators.fake_device import FakeDevice
from hyperborn.backends.simulators.noise import Noise
from hyperborn.backends.simulators.statevector import Statevector

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
    "LedgerSampler",
    "LimitReached",
    "Limits",
    "Noise",
    "Outcomes",
    "PennyLaneDevice",
    "Points",
    "Preparations",
    "Readout",
    "RetryPolicy",
    "Statevector",
    "backend_named",
]
