"""Qubits and circuits that are independent of each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Parameters
from hyperborn.circuits.circuit import Circuit, rotated, shared_parameter
from hyperborn.circuits.gate import Gate
from hyperborn.errors import UserError, whole_number
from hyperborn.printable import shown

MOST_SHOWN = 4
"""Circuits that `repr` writes one by one."""


@dataclass(frozen=True)
class ProductState(Circuit):
    """RY on every qubit: independent bits, the mean-field posterior. Angles have shape (n_qubits,)."""

    n_qubits: int

    def __post_init__(self) -> None:
        whole_number("n_qubits", self.n_qubits, 1)

    @property
    def parameter_shape(self) -> tuple[int]:
        return (self.n_qubits,)

    def gates(self) -> tuple[Gate, ...]:
        return tuple(Gate("ry", (j,), j) for j in range(self.n_qubits))

    def product_angles(self, probabilities: Float[Array | np.ndarray, " n"]) -> Parameters:
        return rotated(probabilities, self.parameter_shape)


@dataclass(frozen=True)
class SideBySide(Circuit):
    """Several circuits as one wide one: qubits and angles are those of the first, then of the second, and so on."""

    circuits: tuple[Circuit, ...]

    def __repr__(self) -> str:
        if len(self.circuits) <= MOST_SHOWN:
            return f"SideBySide(circuits={self.circuits!r})"
        size = f"{self.n_qubits:,} qubits and {self.n_parameters:,} parameters"
        return f"SideBySide of {len(self.circuits):,} circuits, {size}"

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
            qubits = range(qubit, qubit + circuit.n_qubits)
            parameters = range(parameter, parameter + circuit.n_parameters)
            found += [renumbered(gate, qubits, parameters) for gate in circuit.gates()]
            qubit, parameter = qubits.stop, parameters.stop
        return tuple(found)

    def product_angles(self, probabilities: Float[Array | np.ndarray, " n"]) -> Parameters | None:
        ends = np.cumsum([circuit.n_qubits for circuit in self.circuits])[:-1]
        parts = jnp.split(jnp.asarray(probabilities), ends)
        angles = [circuit.product_angles(part) for circuit, part in zip(self.circuits, parts, strict=True)]
        known = [part.reshape(-1) for part in angles if part is not None]
        return jnp.concatenate(known) if len(known) == len(angles) else None


def renumbered(gate: Gate, qubits: Sequence[int], parameters: Sequence[int]) -> Gate:
    """The same gate with qubit i as `qubits[i]`, and parameter i as `parameters[i]`."""
    return Gate(
        gate.name,
        tuple(qubits[own] for own in gate.qubits),
        tuple(angle.moved(parameters.__getitem__) for angle in gate.angles),
    )


def rotation_parameters(circuit: Circuit) -> tuple[tuple[int, int], ...]:
    """For each qubit the parameters of its first RY after its last CX, and of the first RZ after that RY.

    These two rotate |0> into any pure state of the qubit. With all other angles at zero, the CX gates act on |0...0>,
    which they leave unchanged, and the other rotations are identities. Each must be the parameter of one gate only.

    Raises:
        UserError: if a qubit has no such gates, as in a circuit that ends in CX or has no RZ, or gates share an angle.
    """
    shared = shared_parameter(circuit)
    if shared is not None:
        raise UserError(f"{shown(circuit)} has more than one gate at angle {shared}; give every gate one of its own")
    found: list[dict[str, int]] = [{} for _ in range(circuit.n_qubits)]
    for gate in circuit.gates():
        parameter = gate.angles[0].parameter if gate.angles else None
        if gate.name not in ("cx", "ry", "rz", "rzz") or (gate.name != "cx" and parameter is None):
            raise UserError(f"{shown(circuit)} has the gate {gate}; give a circuit of CX, RY, RZ and RZZ at parameters")
        if gate.name == "cx":
            for qubit in gate.qubits:
                found[qubit] = {}
        elif parameter is not None and (gate.name == "ry" or (gate.name == "rz" and "ry" in found[gate.qubits[0]])):
            found[gate.qubits[0]].setdefault(gate.name, parameter)
    for qubit, rotations in enumerate(found):
        if len(rotations) < 2:
            raise UserError(
                f"{shown(circuit)} has no RY and then RZ on qubit {qubit} after its last CX, so that it cannot reach "
                "every state of the qubit; give a circuit such as hb.circuits.AllPairs or Brickwork"
            )
    return tuple((rotations["ry"], rotations["rz"]) for rotations in found)


def product_state_angles(circuit: Circuit, vectors: Float[np.ndarray, "qubits 3"]) -> Parameters:
    """Angles (radians) at which the qubits are independent, qubit i with the Bloch vector (⟨X⟩, ⟨Y⟩, ⟨Z⟩) of row i.

    Rows have length 1. RY by the polar angle and then RZ by the azimuth rotate |0> to the vector.

    Raises:
        UserError: if the circuit does not have the gates, see `rotation_parameters`.
    """
    x, y, z = vectors.T
    polar, azimuth = np.arctan2(np.hypot(x, y), z), np.arctan2(y, x)
    angles = np.zeros(circuit.n_parameters)
    angles[np.array(rotation_parameters(circuit))] = np.stack([polar, azimuth], axis=1)
    return jnp.asarray(angles.reshape(circuit.parameter_shape), float)
