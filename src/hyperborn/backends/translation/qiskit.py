"""Circuits for Qiskit, and its bits back into weights.

Qubit i is measured into classical bit n - 1 - i. Qiskit writes the highest classical bit first, so every string,
integer and packed byte that comes back has weight 0 as its most significant bit, as everywhere in Hyperborn.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from hyperborn._typing import Bits
from hyperborn.backends.batch import Counts
from hyperborn.backends.packages import imported
from hyperborn.circuits import Circuit

REGISTER = "bits"
"""Name of the one classical register."""

ANGLES = "angle"
"""Name of the vector of parameters; element i is the flat index of an angle."""


def circuit_of(circuit: Circuit) -> Any:
    """A `qiskit.QuantumCircuit` with one parameter an angle, measured at its end."""
    angles = imported("qiskit.circuit", "qiskit", "this backend").ParameterVector(ANGLES, circuit.n_parameters)
    translated = empty(circuit.n_qubits)
    for gate in circuit.gates():
        angle = [] if gate.parameter is None else [angles[gate.parameter]]
        getattr(translated, gate.name)(*angle, *gate.qubits)
    measure(translated)
    return translated


def preparation_of(bits: UInt8[np.ndarray, " n"]) -> Any:
    """A `qiskit.QuantumCircuit` that prepares a basis state and measures it."""
    translated = empty(len(bits))
    for qubit in np.flatnonzero(bits):
        translated.x(int(qubit))
    measure(translated)
    return translated


def empty(n: int) -> Any:
    module = imported("qiskit.circuit", "qiskit", "this backend")
    return module.QuantumCircuit(module.QuantumRegister(n, "q"), module.ClassicalRegister(n, REGISTER))


def measure(translated: Any) -> None:
    n = translated.num_qubits
    translated.measure(range(n), range(n - 1, -1, -1))


def values_of(translated: Any, angles: Float[np.ndarray, "points parameters"]) -> Float[np.ndarray, "points left"]:
    """Values of the parameters that a compiled circuit still has, in its own order of parameters.

    Compilation drops rotations that change no probability, and their parameters with them.
    """
    return angles[:, [parameter.index for parameter in translated.parameters]]


def counts_of_words(words: Mapping[str, int], n: int) -> Counts:
    """Counts of a mapping of hexadecimal words ("0x1f") to how often each came; the rows stand in index order."""
    width = (n + 7) // 8
    packed = bytes.fromhex("".join(word[2:].rjust(2 * width, "0") for word in words))
    bits = unpacked(np.frombuffer(packed, np.uint8).reshape(len(words), width), n)
    counts = np.fromiter(words.values(), np.int64, len(words))
    order = np.lexsort(bits.T[::-1])
    return Counts(bits[order], counts[order])


def unpacked(packed: UInt8[np.ndarray, "rows width"], n: int) -> Bits:
    """Bits of big-endian rows of bytes, as `qiskit.primitives.BitArray.array` holds them."""
    return np.unpackbits(packed, axis=1)[:, packed.shape[1] * 8 - n :]
