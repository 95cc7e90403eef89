"""Circuits as lists of PennyLane operations. Wire i is qubit i, and samples have a column a wire: nothing is turned."""

from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from hyperborn.backends.packages import imported
from hyperborn.circuits import Circuit

NAMES = {"cx": "CNOT", "ry": "RY", "rz": "RZ", "rzz": "IsingZZ"}


def operations_of(circuit: Circuit, angles: Float[np.ndarray, " parameters"]) -> list[Any]:
    """PennyLane's operations of a circuit at the given angles (radians), in order of time."""
    pennylane = imported("pennylane", "pennylane", "this backend")
    operations = []
    for gate in circuit.gates():
        angle = [] if gate.parameter is None else [float(angles[gate.parameter])]
        operations.append(getattr(pennylane, NAMES[gate.name])(*angle, wires=list(gate.qubits)))
    return operations


def preparation_of(bits: UInt8[np.ndarray, " n"]) -> list[Any]:
    """PennyLane's operations that prepare a basis state."""
    pennylane = imported("pennylane", "pennylane", "this backend")
    return [pennylane.PauliX(wires=int(qubit)) for qubit in np.flatnonzero(bits)]
