"""Energies of the networks that shots bring up, each computed once."""

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits
from hyperborn.arguments import check_bits
from hyperborn.bits import LARGEST_INDEXED, index_of
from hyperborn.energy.data import Labelled, checked
from hyperborn.energy.given import energy
from hyperborn.networks import Network

LARGEST_TABLE = 20
"""Most weights of which there is a place for every network: 8 MiB."""

MOST = 2**20
"""Networks that are remembered at most, where there is no place for all."""


class RememberedEnergies:
    """The energy (nats) of given networks on fixed examples; what was asked for before is only looked up.

    Raises:
        UserError: if the examples do not fit the network.
    """

    def __init__(self, network: Network, split: Labelled) -> None:
        checked(network, split)
        self.network, self.split = network, split
        self.computed = 0
        """Energies computed so far."""
        n = network.n_weights
        self.table = np.full(2**n, np.nan) if n <= LARGEST_TABLE else None
        self.keys, self.values = keys_of(np.empty((0, n), np.uint8)), np.empty(0)

    def __call__(self, bits: Bits) -> Float[np.ndarray, " networks"]:
        """The energy of each row, float64.

        Raises:
            UserError: if the rows do not fit the network.
        """
        # The index of other rows would find another network's energy.
        check_bits("bits", bits, self.network.n_weights)
        return self.looked_up(bits) if self.table is None else self.tabled(bits, self.table)

    def tabled(self, bits: Bits, table: Float[np.ndarray, " states"]) -> Float[np.ndarray, " networks"]:
        places = index_of(bits)
        unknown = np.isnan(table[places])
        if unknown.any():
            new, first = np.unique(places[unknown], return_index=True)
            table[new] = self.compute(bits[unknown][first])
        return table[places]

    def looked_up(self, bits: Bits) -> Float[np.ndarray, " networks"]:
        known = len(self.keys)
        # The first of equal keys is the one that is known, if any.
        keys, first, places = np.unique(
            np.concatenate([self.keys, keys_of(bits)]), return_index=True, return_inverse=True
        )
        values, new = np.empty(len(keys)), first >= known
        values[~new] = self.values[first[~new]]
        values[new] = self.compute(bits[first[new] - known])
        self.keys, self.values = (keys, values) if len(keys) <= MOST else (keys[:0], values[:0])
        return values[places[known:]]

    def compute(self, bits: Bits) -> Float[np.ndarray, " networks"]:
        self.computed += len(bits)
        return energy(self.network, self.split, bits)


def keys_of(bits: Bits) -> np.ndarray:
    """What can be sorted and compared in place of rows of bits."""
    if bits.shape[1] <= LARGEST_INDEXED:
        return index_of(bits)
    packed = np.ascontiguousarray(np.packbits(bits, axis=1))
    return packed.view(np.dtype((np.void, packed.shape[1]))).reshape(-1)
