"""Estimators: from a functional of q to a gradient of the angles.

`Exact` goes through all 2^n probabilities. The others serve networks of any size on `Registers`, whose tables of 2^k
probabilities the gradient flows through; they differ in what they make of E_q[energy]:

=========================  ========  ==================================================================
estimator                  bias      a step costs
=========================  ========  ==================================================================
`FirstOrder`               small     a forward and a backward pass for each of a few networks
`StraightThrough`          small     the same, and 2^k random numbers for each register of each
`LocalReparameterization`  small     one pass with means and variances of sums, layers of a `BinaryMLP`
`ScoreFunction`            none      a forward pass for each of many networks
`LocalExpectation`         none      a forward pass for each outcome of each register
=========================  ========  ==================================================================

Two more need shots alone, for posteriors on a backend; they differ in the circuits of a step:

==================  ========  ============================================================
estimator           bias      circuits a step
==================  ========  ============================================================
`ParameterShift`    none      2 P + 1 for P angles of gates (4 for one of CRX, CRY, CRZ)
`SPSA`              small     2 a direction
==================  ========  ============================================================
"""

from hyperborn.energy.of_network import Minibatch
from hyperborn.training.estimator import Estimator
from hyperborn.training.exact import Exact, ExactEstimator
from hyperborn.training.minibatch.estimator import MinibatchEstimator
from hyperborn.training.minibatch.first_order import FirstOrder
from hyperborn.training.minibatch.local_expectation import LocalExpectation
from hyperborn.training.minibatch.local_reparameterization import LocalReparameterization
from hyperborn.training.minibatch.score_function import ScoreFunction
from hyperborn.training.minibatch.straight_through import StraightThrough
from hyperborn.training.shots.estimator import ShotEstimator
from hyperborn.training.shots.parameter_shift import ParameterShift
from hyperborn.training.shots.spsa import SPSA

ESTIMATORS: dict[str, type[Estimator]] = {
    kind.name: kind
    for kind in (
        *(Exact, FirstOrder, StraightThrough, LocalReparameterization, ScoreFunction, LocalExpectation),
        *(ParameterShift, SPSA),
    )
}

__all__ = [
    "ESTIMATORS",
    "SPSA",
    "Estimator",
    "Exact",
    "ExactEstimator",
    "FirstOrder",
    "LocalExpectation",
    "LocalReparameterization",
    "Minibatch",
    "MinibatchEstimator",
    "ParameterShift",
    "ScoreFunction",
    "ShotEstimator",
    "StraightThrough",
]
