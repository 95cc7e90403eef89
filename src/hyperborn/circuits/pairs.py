"""Which pairs of qubits a circuit couples."""

from itertools import combinations
from typing import Any, TypeAlias

import numpy as np

from hyperborn._typing import Energies
from hyperborn.errors import UserError, whole_number

Pairs: TypeAlias = tuple[tuple[int, int], ...]

MOST_QUBITS = 1_000_000
"""Most qubits whose pairs are listed one by one."""


def all_pairs(n: int) -> Pairs:
    """All n (n - 1) / 2 pairs."""
    return tuple(combinations(range(n), 2))


def ring(n: int) -> Pairs:
    """Neighbours on a ring: n pairs, or fewer for n < 3."""
    whole_number("n", n, 1, MOST_QUBITS)
    return tuple(sorted({(min(j, (j + 1) % n), max(j, (j + 1) % n)) for j in range(n)} - {(0, 0)}))


def line(n: int) -> Pairs:
    """Neighbours on a line: n - 1 pairs, in two sets that each can be coupled at once."""
    whole_number("n", n, 1, MOST_QUBITS)
    return tuple((j, j + 1) for start in (0, 1) for j in range(start, n - 1, 2))


def ladder(n: int) -> Pairs:
    """Two rails (0, 1, ... and h, h + 1, ... with h = n / 2 rounded up) with a rung between each two."""
    whole_number("n", n, 1, MOST_QUBITS)
    half = (n + 1) // 2
    rails = [(j, j + 1) for j in range(n - 1) if j + 1 != half]
    return tuple(sorted(rails + [(j, j + half) for j in range(n - half)]))


def strongest(energies: Energies, n_pairs: int) -> Pairs:
    """The pairs whose two-body Walsh coefficients of the energy are the largest in size: what couples most.

    Raises:
        UserError: if there are not so many pairs.
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


def checked_pairs(pairs: Any, n: int) -> Pairs:
    """The pairs, each in rising order.

    Raises:
        UserError: for a pair of other qubits or of one qubit alone, or one that is named twice.
    """
    found: list[tuple[int, int]] = []
    if not isinstance(pairs, tuple | list):
        raise UserError(f"pairs = {pairs!r}: give pairs of qubits, such as ((0, 1), (1, 2))")
    for pair in pairs:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise UserError(f"pair {pair!r}: give two different qubits, such as (0, 1)")
        low, high = sorted(whole_number("qubit of a pair", qubit, 0, n - 1) for qubit in pair)
        if low == high or (low, high) in found:
            raise UserError(f"pair {(low, high)}: give pairs of two different qubits, each pair once")
        found.append((low, high))
    return tuple(found)
