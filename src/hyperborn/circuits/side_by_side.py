"""Circuits beside each other, on qubits of their own."""

from dataclasses import dataclass, replace
from functools import cached_property

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Parameters
from hyperborn.circuits.circuit import Circuit
from hyperborn.circuits.gates import Gate


@dataclass(frozen=True)
class SideBySide(Circuit):
    """Several circuits as one wide one: qubits and angles are those of the first, then of the second, and so on."""

    circuits: tuple[Circuit, ...]

    @cached_property
    def n_qubits(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return sum(circuit.n_qubits for circuit in self.circuits)

    @property
    def parameter_shape(self) -> tuple[int]:
        return (sum(circuit.n_parameters for circuit in self.circuits),)

    def gates(self) -> tuple[Gate, ...]:
        found: list[Gate] = []
        qubit = parameter = 0
        for circuit in self.circuits:
            found += [
                replace(
                    gate,
                    qubits=tuple(qubit + own for own in gate.qubits),
                    parameter=None if gate.parameter is None else parameter + gate.parameter,
                )
                for gate in circuit.gates()
            ]
            qubit, parameter = qubit + circuit.n_qubits, parameter + circuit.n_parameters
        return tuple(found)

    def product_angles(self, probabilities: Float[Array, " n"]) -> Parameters:
        ends = np.cumsum([circuit.n_qubits for circuit in self.circuits])[:-1]
        parts = jnp.split(probabilities, ends)
        angles = [circuit.product_angles(part) for circuit, part in zip(self.circuits, parts, strict=True)]
        return jnp.concatenate([part.reshape(-1) for part in angles])
