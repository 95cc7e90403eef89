"""Predictions of given networks, and their average under given weights."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits, Examples
from hyperborn.arguments import check_bits, type_and_shape
from hyperborn.bits import distinct_rows
from hyperborn.errors import UserError, whole_number
from hyperborn.networks import Network, check_network
from hyperborn.networks.blocks import blocks


def posterior_predictive(
    net: Network,
    x: Examples,
    bits: Bits,
    weights: Float[np.ndarray, " weights"] | None = None,
    *,
    memory: int = 512 * 2**20,
    progress: Callable[[int, int], None] | None = None,
) -> Float[np.ndarray, "examples classes"]:
    """Σ_w q(w) p(y|x, w) over the given networks, float64.

    ``weights`` holds q, divided here by its sum; without it all networks count the same. ``memory`` bounds, in bytes,
    the temporary arrays over networks and examples; ``progress`` is called with networks times examples, done and in
    all.

    Raises:
        UserError: if bits or features do not fit the network, or the weights are no distribution over the networks.
    """
    check_network(net)
    net.check_features(x)
    check_bits("bits", bits, net.n_weights)
    whole_number("memory", memory, 1, why=" of bytes")
    q = shares_of(weights, len(bits))
    total = np.zeros((len(x), net.n_classes))
    done = 0
    for rows, columns in blocks(net, len(bits), len(x), memory=memory, beside=4 * net.n_classes):
        share = class_shares(net(bits[rows], x[columns]))
        total[columns] += np.matmul(q[rows], share).T
        done += share.shape[1] * share.shape[2]
        if progress is not None:
            progress(done, len(bits) * len(x))
    return total


def sampled_predictive(
    net: Network,
    x: Examples,
    bits: Bits,
    *,
    memory: int = 512 * 2**20,
    progress: Callable[[int, int], None] | None = None,
) -> Float[np.ndarray, "examples classes"]:
    """Posterior predictive from sampled networks, each counted as often as it was drawn but evaluated once.

    Raises:
        UserError: if there is no sample, or the bits or the features do not fit the network.
    """
    check_network(net)
    check_bits("bits", bits, net.n_weights)
    drawn, _, counts = distinct_rows(bits)
    return posterior_predictive(net, x, drawn, counts.astype(np.float64), memory=memory, progress=progress)


def class_shares(
    logits: Float[np.ndarray, "networks examples outputs"],
) -> Float[np.ndarray, "classes networks examples"]:
    """Probabilities from logits, classes first: NumPy is slow to reduce a short last axis."""
    terms = np.moveaxis(logits, 2, 0)
    if len(terms) == 1:
        terms = np.concatenate([np.zeros_like(terms), terms])
    # No exponent is positive, so nothing overflows, and the largest term is 1.
    terms = np.exp(terms - terms.max(axis=0))
    return terms / terms.sum(axis=0)


def shares_of(weights: Any, networks: int) -> Float[np.ndarray, " networks"]:
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
