"""Predictions averaged over networks: over given ones, over draws, and over all 2^n."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
from jax import Array
from jaxtyping import Float

from hyperborn._typing import Bits, Examples
from hyperborn.arguments import check_bits, distribution, type_and_shape
from hyperborn.bits import bits_of
from hyperborn.energy.enumeration import code_blocks
from hyperborn.errors import UserError, whole_number
from hyperborn.likelihoods import Categorical
from hyperborn.networks import Network, check_network
from hyperborn.networks.outputs import blocks_of_outputs

NEGLIGIBLE = 1e-12
"""Most probability that the networks left out of the sum may have together."""

FEW = 1 / 16
"""Most networks, as a fraction of all, that are faster evaluated one by one than all of them as pairs of codes."""


def posterior_predictive(
    net: Network,
    x: Examples,
    bits: Bits,
    weights: Float[np.ndarray, " weights"] | None = None,
    *,
    memory: int = 512 * 2**20,
    progress: Callable[[int, int], None] | None = None,
) -> Float[np.ndarray, "examples classes"]:
    """Σ_w q(w) p(y|x, w) over the given networks, float64, from logits that `blocks_of_outputs` may have in float32.

    ``weights`` holds q, divided here by its sum; without it all networks count the same. ``memory`` bounds, in bytes,
    the temporary arrays over networks and examples; ``progress`` is called with networks times examples, done and in
    all.

    Raises:
        UserError: if bits or features do not fit the network, or the weights are no distribution over the networks.
    """
    check_network(net)
    categorical_of(net)
    net.check_features(x)
    check_bits("bits", bits, net.n_weights)
    whole_number("memory", memory, 1, why=" of bytes")
    q = normalised_weights(weights, len(bits))
    total = np.zeros((len(x), net.n_classes))
    done = 0
    for rows, columns, logits in blocks_of_outputs(net, bits, x, memory=memory, beside=4 * net.n_classes):
        probabilities = class_probabilities(logits)
        total[columns] += np.matmul(q[rows], probabilities).T
        done += probabilities.shape[1] * probabilities.shape[2]
        if progress is not None:
            progress(done, len(bits) * len(x))
    return total


def categorical_of(net: Network) -> Categorical:
    """The likelihood of a network that tells classes apart.

    Raises:
        UserError: for a regression.
    """
    likelihood = net.likelihood
    if not isinstance(likelihood, Categorical):
        raise UserError("the network predicts a number and has no classes; take Result.predictions, or a classifier")
    return likelihood


def class_probabilities(
    logits: Float[np.ndarray, "networks examples outputs"],
) -> Float[np.ndarray, "classes networks examples"]:
    """Probabilities from logits, classes first: NumPy is slow to reduce a short last axis."""
    terms = np.moveaxis(logits, 2, 0)
    if len(terms) == 1:
        terms = np.concatenate([np.zeros_like(terms), terms])
    # No exponent is positive, so nothing overflows, and the largest term is 1.
    terms = np.exp(terms - terms.max(axis=0))
    return terms / terms.sum(axis=0)


def normalised_weights(weights: Any, networks: int) -> Float[np.ndarray, " networks"]:
    """The weights as float64 that add up to 1; equal ones for none.

    Raises:
        UserError: if there are not as many, one is negative or not finite, or all are zero.
    """
    if weights is None:
        weights = np.ones(networks)
    if not isinstance(weights, np.ndarray) or weights.ndim != 1 or weights.dtype.kind not in "biuf":
        raise UserError(f"weights = {type_and_shape(weights)}: give an array of numbers, one a network")
    q = weights.astype(np.float64, copy=False)
    if len(q) != networks:
        raise UserError(f"{len(q)} weights do not fit {networks} networks; give one weight a network")
    total = q.sum()
    if not (q >= 0).all() or not 0 < total < np.inf:
        raise UserError(f"weights of {networks} networks, of sum {total:g}, must be finite, not negative, not all 0")
    return q / total


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
    categorical_of(net)
    net.check_features(x)
    whole_number("memory", memory, 1, why=" of bytes")
    q = distribution("probabilities", probabilities, net.n_weights)
    q = q / q.sum()
    kept = most_of_the_mass(q)
    if len(kept) <= FEW * len(q):
        bits = bits_of(kept, net.n_weights)
        return posterior_predictive(net, x, bits, q[kept], memory=memory, progress=progress)
    return sum_over_codes(net, np.asarray(x, dtype=np.float64), q, memory, progress)


def most_of_the_mass(q: Float[np.ndarray, " states"]) -> np.ndarray:
    """Indices, ascending, of all networks but the least probable ones, which hold at most `NEGLIGIBLE` together."""
    order = np.argsort(q)
    dropped = np.searchsorted(np.cumsum(q[order]), NEGLIGIBLE, side="right")
    return np.sort(order[dropped:])


def sum_over_codes(
    net: Network, x: np.ndarray, q: np.ndarray, memory: int, progress: Callable[[int, int], None] | None
) -> np.ndarray:
    """The sum over all networks as pairs of codes.

    The probability of a class is one over the factor of an example of that class: `hyperborn.likelihoods.categorical`.
    """
    total = np.zeros((len(x), net.n_classes))
    choices, likelihood = net.choices, categorical_of(net)
    of_choices = q.reshape(-1, len(choices)).T
    for place, (choice, label) in enumerate(product(range(len(choices)), range(net.n_classes))):
        own = of_choices[choice]
        for block in code_blocks(choices[choice], x, np.full(len(x), label), memory):
            total[block.examples, label] += likelihood.pair_predictions(block.left, block.right, own[block.places])
            if progress is not None:
                progress(place * block.blocks + block.done, len(choices) * net.n_classes * block.blocks)
    return total
