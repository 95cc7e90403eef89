"""Random circuits without symmetries of their qubits, which show any error in the order of bits."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Parameters
from hyperborn.circuits import Circuit, Gate
from hyperborn.circuits.circuit import PARAMETERISED, QUBITS_OF, GateName
from hyperborn.errors import UserError

FEWEST_TESTED_QUBITS, MOST_TESTED_QUBITS = 2, 5
"""Fewest and most qubits of the circuits: all orders of 5 qubits can be compared."""

FARTHEST = 3
"""Most places between two qubits of a gate."""


@dataclass(frozen=True)
class ListedCircuit(Circuit):
    """A circuit that is given by its gates, with consecutive indices of angles."""

    n_qubits: int
    listed: tuple[Gate, ...]

    @property
    def parameter_shape(self) -> tuple[int]:
        return (sum(gate.parameter is not None for gate in self.listed),)

    def gates(self) -> tuple[Gate, ...]:
        return self.listed

    def product_angles(self, probabilities: Float[Array, " n"]) -> Parameters:
        del probabilities
        raise UserError(
            f"a circuit given by its gates ({self.n_qubits} qubits) has no known product state; give the angles"
        )

    def __str__(self) -> str:
        return f"a random circuit of {self.n_qubits} qubits and {len(self.listed)} gates"


def random_circuit(n: int, random: np.random.Generator) -> ListedCircuit:
    """RY on every qubit, then 3 n gates of all kinds on random qubits, then RY on every qubit again."""
    listed: list[Gate] = []

    def add(name: GateName, qubits: tuple[int, ...]) -> None:
        angles = sum(gate.parameter is not None for gate in listed)
        listed.append(Gate(name, qubits, angles if name in PARAMETERISED else None))

    for qubit in range(n):
        add("ry", (qubit,))
    # Each kind of gate at least once, and the others at random.
    names = list(QUBITS_OF)
    kinds = [*range(len(names)), *random.integers(len(names), size=3 * n - len(names))]
    for kind in random.permutation(kinds):
        qubits = tuple(map(int, random.permutation(n)[: QUBITS_OF[names[kind]]]))
        # The built-in simulator does not support a CX between the first and the last of 5 qubits.
        shift = 1 if max(qubits) - min(qubits) > FARTHEST else 0
        add(names[kind], tuple(max(0, qubit - shift) for qubit in qubits))
    for qubit in range(n):
        add("ry", (qubit,))
    return ListedCircuit(n, tuple(listed))


def random_angles(circuit: Circuit, points: int, random: np.random.Generator) -> Float[np.ndarray, "points parameters"]:
    """Random angles (radians) at which no rotation is close to trivial."""
    return random.uniform(0.3, 1.4, (points, circuit.n_parameters)) * random.choice(
        [-1.0, 1.0], (points, circuit.n_parameters)
    )
