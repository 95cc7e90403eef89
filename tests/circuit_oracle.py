"""Dense simulation of circuits in plain NumPy, gate by gate; imports nothing from hyperborn.

A gate is a tuple (name, qubits, angles) with the angles in radians, empty for a gate without any. Qubit 0 is the most
significant bit. Matrices are written out from the definitions of OpenQASM 3's standard gates.
"""

from collections.abc import Iterable, Sequence
from itertools import product
from math import cos, pi, sin
from typing import Any

import numpy as np

GateTuple = tuple[str, tuple[int, ...], tuple[float, ...]]

X, Y, Z = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])
ROOT = np.sqrt(0.5)
FIXED = {
    "h": np.array([[ROOT, ROOT], [ROOT, -ROOT]]),
    "x": X,
    "y": Y,
    "z": Z,
    "s": np.diag([1, 1j]),
    "sdg": np.diag([1, -1j]),
    "t": np.diag([1, ROOT + ROOT * 1j]),
    "tdg": np.diag([1, ROOT - ROOT * 1j]),
    "sx": 0.5 * np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]),
    "swap": np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]),
    "iswap": np.array([[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]]),
}


def with_angles(gates: Iterable[Any], angles: np.ndarray) -> list[GateTuple]:
    """Gate records (with name, qubits, and angles as a constant and terms) as gate tuples."""
    flat = [float(angle) for angle in np.asarray(angles, dtype=np.float64).reshape(-1)]
    return [
        (
            gate.name,
            gate.qubits,
            tuple(own.constant + sum(factor * flat[index] for index, factor in own.terms) for own in gate.angles),
        )
        for gate in gates
    ]


def matrix_of(name: str, *angles: float) -> np.ndarray:
    if name in FIXED:
        return FIXED[name]
    if name == "ccx":
        return controlled(controlled(X))
    if name[0] == "c":
        return controlled(matrix_of(name[1:], *angles))
    if name == "u":
        theta, phi, lam = angles
        return np.array(
            [
                [cos(theta / 2), -np.exp(1j * lam) * sin(theta / 2)],
                [np.exp(1j * phi) * sin(theta / 2), np.exp(1j * (phi + lam)) * cos(theta / 2)],
            ]
        )
    (angle,) = angles
    if name == "p":
        return np.diag([1, np.exp(1j * angle)])
    own = {"x": X, "y": Y, "z": Z}[name[1]]
    generator = own if len(name) == 2 else np.kron(own, own)
    return cos(angle / 2) * np.eye(len(generator)) - 1j * sin(angle / 2) * generator


def controlled(matrix: np.ndarray) -> np.ndarray:
    """The matrix where a further, first qubit is 1."""
    size = len(matrix)
    return np.block([[np.eye(size), np.zeros((size, size))], [np.zeros((size, size)), matrix]])


def applied(state: np.ndarray, matrix: np.ndarray, qubits: tuple[int, ...], n: int) -> np.ndarray:
    """A matrix on some qubits of a state of shape (2^n,), written out as a sum over the qubits' bits."""
    tensor = state.reshape((2,) * n)
    result = np.zeros_like(tensor)
    patterns = list(product([0, 1], repeat=len(qubits)))
    for row, after in enumerate(patterns):
        for column, before in enumerate(patterns):
            result[at(qubits, after, n)] += matrix[row, column] * tensor[at(qubits, before, n)]
    return result.reshape(-1)


def at(qubits: tuple[int, ...], values: tuple[int, ...], n: int) -> tuple[int | slice, ...]:
    place: list[int | slice] = [slice(None)] * n
    for qubit, value in zip(qubits, values, strict=True):
        place[qubit] = value
    return tuple(place)


def state_vector(gates: Sequence[GateTuple], n: int) -> np.ndarray:
    """Amplitudes (2^n,), complex128, of the gates on |0...0>, first gate first."""
    state = np.zeros(2**n, dtype=np.complex128)
    state[0] = 1
    for name, qubits, angles in gates:
        state = applied(state, matrix_of(name, *angles), qubits, n)
    return state


def probabilities(gates: Sequence[GateTuple], n: int) -> np.ndarray:
    return np.abs(state_vector(gates, n)) ** 2


def probability_gradient(gates: Sequence[GateTuple], n: int, c: np.ndarray) -> list[float]:
    """d Σ c·q / d angle of every gate (0 without one), by the parameter-shift rule: exact for RX, RY, RZ and RZZ."""
    gradient = []
    for place, (name, qubits, angles) in enumerate(gates):
        if not angles:
            gradient.append(0.0)
            continue
        assert name in ("rx", "ry", "rz", "rzz"), name
        (angle,) = angles
        ends = []
        for shift in (pi / 2, -pi / 2):
            shifted = [*gates[:place], (name, qubits, (angle + shift,)), *gates[place + 1 :]]
            ends.append(float(c @ probabilities(shifted, n)))
        gradient.append((ends[0] - ends[1]) / 2)
    return gradient
