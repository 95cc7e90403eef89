"""Noise channels as something that mostly does nothing."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Complex

TINY = 1e-9
"""Eigenvalues below this are rounding."""


@dataclass(frozen=True, eq=False)
class Channel:
    """ρ → p ρ + (1 - p) Σ K ρ K†: with probability `untouched` = p nothing happens, whatever the state.

    The Kraus operators, (2^k, 2^k) for k qubits with the first qubit as the most significant, make a channel by
    themselves.
    """

    untouched: float
    operators: tuple[Complex[np.ndarray, "d d"], ...]


def channel_of(error: Any) -> Channel:
    """The channel of a `qiskit_aer.noise.QuantumError`, with the largest p there is.

    Its Choi matrix C stays positive less p vv†, v the vector of the identity, up to p = 1 / v†C⁻¹v if v is in the range
    of C; else p is 0, as for pure amplitude damping.
    """
    from qiskit.quantum_info import Choi

    size = error.num_qubits
    choi = np.asarray(Choi(error.to_quantumchannel()).data)
    d = 2**size
    values, vectors = np.linalg.eigh(choi)
    kept = values > TINY
    identity = np.eye(d).reshape(-1)
    parts = vectors[:, kept].conj().T @ identity
    inside = abs(float(np.vdot(parts, parts).real) - d) < TINY * d
    untouched = min(1.0, 1.0 / float((np.abs(parts) ** 2 / values[kept]).sum())) if inside else 0.0
    values, vectors = np.linalg.eigh(choi - untouched * np.outer(identity, identity))
    # Qiskit stacks columns, and counts the first qubit as the least significant.
    operators = [
        turned(np.sqrt(value / max(1.0 - untouched, TINY)) * vector.reshape(d, d).T, size)
        for value, vector in zip(values, vectors.T, strict=True)
        if value > TINY * max(1.0 - untouched, TINY)
    ]
    return Channel(untouched if operators else 1.0, tuple(operators))


def turned(matrix: Complex[np.ndarray, "d d"], size: int) -> Complex[np.ndarray, "d d"]:
    """A matrix with its qubits in the opposite order of significance."""
    axes = [*range(size - 1, -1, -1)]
    shaped = matrix.reshape((2,) * (2 * size)).transpose([*axes, *(size + axis for axis in axes)])
    return np.ascontiguousarray(shaped.reshape(matrix.shape))
