"""Tables of energies kept on disk between runs, by a hash of everything they depend on."""

import hashlib
import json
from collections.abc import Callable

import numpy as np

from hyperborn.networks import BinaryConvNet, BinaryMLP, Network
from hyperborn.records import record_of

FORMAT = 2
"""Raise it when a change here or in a network alters energies, so that older tables are not found.

At 1, tables of foreign networks could stand under the names of ours. It is part of the tables' keys. What their files
look like has a version of its own: `hyperborn.storage.formats.ARRAY`.
"""
CACHED = (BinaryMLP, BinaryConvNet)
"""Networks whose energies are kept. Their classes are final, so that the name of the class says what it computes."""
SMALL = 10**6
"""Networks times examples below which computing is as quick as reading."""


def through_cache(
    net: Network, x: np.ndarray, y: np.ndarray, compute: Callable[[], np.ndarray], enabled: bool
) -> np.ndarray:
    """The table that compute returns, from the cache on disk where it is worth it.

    Of networks of other kinds than hyperborn's own nothing is kept: a record of their fields does not say what their
    code computes.
    """
    if not enabled or type(net) not in CACHED or 2**net.n_weights * len(y) < SMALL:
        return compute()
    from hyperborn.storage.caches import cached_array

    return cached_array(energy_key(net, x, y), compute)


def energy_key(net: Network, x: np.ndarray, y: np.ndarray) -> str:
    """SHA-256 of the network's record and the data, as hexadecimal digits."""
    record = {"format": FORMAT, "network": record_of(net), "x": x.shape, "y": y.shape}
    digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode())
    digest.update(x.tobytes())
    digest.update(y.tobytes())
    return digest.hexdigest()
