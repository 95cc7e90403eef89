"""What serves where nothing is chosen."""

from hyperborn.inference.estimators import Estimator, Exact, StraightThrough
from hyperborn.posteriors import Posterior, Registers

EXACT_STEPS = 1000
"""Steps with exact gradients."""

EPOCHS = 60
"""Passes over the data."""
FEWEST, MOST = 1500, 12_000
"""Steps on minibatches, at least and at most."""


def default_estimator(posterior: Posterior) -> Estimator:
    """`StraightThrough` for `Registers`, `Exact` otherwise."""
    return StraightThrough() if isinstance(posterior, Registers) else Exact()


def default_steps(examples: int, batch_size: int) -> int:
    """`EPOCHS` over so many training examples, in bounds."""
    batches = max(1, examples // max(1, batch_size))
    return min(max(EPOCHS * batches, FEWEST), MOST)
