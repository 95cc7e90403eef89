"""The posterior predictive over all 2^n networks."""

from collections.abc import Callable
from itertools import product

import numpy as np
from jax import Array
from jaxtyping import Float

from hyperborn._typing import Examples
from hyperborn.arguments import distribution
from hyperborn.bits import bits_of
from hyperborn.energy.enumeration import exponentials
from hyperborn.energy.likelihood import nll
from hyperborn.energy.sides import LARGEST_MARGIN, Block, code_blocks
from hyperborn.errors import whole_number
from hyperborn.networks import Network, check_network
from hyperborn.predictive.sampled import posterior_predictive

NEGLIGIBLE = 1e-12
"""Share of the probability that the least probable networks, left out of the sum, may hold together."""
FEW = 1 / 16
"""Share of all networks up to which evaluating them one by one is faster than all of them as pairs of codes."""


def exact_predictive(
    net: Network,
    x: Examples,
    probabilities: Float[np.ndarray | Array, " states"],
    *,
    memory: int = 512 * 2**20,
    progress: Callable[[int, int], None] | None = None,
) -> Float[np.ndarray, "examples classes"]:
    """Σ_w q(w) p(y|x, w) over all networks, float64, from q (2^n,) in index order.

    The least probable networks that together hold at most 1e-12 of q may be left out, and q is divided by the sum of
    what is kept. ``memory`` and ``progress`` are as in `posterior_predictive`.

    Raises:
        UserError: if q is no distribution over the networks, or the features do not fit the network.
    """
    check_network(net)
    net.check_features(x)
    whole_number("memory", memory, 1, why=" of bytes")
    q = distribution("probabilities", probabilities, net.n_weights)
    q = q / q.sum()
    kept = carriers(q)
    if len(kept) <= FEW * len(q):
        bits = bits_of(kept, net.n_weights)
        return posterior_predictive(net, x, bits, q[kept], memory=memory, progress=progress)
    return over_all(net, np.asarray(x, dtype=np.float64), q, memory, progress)


def carriers(q: Float[np.ndarray, " states"]) -> np.ndarray:
    """Indices, ascending, of the networks without the least probable ones that hold at most 1e-12 of q together."""
    order = np.argsort(q)
    dropped = np.searchsorted(np.cumsum(q[order]), NEGLIGIBLE, side="right")
    return np.sort(order[dropped:])


def over_all(
    net: Network, x: np.ndarray, q: np.ndarray, memory: int, progress: Callable[[int, int], None] | None
) -> np.ndarray:
    """The sum over all networks as pairs of codes.

    The probability of a class is one over the factor of an example of that class (see `hyperborn.energy.enumeration`).
    """
    total = np.zeros((len(x), net.n_classes))
    choices = net.choices
    of_choices = q.reshape(-1, len(choices)).T
    for place, (choice, label) in enumerate(product(range(len(choices)), range(net.n_classes))):
        own = of_choices[choice]
        for block in code_blocks(choices[choice], x, np.full(len(x), label), memory):
            total[block.examples, label] += block_sums(block, own[block.places])
            if progress is not None:
                progress(place * block.blocks + block.done, len(choices) * net.n_classes * block.blocks)
    return total


def block_sums(block: Block, q: Float[np.ndarray, "a b"]) -> Float[np.ndarray, " examples"]:
    """Each example's probability of the class that its margins are of, summed over the block's networks."""
    wild = np.maximum(*block.peaks()).max(axis=0) > LARGEST_MARGIN
    total = np.zeros(len(wild))
    for example in np.flatnonzero(wild):
        total[example] = (q * np.exp(-nll(block.left[:, :, None, example] + block.right[:, None, :, example]))).sum()
    lefts, rights = exponentials(block.left[:, :, ~wild]), exponentials(block.right[:, :, ~wild]).transpose(0, 2, 1)
    factor = np.empty_like(q)
    for example, rows, columns in zip(np.flatnonzero(~wild), lefts, rights, strict=True):
        np.matmul(rows, columns, out=factor)
        np.divide(q, factor, out=factor)
        total[example] = factor.sum()
    return total
