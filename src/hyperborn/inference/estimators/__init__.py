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
`ParameterShift`    none      2 P + 1 for P angles, or of a random part of them
`SPSA`              small     2 a direction
==================  ========  ============================================================
"""

from hyperborn.inference.estimators.batch import Batch
from hyperborn.inference.estimators.estimator import Estimator, SampledEstimator
from hyperborn.inference.estimators.exact import Exact
from hyperborn.inference.estimators.first_order import FirstOrder
from hyperborn.inference.estimators.local_expectation import LocalExpectation
from hyperborn.inference.estimators.local_reparameterization import LocalReparameterization
from hyperborn.inference.estimators.parameter_shift import ParameterShift
from hyperborn.inference.estimators.score_function import ScoreFunction
from hyperborn.inference.estimators.shot_estimator import ShotEstimator
from hyperborn.inference.estimators.spsa import SPSA
from hyperborn.inference.estimators.straight_through import StraightThrough

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
    "Batch",
    "Estimator",
    "Exact",
    "FirstOrder",
    "LocalExpectation",
    "LocalReparameterization",
    "ParameterShift",
    "SampledEstimator",
    "ScoreFunction",
    "ShotEstimator",
    "StraightThrough",
]
