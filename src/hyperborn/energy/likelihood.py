"""Energies of given networks: the negative log likelihood of the labels, in nats."""

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits, Examples, Targets
from hyperborn.arguments import check_bits, check_features
from hyperborn.data.weights import Weights, checked_weights
from hyperborn.errors import UserError, whole_number
from hyperborn.networks import Network, check_network
from hyperborn.networks.outputs import blocks_of_outputs
from hyperborn.printable import shown


@runtime_checkable
class Labelled(Protocol):
    """Anything that holds features x (examples, features) and labels y (examples,): class indices, or floats.

    It may hold weights (examples,) as well: how often each example counts. Without them, or where they are None, each
    counts once.
    """

    @property
    def x(self) -> Examples: ...

    @property
    def y(self) -> Targets: ...


class CheckedExamples(NamedTuple):
    """Features as contiguous float64, labels as their likelihood has them, and weights, None where each counts once."""

    x: Examples
    y: Targets
    weights: Weights | None


def checked_examples(net: Network, split: Labelled) -> CheckedExamples:
    """The examples of a split, after a check that they fit the network.

    Raises:
        UserError: for what is not a network or not a split, a wrong number of features, labels or weights, labels that
            the network's likelihood does not take, features that are not finite numbers, or negative weights.
    """
    check_network(net)
    if not isinstance(split, Labelled):
        raise UserError(f"split={shown(split)} must hold features x and labels y; give one split, such as data.train")
    check_features(split.x, net.n_features)
    likelihood = net.likelihood
    likelihood.check_labels(split.y, len(split.x), "a network")
    weights = getattr(split, "weights", None)
    return CheckedExamples(
        np.ascontiguousarray(split.x, dtype=np.float64),
        np.ascontiguousarray(split.y, dtype=likelihood.label_type),
        None if weights is None else checked_weights("weights", weights, len(split.y)),
    )


def energy(net: Network, split: Labelled, bits: Bits, *, memory: int = 512 * 2**20) -> Float[np.ndarray, " networks"]:
    """Energy of each network, a row of bits: its negative log likelihood in nats, summed over examples, float64.

    An example with a weight counts that often. Outputs of networks of over 24 weights may be those of float32, where
    they are many: see `hyperborn.networks.outputs`. Likelihoods and sums are float64.

    ``memory`` bounds, in bytes, the temporary arrays over networks and examples.

    Raises:
        UserError: if the data or the bits do not fit the network.
    """
    x, y, weights = checked_examples(net, split)
    check_bits("bits", bits, net.n_weights)
    whole_number("memory", memory, 1, why=" of bytes")
    total = np.zeros(len(bits))
    likelihood = net.likelihood
    # The terms of classes are held twice, with their exponentials.
    for rows, columns, outputs in blocks_of_outputs(net, bits, x, memory=memory, beside=4 * likelihood.n_terms):
        nll = likelihood.nll(outputs, y[columns])
        total[rows] += nll.sum(axis=1) if weights is None else nll @ weights[columns]
    return total
