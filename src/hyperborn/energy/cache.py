"""Tables of energies kept on disk between runs, by a hash of everything they depend on."""

import hashlib
import json
from collections.abc import Callable

import numpy as np

from hyperborn.networks import Network
from hyperborn.records import record_of

FORMAT = 1
"""Raise it when a change here or in a network alters energies, so that older tables are not found."""
SMALL = 10**6
"""Networks times examples below which computing is as quick as reading."""


def through_cache(
    net: Network, x: np.ndarray, y: np.ndarray, compute: Callable[[], np.ndarray], enabled: bool
) -> np.ndarray:
    """The table that compute returns, from the cache on disk where it is worth it."""
    if not enabled or 2**net.n_weights * len(y) < SMALL:
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
