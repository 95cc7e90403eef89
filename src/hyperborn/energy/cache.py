"""Energies that are computed once: tables on disk, for later runs, and single energies in memory, for later steps."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits
from hyperborn.arguments import check_bits
from hyperborn.bits import LARGEST_TABLE, index_of, row_keys
from hyperborn.energy.likelihood import CheckedExamples
from hyperborn.energy.source import EnergySource
from hyperborn.likelihoods import Gaussian, SquaredError
from hyperborn.networks import BinaryConvNet, BinaryMLP, Network, Regression
from hyperborn.records import record_of

FORMAT = 2
"""Raise it when a change here or in a network alters energies: older tables are then not found.

In format 1 a table of a user's own network could have the name of one of ours. The format is part of the tables' keys.
Their files have a version of their own: `hyperborn.storage.formats.ARRAY`.
"""
CACHED = (BinaryMLP, BinaryConvNet)
"""Networks whose energies are kept, alone or in a `Regression`.

Their classes are final, so the name of the class says what it computes.
"""

CHEAP_PRODUCT = 10**6
"""Networks times examples below which computing is as fast as reading."""

MOST_KEPT = 2**20
"""Most energies in memory where there is no place for all."""


def through_cache(
    net: Network, examples: CheckedExamples, compute: Callable[[], np.ndarray], enabled: bool
) -> np.ndarray:
    """The table that `compute` returns, read from the cache on disk if it is there.

    Small tables are not kept, and neither are those of networks of other classes than `CACHED`: a record of their
    name and fields does not say what their code computes today.
    """
    if not enabled or not is_known(net) or 2**net.n_weights * len(examples.y) < CHEAP_PRODUCT:
        return compute()
    from hyperborn.storage.caches import cached_array

    return cached_array(energy_key(net, *examples), compute)


def is_known(net: Network) -> bool:
    """Whether a network's record says what it computes."""
    if isinstance(net, Regression):
        return type(net.network) in CACHED and isinstance(net.likelihood, Gaussian | SquaredError)
    return type(net) in CACHED


def energy_key(net: Network, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> str:
    """SHA-256 of the network's record and the data, as hexadecimal digits."""
    record: dict[str, Any] = {"format": FORMAT, "network": record_of(net), "x": x.shape, "y": y.shape}
    # Without weights it is the key that it was before there were any.
    record |= {} if weights is None else {"weights": weights.shape}
    digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode())
    for array in (x, y) if weights is None else (x, y, weights):
        digest.update(array.tobytes())
    return digest.hexdigest()


class CachedEnergies:
    """The energies (nats) of a source: that of each row is computed the first time, and then looked up."""

    def __init__(self, source: EnergySource) -> None:
        self.source = source
        self.computed = 0
        """Energies computed so far."""
        n = source.n_bits
        self.table = np.full(2**n, np.nan) if n <= LARGEST_TABLE else None
        self.keys, self.values = row_keys(np.empty((0, n), np.uint8)), np.empty(0)

    def __call__(self, bits: Bits) -> Float[np.ndarray, " networks"]:
        """The energy of each row, float64.

        Raises:
            UserError: if the rows do not fit the source, or a function of one's own fails.
        """
        # The index of rows that do not fit would be that of another network.
        check_bits("bits", bits, self.source.n_bits)
        return self.from_keys(bits) if self.table is None else self.from_table(bits, self.table)

    def from_table(self, bits: Bits, table: Float[np.ndarray, " states"]) -> Float[np.ndarray, " networks"]:
        places = index_of(bits)
        unknown = np.isnan(table[places])
        if unknown.any():
            new, first = np.unique(places[unknown], return_index=True)
            table[new] = self.compute(bits[unknown][first])
        return table[places]

    def from_keys(self, bits: Bits) -> Float[np.ndarray, " networks"]:
        known = len(self.keys)
        # Of equal keys the first is found, which is the known one if there is one.
        keys, first, places = np.unique(
            np.concatenate([self.keys, row_keys(bits)]), return_index=True, return_inverse=True
        )
        values, new = np.empty(len(keys)), first >= known
        values[~new] = self.values[first[~new]]
        values[new] = self.compute(bits[first[new] - known])
        self.keys, self.values = (keys, values) if len(keys) <= MOST_KEPT else (keys[:0], values[:0])
        return values[places[known:]]

    def compute(self, bits: Bits) -> Float[np.ndarray, " networks"]:
        self.computed += len(bits)
        return self.source(bits)
