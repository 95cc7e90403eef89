"""The data an energy is taken over, and the checks that it fits the network."""

from typing import Protocol, runtime_checkable

import numpy as np

from hyperborn._typing import Examples, Labels
from hyperborn.arguments import check_features, check_labels
from hyperborn.errors import UserError
from hyperborn.networks import Network, check_network
from hyperborn.printable import shown


@runtime_checkable
class Labelled(Protocol):
    """Anything that holds features x (examples, features) and integer class labels y (examples,)."""

    @property
    def x(self) -> Examples: ...

    @property
    def y(self) -> Labels: ...


def checked(net: Network, split: Labelled) -> tuple[np.ndarray, np.ndarray]:
    """Features as contiguous float64 and labels as int64, once they are known to fit the network.

    Raises:
        UserError: for what is no network or no split, a wrong number of features or labels, labels that are no whole
            numbers or out of range, or features that are no finite numbers.
    """
    check_network(net)
    if not isinstance(split, Labelled):
        raise UserError(f"split={shown(split)} must hold features x and labels y; give one split, such as data.train")
    check_features(split.x, net.n_features)
    check_labels(split.y, len(split.x), net.n_classes, "a network")
    return np.ascontiguousarray(split.x, dtype=np.float64), np.ascontiguousarray(split.y, dtype=np.int64)
