"""Random circuits that look different from every qubit: what a backend is tried on."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Parameters
from hyperborn.circuits import Circuit, Gate
from hyperborn.circuits.circuit import PARAMETERISED, QUBITS_OF, GateName
from hyperborn.errors import UserError

SMALLEST, LARGEST = 2, 5
"""Qubits of the circuits: all orders of 5 qubits can be compared."""

FARTHEST = 3
"""Most places between two qubits of a gate."""


@dataclass(frozen=True)
class ListedCircuit(Circuit):
    """A circuit given by its gates, with angles numbered in a row."""

    n_qubits: int
    listed: tuple[Gate, ...]

    @property
    def parameter_shape(self) -> tuple[int]:
        return (sum(gate.parameter is not None for gate in self.listed),)

    def gates(self) -> tuple[Gate, ...]:
        return self.listed

    def product_angles(self, probabilities: Float[Array, " n"]) -> Parameters:
        del probabilities
        raise UserError(f"a listed circuit of {self.n_qubits} qubits has no product state; start it from given angles")

    def __str__(self) -> str:
        return f"a random circuit of {self.n_qubits} qubits and {len(self.listed)} gates"


def random_circuit(n: int, random: np.random.Generator) -> ListedCircuit:
    """RY on every qubit, then three gates a qubit of all kinds on random qubits, then RY again; no two qubits alike."""
    listed: list[Gate] = []

    def add(name: GateName, qubits: tuple[int, ...]) -> None:
        angles = sum(gate.parameter is not None for gate in listed)
        listed.append(Gate(name, qubits, angles if name in PARAMETERISED else None))

    for qubit in range(n):
        add("ry", (qubit,))
    # Each kind at least once, the others at random.
    names = list(QUBITS_OF)
    kinds = [*range(len(names)), *random.integers(len(names), size=3 * n - len(names))]
    for kind in random.permutation(kinds):
        qubits = tuple(map(int, random.permutation(n)[: QUBITS_OF[names[kind]]]))
        # The built-in simulator takes no CX from end to end of 5 qubits.
        shift = 1 if max(qubits) - min(qubits) > FARTHEST else 0
        add(names[kind], tuple(max(0, qubit - shift) for qubit in qubits))
    for qubit in range(n):
        add("ry", (qubit,))
    return ListedCircuit(n, tuple(listed))


def random_angles(circuit: Circuit, points: int, random: np.random.Generator) -> Float[np.ndarray, "points parameters"]:
    """Angles (radians) that leave no outcome certain."""
    return random.uniform(0.3, 1.4, (points, circuit.n_parameters)) * random.choice(
        [-1.0, 1.0], (points, circuit.n_parameters)
    )
