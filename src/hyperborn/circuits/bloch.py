"""Product states with a phase: every qubit alone, in a pure state of its own."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from hyperborn._typing import Parameters
from hyperborn.circuits.circuit import Circuit, shared_parameter
from hyperborn.errors import UserError
from hyperborn.printable import shown


def turning_parameters(circuit: Circuit) -> tuple[tuple[int, int], ...]:
    """For each qubit the parameters of its first RY after its last CX, and of the first RZ after that.

    These two alone turn |0> into any pure state of the qubit: with all other angles at zero, CX gates come first and
    leave |0...0> alone, and everything else does nothing. Each must be the parameter of one gate only.

    Raises:
        UserError: if a qubit has no such gates, as in a circuit that ends in CX or has no RZ, or gates share an angle.
    """
    shared = shared_parameter(circuit)
    if shared is not None:
        raise UserError(f"{shown(circuit)} has more than one gate at angle {shared}; give every gate one of its own")
    found: list[dict[str, int]] = [{} for _ in range(circuit.n_qubits)]
    for gate in circuit.gates():
        if gate.name == "cx":
            for qubit in gate.qubits:
                found[qubit] = {}
        elif gate.name == "ry" or (gate.name == "rz" and "ry" in found[gate.qubits[0]]):
            assert gate.parameter is not None, "rotations have a parameter: Gate sees to it"
            found[gate.qubits[0]].setdefault(gate.name, gate.parameter)
    for qubit, turns in enumerate(found):
        if len(turns) < 2:
            raise UserError(
                f"{circuit} has no RY and then RZ on qubit {qubit} after its last CX, so that not every state of the "
                "qubit can be had; give a circuit such as hb.circuits.AllPairs or Brickwork"
            )
    return tuple((turns["ry"], turns["rz"]) for turns in found)


def product_state_angles(circuit: Circuit, vectors: Float[np.ndarray, "qubits 3"]) -> Parameters:
    """Angles (radians) at which the qubits are independent, qubit i with the Bloch vector (⟨X⟩, ⟨Y⟩, ⟨Z⟩) of row i.

    Rows have length 1. RY by the polar angle and then RZ by the azimuth make the vector from |0>.

    Raises:
        UserError: if the circuit has no gates for it, see `turning_parameters`.
    """
    x, y, z = vectors.T
    polar, azimuth = np.arctan2(np.hypot(x, y), z), np.arctan2(y, x)
    angles = np.zeros(circuit.n_parameters)
    angles[np.array(turning_parameters(circuit))] = np.stack([polar, azimuth], axis=1)
    return jnp.asarray(angles.reshape(circuit.parameter_shape), float)
