"""What serves where nothing is chosen."""

from typing import Any

from hyperborn.errors import whole_number
from hyperborn.inference.estimators import SPSA, Estimator, Exact, FirstOrder, ShotEstimator
from hyperborn.posteriors import Posterior, Registers, SampledPosterior
from hyperborn.training.optimizers import Adam, Gains, Optimizer

EXACT_STEPS = 1000
"""Steps with exact gradients."""

SAMPLED_RATE = 0.1
"""Adam's learning rate (radians) for `Registers`."""

SHOT_STEPS = 100
"""Steps from shots, each of which is a job."""

EPOCHS = 60
"""Passes over the data."""
FEWEST, MOST = 1500, 12_000
"""Steps on minibatches, at least and at most."""


def default_estimator(posterior: Posterior) -> Estimator:
    """`SPSA` on a backend, `FirstOrder` for `Registers`, `Exact` otherwise."""
    if isinstance(posterior, SampledPosterior):
        return SPSA()
    return FirstOrder() if isinstance(posterior, Registers) else Exact()


def default_optimizer(estimator: Estimator) -> Optimizer:
    """Adam, with larger steps where gradients are estimated; `Gains` for SPSA."""
    if isinstance(estimator, SPSA):
        return Gains()
    return Adam() if isinstance(estimator, Exact) else Adam(SAMPLED_RATE)


def default_steps(examples: int, batch_size: Any) -> int:
    """`EPOCHS` over so many training examples, in bounds.

    Raises:
        UserError: if the batch size is no whole number of at least 1.
    """
    batches = max(1, examples // whole_number("batch_size", batch_size, 1))
    return min(max(EPOCHS * batches, FEWEST), MOST)


def steps_of(estimator: Estimator, examples: int, batch_size: Any) -> int:
    """Steps of an estimator for so many training examples.

    Raises:
        UserError: if the batch size is no whole number of at least 1.
    """
    if isinstance(estimator, ShotEstimator):
        return SHOT_STEPS
    return EXACT_STEPS if isinstance(estimator, Exact) else default_steps(examples, batch_size)
