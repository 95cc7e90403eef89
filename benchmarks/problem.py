"""The task that every library is timed on: the gradient of Σ c·|ψ|² over the angles of a Brickwork circuit.

The gates are listed here by themselves, from the definition, so that agreement with Hyperborn is a check of both.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Problem:
    """Angles of shape (depth, 2, n), radians, and costs of shape (2^n,), both exact in float32."""

    n: int
    depth: int
    angles: np.ndarray
    costs: np.ndarray

    @classmethod
    def random(cls, n: int, depth: int, seed: int = 0) -> "Problem":
        if depth % 2:
            raise ValueError(f"depth = {depth}: the benchmark scans over pairs of layers, so give an even depth")
        generator = np.random.default_rng(seed)
        angles = generator.uniform(0, 2 * np.pi, (depth, 2, n)).astype(np.float32)
        return cls(n, depth, angles, generator.standard_normal(2**n, dtype=np.float32))

    def gates(self) -> Iterator[tuple[str, int, int]]:
        """("cx", control, target), ("ry", qubit, angle) and ("rz", qubit, angle), the angle by its flat index."""
        for layer in range(self.depth):
            yield from layer_gates(self.n, layer)


def layer_gates(n: int, layer: int) -> Iterator[tuple[str, int, int]]:
    """Gates of one layer, counted from 0, qubit 0 being the most significant bit of an index."""
    for j in range(1 - layer % 2, n - 1, 2):
        yield "cx", j, j + 1
    start = 2 * n * layer
    for j in range(n):
        yield "ry", j, start + j
    for j in range(n):
        yield "rz", j, start + n + j
