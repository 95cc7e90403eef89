"""Dense simulation of circuits in plain NumPy, gate by gate; imports nothing from hyperborn.

A gate is a tuple (name, qubits, angle) with the angle in radians, None for CX. Qubit 0 is the most significant bit.
"""

from collections.abc import Iterable, Sequence
from itertools import product
from math import cos, pi, sin
from typing import Any

import numpy as np

GateTuple = tuple[str, tuple[int, ...], float | None]

CX = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]])


def with_angles(gates: Iterable[Any], angles: np.ndarray) -> list[GateTuple]:
    """Gate records (with name, qubits and the flat index of the angle) as gate tuples."""
    flat = [float(angle) for angle in np.asarray(angles, dtype=np.float64).reshape(-1)]
    return [(gate.name, gate.qubits, None if gate.parameter is None else flat[gate.parameter]) for gate in gates]


def matrix_of(name: str, angle: float | None) -> np.ndarray:
    if name == "cx":
        return CX
    assert angle is not None
    if name == "ry":
        return np.array([[cos(angle / 2), -sin(angle / 2)], [sin(angle / 2), cos(angle / 2)]])
    if name == "rzz":
        return np.diag(np.exp(-0.5j * angle * np.array([1, -1, -1, 1])))
    assert name == "rz"
    return np.diag([np.exp(-0.5j * angle), np.exp(0.5j * angle)])


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
    for name, qubits, angle in gates:
        state = applied(state, matrix_of(name, angle), qubits, n)
    return state


def probabilities(gates: Sequence[GateTuple], n: int) -> np.ndarray:
    return np.abs(state_vector(gates, n)) ** 2


def probability_gradient(gates: Sequence[GateTuple], n: int, c: np.ndarray) -> list[float]:
    """d Σ c·q / d angle of every gate (0 for CX), by the parameter-shift rule: exact for RY, RZ and RZZ."""
    gradient = []
    for place, (name, qubits, angle) in enumerate(gates):
        if angle is None:
            gradient.append(0.0)
            continue
        ends = []
        for shift in (pi / 2, -pi / 2):
            shifted = [*gates[:place], (name, qubits, angle + shift), *gates[place + 1 :]]
            ends.append(float(c @ probabilities(shifted, n)))
        gradient.append((ends[0] - ends[1]) / 2)
    return gradient
