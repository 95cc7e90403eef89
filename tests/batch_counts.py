"""Batches run to their counts."""

import numpy as np

from hyperborn.backends import Backend, Batch, Connection, Counts, Points
from hyperborn.circuits import Circuit


def counted(connection: Connection, batch: Batch, tag: str = "tag") -> tuple[Counts, ...]:
    """Submit and collect."""
    return connection.collect(connection.submit(batch, tag), batch, 60.0, lambda _: None).counts


def points_counted(backend: Backend, circuit: Circuit, angles: np.ndarray, shots: int, seed: int) -> tuple[Counts, ...]:
    """Counts of one circuit at several parameter vectors, on a new connection."""
    return counted(backend.connect(), Batch("test", (Points(circuit, angles),), shots, seed))
