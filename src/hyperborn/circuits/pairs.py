"""Circuits that couple pairs of qubits, and the choices of pairs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Parameters
from hyperborn.circuits.circuit import Circuit, rotated
from hyperborn.circuits.gate import Gate
from hyperborn.errors import UserError, whole_number

Pairs: TypeAlias = tuple[tuple[int, int], ...]

DEEPEST = 1_000
"""Most layers: their gates are listed one by one, and far fewer already reach any state."""

MOST_QUBITS = 1_000_000
"""Most qubits whose pairs are listed one by one."""


@dataclass(frozen=True)
class AllPairs(Circuit):
    """RY on every qubit, then `depth` layers of RZ on every qubit, RZZ on every pair, RY on every qubit.

    The phases of a layer are a quadratic form of the bits, like the energy of an Ising model. The RY layers make these
    phases interfere. Angles are one vector: those of the first RY layer, then layer by layer those of RZ, of RZZ (pairs
    in the order of ``itertools.combinations``) and of RY.
    """

    n_qubits: int
    depth: int = 2

    def __post_init__(self) -> None:
        whole_number("n_qubits", self.n_qubits, 1)
        whole_number("depth", self.depth, 1, DEEPEST)

    @property
    def parameter_shape(self) -> tuple[int]:
        return (n_angles(self.n_qubits, self.n_qubits * (self.n_qubits - 1) // 2, self.depth),)

    def gates(self) -> tuple[Gate, ...]:
        return tuple(layered_gates(self.n_qubits, all_pairs(self.n_qubits), self.depth))

    def product_angles(self, probabilities: Float[Array | np.ndarray, " n"]) -> Parameters:
        return first_layer(probabilities, self.n_parameters)


@dataclass(frozen=True)
class ChosenPairs(Circuit):
    """`AllPairs` with RZZ on the given pairs of qubits only, in their order, such as those of `ring_pairs`.

    Raises:
        UserError: for a pair with a qubit that the circuit does not have, of a qubit with itself, or given twice.
    """

    n_qubits: int
    pairs: Pairs
    depth: int = 2

    def __post_init__(self) -> None:
        whole_number("n_qubits", self.n_qubits, 1)
        whole_number("depth", self.depth, 1, DEEPEST)
        object.__setattr__(self, "pairs", checked_pairs(self.pairs, self.n_qubits))

    @property
    def parameter_shape(self) -> tuple[int]:
        return (n_angles(self.n_qubits, len(self.pairs), self.depth),)

    def gates(self) -> tuple[Gate, ...]:
        return tuple(layered_gates(self.n_qubits, self.pairs, self.depth))

    def product_angles(self, probabilities: Float[Array | np.ndarray, " n"]) -> Parameters:
        return first_layer(probabilities, self.n_parameters)


def n_angles(n: int, n_pairs: int, depth: int) -> int:
    """Number of angles."""
    return n + depth * (2 * n + n_pairs)


def layered_gates(n: int, pairs: Sequence[tuple[int, int]], depth: int) -> Iterable[Gate]:
    """The gates, each with its own angle, in the order of the angles."""
    yield from (Gate("ry", (qubit,), qubit) for qubit in range(n))
    for layer in range(depth):
        start = n_angles(n, len(pairs), layer)
        yield from (Gate("rz", (qubit,), start + qubit) for qubit in range(n))
        yield from (Gate("rzz", pair, start + n + place) for place, pair in enumerate(pairs))
        yield from (Gate("ry", (qubit,), start + n + len(pairs) + qubit) for qubit in range(n))


def first_layer(probabilities: Float[Array | np.ndarray, " n"], n_parameters: int) -> Parameters:
    """Angles of a first RY layer that rotates the qubits, and zeros: phases alone change no probability."""
    return rotated(probabilities, (n_parameters,), slice(len(probabilities)))


def all_pairs(n: int) -> Pairs:
    """All n (n - 1) / 2 pairs."""
    return tuple(combinations(range(n), 2))


def ring_pairs(n: int) -> Pairs:
    """Neighbours on a ring: n pairs, or fewer for n < 3."""
    whole_number("n", n, 1, MOST_QUBITS)
    return tuple(sorted({(min(j, (j + 1) % n), max(j, (j + 1) % n)) for j in range(n)} - {(0, 0)}))


def line_pairs(n: int) -> Pairs:
    """Neighbours on a line: n - 1 pairs, in two sets whose pairs share no qubit."""
    whole_number("n", n, 1, MOST_QUBITS)
    return tuple((j, j + 1) for start in (0, 1) for j in range(start, n - 1, 2))


def ladder_pairs(n: int) -> Pairs:
    """Two rails (0, 1, ... and h, h + 1, ... with h = n / 2 rounded up) and the rungs between them."""
    whole_number("n", n, 1, MOST_QUBITS)
    half = (n + 1) // 2
    rails = [(j, j + 1) for j in range(n - 1) if j + 1 != half]
    return tuple(sorted(rails + [(j, j + half) for j in range(n - half)]))


def checked_pairs(pairs: Any, n: int) -> Pairs:
    """The pairs, each in ascending order.

    Raises:
        UserError: for a pair with a qubit that is not among the n, of a qubit with itself, or given twice.
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
