"""What serves where nothing is chosen."""

from hyperborn.inference.estimators import Estimator, Exact, FirstOrder
from hyperborn.posteriors import Posterior, Registers
from hyperborn.training.optimizers import Adam

EXACT_STEPS = 1000
"""Steps with exact gradients."""

SAMPLED_RATE = 0.1
"""Adam's learning rate (radians) for `Registers`."""

EPOCHS = 60
"""Passes over the data."""
FEWEST, MOST = 1500, 12_000
"""Steps on minibatches, at least and at most."""


def default_estimator(posterior: Posterior) -> Estimator:
    """`FirstOrder` for `Registers`, `Exact` otherwise."""
    return FirstOrder() if isinstance(posterior, Registers) else Exact()


def default_optimizer(estimator: Estimator) -> Adam:
    """Adam, with larger steps where gradients are estimated."""
    return Adam() if isinstance(estimator, Exact) else Adam(SAMPLED_RATE)


def default_steps(examples: int, batch_size: int) -> int:
    """`EPOCHS` over so many training examples, in bounds."""
    batches = max(1, examples // max(1, batch_size))
    return min(max(EPOCHS * batches, FEWEST), MOST)
