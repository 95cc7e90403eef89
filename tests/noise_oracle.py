"""Noisy circuits in plain NumPy, as density matrices, and statistics of counts; imports nothing from hyperborn.

Gates are tuples (name, qubits, angles), as in `circuit_oracle`. Qubit 0 is the most significant bit.
"""

from collections.abc import Sequence
from functools import reduce
from itertools import product
from typing import Any

import numpy as np

from circuit_oracle import GateTuple, matrix_of

PAULIS = [
    np.eye(2),
    np.array([[0, 1], [1, 0]]),
    np.array([[0, -1j], [1j, 0]]),
    np.diag([1, -1]),
]


def whole(matrix: np.ndarray, qubits: tuple[int, ...], n: int) -> np.ndarray:
    """A matrix on some qubits as a matrix (2^n, 2^n) on all, entry by entry."""
    result = np.zeros((2**n, 2**n), np.complex128)
    for column, bits in enumerate(product([0, 1], repeat=n)):
        before = int("".join(str(bits[qubit]) for qubit in qubits), 2)
        for after, values in enumerate(product([0, 1], repeat=len(qubits))):
            changed = list(bits)
            for qubit, value in zip(qubits, values, strict=True):
                changed[qubit] = value
            result[int("".join(map(str, changed)), 2), column] += matrix[after, before]
    return result


def depolarized(state: np.ndarray, probability: float, qubits: tuple[int, ...], n: int) -> np.ndarray:
    """(1 - p) state + p / (4^k - 1) times the sum over all non-identity Pauli strings on the qubits."""
    strings = list(product(PAULIS, repeat=len(qubits)))[1:]
    errors = [whole(reduce(np.kron, string), qubits, n) for string in strings]
    share = probability / len(strings)
    return (1 - probability) * state + share * sum(error @ state @ error.conj().T for error in errors)


def noisy_probabilities(
    gates: Sequence[GateTuple], n: int, one_qubit: float, two_qubit: float, readout: float
) -> np.ndarray:
    """Probabilities (2^n,) of the bits read after gates that are each followed by depolarizing noise."""
    state = np.zeros((2**n, 2**n), np.complex128)
    state[0, 0] = 1
    for name, qubits, angles in gates:
        matrix = whole(matrix_of(name, *angles), qubits, n)
        state = matrix @ state @ matrix.conj().T
        state = depolarized(state, one_qubit if len(qubits) == 1 else two_qubit, qubits, n)
    flip = np.array([[1 - readout, readout], [readout, 1 - readout]])
    return reduce(np.kron, [flip] * n) @ np.diag(state).real


def table_of(counts: Any) -> np.ndarray:
    """Counts (2^n,) of all outcomes of a record with rows of bits and how often each came."""
    n = counts.bits.shape[1]
    table = np.zeros(2**n, np.int64)
    for row, count in zip(counts.bits, counts.counts, strict=True):
        table[int("".join(map(str, row)), 2)] += count
    return table


def deviations(seen: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Counts against probabilities, in standard errors of each count; an impossible outcome is infinitely far."""
    shots = seen.sum()
    error = np.sqrt(shots * exact * (1 - exact))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num((seen - shots * exact) / error, nan=0.0, posinf=np.inf)


def same_source(first: np.ndarray, second: np.ndarray) -> float:
    """Chi-square of two tables of counts being draws of one distribution, in standard deviations from its mean."""
    together = first + second
    order = np.argsort(together)
    rare = np.cumsum(together[order]) < 20
    keep = order[~rare]
    rows = np.stack([np.append(table[keep], table[order[rare]].sum()) for table in (first, second)])
    rows = rows[:, rows.sum(axis=0) > 0]
    expected = rows.sum(axis=1, keepdims=True) * rows.sum(axis=0) / rows.sum()
    freedom = rows.shape[1] - 1
    return float((((rows - expected) ** 2 / expected).sum() - freedom) / np.sqrt(2 * freedom))
