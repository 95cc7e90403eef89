"""Random circuits without symmetries of their qubits, which show any error in the order of bits."""

import numpy as np
from jaxtyping import Float

from hyperborn.circuits import GATES, Gate, GateList

FEWEST_TESTED_QUBITS, MOST_TESTED_QUBITS = 2, 5
"""Fewest and most qubits of the circuits: all orders of 5 qubits can be compared."""

KINDS = ("cx", "ry", "rz", "rzz")
"""Gates that every backend has to know."""

FARTHEST = 3
"""Most places between two qubits of a gate."""


def random_circuit(n: int, random: np.random.Generator) -> GateList:
    """RY on every qubit, then 3 n gates of the kinds in `KINDS` on random qubits, then RY on every qubit again."""
    listed: list[Gate] = []

    def add(name: str, qubits: tuple[int, ...]) -> None:
        angles = sum(len(gate.angles) for gate in listed)
        listed.append(Gate(name, qubits, tuple(range(angles, angles + GATES[name].n_angles))))

    for qubit in range(n):
        add("ry", (qubit,))
    # Each kind of gate at least once, and the others at random.
    kinds = [*range(len(KINDS)), *random.integers(len(KINDS), size=3 * n - len(KINDS))]
    for kind in random.permutation(kinds):
        qubits = tuple(map(int, random.permutation(n)[: GATES[KINDS[kind]].n_qubits]))
        # Neighbours, nearly: devices whose qubits are a line need no swaps for them.
        shift = 1 if max(qubits) - min(qubits) > FARTHEST else 0
        add(KINDS[kind], tuple(max(0, qubit - shift) for qubit in qubits))
    for qubit in range(n):
        add("ry", (qubit,))
    return GateList(n, listed)


def random_angles(
    circuit: GateList, points: int, random: np.random.Generator
) -> Float[np.ndarray, "points parameters"]:
    """Random angles (radians) at which no rotation is close to trivial."""
    return random.uniform(0.3, 1.4, (points, circuit.n_parameters)) * random.choice(
        [-1.0, 1.0], (points, circuit.n_parameters)
    )
