"""The posterior that serves where none is chosen."""

from hyperborn.circuits import AllPairs
from hyperborn.posteriors.register import Register

SMALL = 10
"""Weights up to which few layers reach the posterior as closely as many."""


def default_depth(n_weights: int) -> int:
    """Layers of `AllPairs` beyond which more gained little (docs/elbo-gap.md)."""
    return 4 if n_weights <= SMALL else 8


def default_posterior(n_weights: int) -> Register:
    """A register of an `AllPairs` circuit of `default_depth`."""
    return Register(AllPairs(n_weights, default_depth(n_weights)))
