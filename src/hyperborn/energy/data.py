"""The data an energy is taken over, and the checks that it fits the network."""

from typing import Protocol, runtime_checkable

import numpy as np

from hyperborn._typing import Examples, Labels
from hyperborn.errors import UserError
from hyperborn.networks import Network


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
        UserError: for what is no network or no split, a wrong number of features or labels, a label out of range, or
            features that are not finite.
    """
    if not isinstance(net, Network):
        raise UserError(f"net={net!r} must be a network, such as BinaryMLP(n_features=4)")
    if not isinstance(split, Labelled):
        raise UserError(f"split={split!r} must hold features x and labels y; give one split, such as data.train")
    x = np.ascontiguousarray(split.x, dtype=np.float64)
    y = np.ascontiguousarray(split.y, dtype=np.int64)
    net.check_features(x)
    if len(x) != len(y):
        raise UserError(f"{len(x)} examples with {len(y)} labels; give one label an example")
    strange = y[(y < 0) | (y >= net.n_classes)]
    if strange.size:
        last = net.n_classes - 1
        raise UserError(f"label {strange[0]} is out of range; a network of {last + 1} classes takes 0 to {last}")
    return x, y
