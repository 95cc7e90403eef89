"""Energies of given networks: the negative log likelihood of the labels, in nats."""

from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits, Examples, Targets
from hyperborn.arguments import check_bits, check_features
from hyperborn.errors import UserError, whole_number
from hyperborn.networks import Network, check_network
from hyperborn.networks.network import memory_blocks
from hyperborn.printable import shown


@runtime_checkable
class Labelled(Protocol):
    """Anything that holds features x (examples, features) and labels y (examples,): class indices, or floats."""

    @property
    def x(self) -> Examples: ...

    @property
    def y(self) -> Targets: ...


def checked_examples(net: Network, split: Labelled) -> tuple[np.ndarray, np.ndarray]:
    """Features as contiguous float64 and labels as their likelihood has them, after a check that they fit the network.

    Raises:
        UserError: for what is not a network or not a split, a wrong number of features or labels, labels that the
            network's likelihood does not take, or features that are not finite numbers.
    """
    check_network(net)
    if not isinstance(split, Labelled):
        raise UserError(f"split={shown(split)} must hold features x and labels y; give one split, such as data.train")
    check_features(split.x, net.n_features)
    likelihood = net.likelihood
    likelihood.check_labels(split.y, len(split.x), "a network")
    return np.ascontiguousarray(split.x, dtype=np.float64), np.ascontiguousarray(split.y, dtype=likelihood.label_type)


def energy(net: Network, split: Labelled, bits: Bits, *, memory: int = 512 * 2**20) -> Float[np.ndarray, " networks"]:
    """Energy of each network, a row of bits: its negative log likelihood in nats, summed over examples, float64.

    ``memory`` bounds, in bytes, the temporary arrays over networks and examples.

    Raises:
        UserError: if the data or the bits do not fit the network.
    """
    x, y = checked_examples(net, split)
    check_bits("bits", bits, net.n_weights)
    whole_number("memory", memory, 1, why=" of bytes")
    total = np.zeros(len(bits))
    likelihood = net.likelihood
    # The terms of classes are held twice, with their exponentials.
    for rows, columns in memory_blocks(net, len(bits), len(y), memory=memory, beside=4 * likelihood.n_terms):
        total[rows] += likelihood.nll(net(bits[rows], x[columns]), y[columns]).sum(axis=1)
    return total
