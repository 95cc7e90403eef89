"""Rotations and neighbouring CX gates in a brick pattern."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Parameters
from hyperborn.circuits.circuit import Circuit, rotated
from hyperborn.circuits.gate import Gate
from hyperborn.errors import whole_number

DEEPEST = 10_000
"""Most layers: their gates are listed one by one, and far fewer already reach any state."""


@dataclass(frozen=True)
class Brickwork(Circuit):
    """`depth` layers of CX on neighbours, RY on every qubit, RZ on every qubit.

    The CX gates (j, j + 1) start at qubit 1 in odd layers (the first is layer 1) and at qubit 0 in even ones. Angles
    have shape (depth, 2, n_qubits): RY in ``[:, 0]``, RZ in ``[:, 1]``. This is the circuit of quantum hypernetworks
    (arXiv 2301.08292, whose text counts two of these layers as one).
    """

    n_qubits: int
    depth: int = 4

    def __post_init__(self) -> None:
        whole_number("n_qubits", self.n_qubits, 1)
        whole_number("depth", self.depth, 1, DEEPEST)

    @property
    def parameter_shape(self) -> tuple[int, int, int]:
        return (self.depth, 2, self.n_qubits)

    def gates(self) -> tuple[Gate, ...]:
        n = self.n_qubits
        gates: list[Gate] = []
        for layer in range(self.depth):
            first = 1 if layer % 2 == 0 else 0
            gates += [Gate("cx", (j, j + 1)) for j in range(first, n - 1, 2)]
            start = 2 * n * layer
            gates += [Gate("ry", (j,), start + j) for j in range(n)]
            gates += [Gate("rz", (j,), start + n + j) for j in range(n)]
        return tuple(gates)

    def product_angles(self, probabilities: Float[Array | np.ndarray, " n"]) -> Parameters:
        # CX leaves |0...0> unchanged, so that the last layer alone can rotate the qubits.
        return rotated(probabilities, self.parameter_shape, (-1, 0))
