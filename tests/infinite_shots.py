"""Circuits measured with infinitely many shots: what estimators make of them has no noise, and an exact value.

Of hyperborn it takes the gates, the places of weights and angles, and the shape of what is measured.
"""

from functools import lru_cache
from typing import Any

import numpy as np

import circuit_oracle
import oracle
from hyperborn.backends import Outcomes
from hyperborn.training.shots.measurement import Measurement

SHOTS = 10**15
"""So many that what one of them adds is beyond double precision."""


def table_of(circuit: Any, angles: np.ndarray) -> np.ndarray:
    """Probabilities (2^n,) of one circuit at flat angles."""
    return remembered(circuit, np.asarray(angles, np.float64).tobytes())


@lru_cache(maxsize=10_000)
def remembered(circuit: Any, angles: bytes) -> np.ndarray:
    gates = circuit_oracle.with_angles(circuit.gates(), np.frombuffer(angles))
    return circuit_oracle.probabilities(gates, circuit.n_qubits)


def measurement_of(posterior: Any, points: np.ndarray, centre: int, width: int | None = None) -> Measurement:
    """The measurement of a posterior's subcircuits at points (points, parameters)."""
    subcircuits = posterior.subcircuits(width)
    outcomes = [
        tuple(
            Outcomes(
                oracle.all_bits(subcircuit.circuit.n_qubits),
                table_of(subcircuit.circuit, point[subcircuit.parameters]),
                SHOTS,
            )
            for point in points
        )
        for subcircuit in subcircuits
    ]
    return Measurement(subcircuits, tuple(outcomes), centre)


def joint(posterior: Any, params: np.ndarray) -> np.ndarray:
    """q(w) of all 2^n networks in index order."""
    subcircuits = [
        (subcircuit.weights, table_of(subcircuit.circuit, params[subcircuit.parameters]))
        for subcircuit in posterior.subcircuits(1)
    ]
    return joined(subcircuits, posterior.n_weights)


def joined(tables: list[tuple[np.ndarray, np.ndarray]], n: int) -> np.ndarray:
    """The product of tables (2^k,) over weights that they name."""
    bits, q = oracle.all_bits(n), np.ones(2**n)
    for weights, table in tables:
        q = q * table[bits[:, weights].astype(int) @ (1 << np.arange(len(weights) - 1, -1, -1))]
    return q


def slope(function: Any, params: np.ndarray, step: float = 1e-4) -> np.ndarray:
    """Central differences of a function of flat parameters."""
    ends = [[function(params + sign * row) for row in step * np.eye(len(params))] for sign in (1, -1)]
    return (np.array(ends[0]) - np.array(ends[1])) / (2 * step)
