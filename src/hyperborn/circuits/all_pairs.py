"""Rotations and phases of pairs of qubits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float

from hyperborn._typing import Parameters
from hyperborn.circuits.circuit import Circuit, rotation_to
from hyperborn.circuits.gates import Gate
from hyperborn.circuits.pairs import Pairs, all_pairs, checked_pairs
from hyperborn.errors import whole_number

DEEPEST = 1_000
"""Most layers: their gates are listed one by one, and far fewer already reach any state."""


@dataclass(frozen=True)
class AllPairs(Circuit):
    """RY on every qubit, then `depth` layers of RZ on every qubit, RZZ on every pair, RY on every qubit.

    The phases of a layer are a quadratic form of the bits, as the energy of an Ising model is, and the RY layers make
    them interfere. Angles are one vector: those of the first RY layer, then layer by layer those of RZ, of RZZ (pairs
    in the order of ``itertools.combinations``) and of RY.
    """

    n_qubits: int
    depth: int = 2

    def __post_init__(self) -> None:
        whole_number("n_qubits", self.n_qubits, 1)
        whole_number("depth", self.depth, 1, DEEPEST)

    @property
    def parameter_shape(self) -> tuple[int]:
        return (count(self.n_qubits, self.n_qubits * (self.n_qubits - 1) // 2, self.depth),)

    def gates(self) -> tuple[Gate, ...]:
        return tuple(listed(self.n_qubits, all_pairs(self.n_qubits), self.depth))

    def product_angles(self, probabilities: Float[Array, " n"]) -> Parameters:
        return first_layer(probabilities, self.n_parameters)


@dataclass(frozen=True)
class ChosenPairs(Circuit):
    """`AllPairs` with RZZ on the given pairs of qubits alone, in their order; see `hyperborn.circuits.pairs`.

    Raises:
        UserError: for a pair of other qubits or of one qubit alone, or one that is named twice.
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
        return (count(self.n_qubits, len(self.pairs), self.depth),)

    def gates(self) -> tuple[Gate, ...]:
        return tuple(listed(self.n_qubits, self.pairs, self.depth))

    def product_angles(self, probabilities: Float[Array, " n"]) -> Parameters:
        return first_layer(probabilities, self.n_parameters)


def count(n: int, n_pairs: int, depth: int) -> int:
    """Number of angles."""
    return n + depth * (2 * n + n_pairs)


def listed(n: int, pairs: Sequence[tuple[int, int]], depth: int) -> Iterable[Gate]:
    """The gates, each with an angle of its own, in the order of the angles."""
    yield from (Gate("ry", (qubit,), qubit) for qubit in range(n))
    for layer in range(depth):
        start = count(n, len(pairs), layer)
        yield from (Gate("rz", (qubit,), start + qubit) for qubit in range(n))
        yield from (Gate("rzz", pair, start + n + place) for place, pair in enumerate(pairs))
        yield from (Gate("ry", (qubit,), start + n + len(pairs) + qubit) for qubit in range(n))


def first_layer(probabilities: Float[Array, " n"], n_parameters: int) -> Parameters:
    """Angles of a first RY layer that turns the qubits, and zeros: phases alone change no probability."""
    return jnp.zeros(n_parameters).at[: probabilities.shape[0]].set(rotation_to(probabilities))
