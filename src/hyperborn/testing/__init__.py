"""Whether a part of one's own keeps the contract of its abstract class: the suites that hyperborn's own parts pass.

    import hyperborn as hb

    hb.testing.check_circuit(MyAnsatz(4))
    hb.testing.check_divergence(MyDivergence(0.5))

A check returns nothing, or raises a `ContractError`, an `AssertionError` with a sentence: what was checked, what was
found at which example, and what usually is the cause. The checks take seconds, need nothing but hyperborn's own
dependencies, and are functions of their arguments alone, `seed` included. They are of small sizes: give a circuit of a
few qubits.
"""

from hyperborn.testing.backends import check_backend
from hyperborn.testing.circuits import check_circuit
from hyperborn.testing.contract import ContractError
from hyperborn.testing.divergences import check_divergence
from hyperborn.testing.estimators import check_estimator
from hyperborn.testing.networks import check_network
from hyperborn.testing.objectives import check_objective
from hyperborn.testing.priors import check_prior

__all__ = [
    "ContractError",
    "check_backend",
    "check_circuit",
    "check_divergence",
    "check_estimator",
    "check_network",
    "check_objective",
    "check_prior",
]
