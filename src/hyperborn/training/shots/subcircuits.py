"""The circuits that measure a posterior, and their jobs."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from hyperborn._typing import Bits
from hyperborn.backends.backend import Connection
from hyperborn.backends.batch import LARGEST_BACKEND_SEED, Batch, Counts, Points
from hyperborn.circuits import Circuit, SideBySide


class Subcircuit(NamedTuple):
    """A circuit to run, the weights of its qubits, and the indices of its angles in the parameters."""

    circuit: Circuit
    weights: Int[np.ndarray, " qubits"]
    parameters: Int[np.ndarray, " parameters"]


def beside(subcircuits: Sequence[Subcircuit]) -> Subcircuit:
    """Several subcircuits as one."""
    if len(subcircuits) == 1:
        return subcircuits[0]
    circuit = SideBySide(tuple(subcircuit.circuit for subcircuit in subcircuits))
    return Subcircuit(
        circuit,
        np.concatenate([subcircuit.weights for subcircuit in subcircuits]),
        np.concatenate([subcircuit.parameters for subcircuit in subcircuits]),
    )


def width_of(connection: Connection) -> int | None:
    """Qubits up to which circuits are put side by side on a backend."""
    widths = [width for width in (connection.n_qubits, connection.packing) if width is not None]
    return min(widths, default=None)


def batch_of(
    subcircuits: Sequence[Subcircuit], points: Float[np.ndarray, "points parameters"], shots: int, label: str, seed: int
) -> Batch:
    """The job that measures all subcircuits at all points, subcircuit by subcircuit."""
    return Batch(
        label,
        tuple(Points(subcircuit.circuit, points[:, subcircuit.parameters]) for subcircuit in subcircuits),
        shots,
        seed,
    )


def joined_outcomes(subcircuits: Sequence[Subcircuit], counts: Sequence[Counts], random: np.random.Generator) -> Bits:
    """Complete networks, one shot a row in random order, from the counts of one point of every subcircuit."""
    rows = np.empty((counts[0].shots, sum(len(subcircuit.weights) for subcircuit in subcircuits)), np.uint8)
    for subcircuit, found in zip(subcircuits, counts, strict=True):
        rows[:, subcircuit.weights] = np.repeat(found.bits, found.counts, axis=0)[random.permutation(found.shots)]
    return rows


def seed_from(random: np.random.Generator) -> int:
    """A seed that every simulator accepts."""
    return int(random.integers(LARGEST_BACKEND_SEED + 1))
