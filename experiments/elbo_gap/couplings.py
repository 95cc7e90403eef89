"""The pairs of weights that the energy of a task couples most."""

import numpy as np

from hyperborn._typing import EnergyTable
from hyperborn.circuits.pairs import Pairs, all_pairs
from hyperborn.errors import whole_number


def strongest(energies: EnergyTable, n_pairs: int) -> Pairs:
    """The pairs with the largest two-body Walsh coefficients of the energy, by absolute value.

    Raises:
        UserError: if there are fewer than `n_pairs` pairs.
    """
    n = len(energies).bit_length() - 1
    candidates = all_pairs(n)
    whole_number("n_pairs", n_pairs, 0, len(candidates))
    table = energies.reshape((2,) * n)
    sizes = [abs(coupling(table, pair)) for pair in candidates]
    order = np.argsort(-np.asarray(sizes), kind="stable")[:n_pairs]
    return tuple(sorted(candidates[place] for place in order))


def coupling(table: np.ndarray, pair: tuple[int, int]) -> float:
    """Mean of z_i z_j times a table over all bits, z = -1 where a bit is 0."""
    others = tuple(axis for axis in range(table.ndim) if axis not in pair)
    (a, b), (c, d) = table.mean(axis=others)
    return float(a - b - c + d) / 4
