"""The task that every library is timed on: the gradient of Σ c·|ψ|² over the angles of a circuit.

The gates are listed here by themselves, from the definitions, so that agreement with Hyperborn is a check of both:
Brickwork, and three circuits of other libraries in the order in which these list them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Problem:
    """Angles (radians), of shape (depth, 2, n) for Brickwork, and costs of shape (2^n,), both exact in float32."""

    n: int
    depth: int
    angles: np.ndarray
    costs: np.ndarray
    circuit: str = "brickwork"

    @classmethod
    def random(cls, n: int, depth: int, circuit: str = "brickwork", seed: int = 0) -> "Problem":
        if circuit == "brickwork" and depth % 2:
            raise ValueError(f"depth = {depth}: the benchmark scans over pairs of layers, so give an even depth")
        generator = np.random.default_rng(seed)
        rotations = sum(name[0] == "r" for name, _, _ in CIRCUITS[circuit](n, depth))
        shape = (depth, 2, n) if circuit == "brickwork" else (rotations,)
        angles = generator.uniform(0, 2 * np.pi, shape).astype(np.float32)
        return cls(n, depth, angles, generator.standard_normal(2**n, dtype=np.float32), circuit)

    def gates(self) -> Iterator[tuple[str, int, int]]:
        """("cx" or "cz", control, target), and ("rx", "ry" or "rz", qubit, angle), the angle by its flat index."""
        return CIRCUITS[self.circuit](self.n, self.depth)


def brickwork(n: int, depth: int) -> Iterator[tuple[str, int, int]]:
    for layer in range(depth):
        yield from layer_gates(n, layer)


def layer_gates(n: int, layer: int) -> Iterator[tuple[str, int, int]]:
    """Gates of one layer, counted from 0, qubit 0 being the most significant bit of an index."""
    for j in range(1 - layer % 2, n - 1, 2):
        yield "cx", j, j + 1
    start = 2 * n * layer
    for j in range(n):
        yield "ry", j, start + j
    for j in range(n):
        yield "rz", j, start + n + j


def efficient_su2(n: int, depth: int) -> Iterator[tuple[str, int, int]]:
    """Qiskit's `efficient_su2(n, reps=depth)`: RY and RZ on every qubit, between them chains of CX from the last on."""
    for layer in range(depth + 1):
        start = 2 * n * layer
        yield from (("ry", j, start + j) for j in range(n))
        yield from (("rz", j, start + n + j) for j in range(n))
        if layer < depth:
            yield from (("cx", j, j + 1) for j in range(n - 2, -1, -1))


def two_local(n: int, depth: int) -> Iterator[tuple[str, int, int]]:
    """Qiskit's `n_local` of RX with a ring of CZ."""
    for layer in range(depth + 1):
        yield from (("rx", j, n * layer + j) for j in range(n))
        if layer < depth:
            yield from (("cz", j, (j + 1) % n) for j in range(n))


def strongly_entangling(n: int, depth: int) -> Iterator[tuple[str, int, int]]:
    """PennyLane's `StronglyEntanglingLayers`: RZ, RY, RZ on every qubit, then rings of CX that reach ever further."""
    for layer in range(depth):
        for j in range(n):
            start = 3 * (n * layer + j)
            yield from (("rz", j, start), ("ry", j, start + 1), ("rz", j, start + 2))
        reach = layer % (n - 1) + 1
        yield from (("cx", j, (j + reach) % n) for j in range(n))


CIRCUITS = {
    "brickwork": brickwork,
    "efficient-su2": efficient_su2,
    "two-local": two_local,
    "strongly-entangling": strongly_entangling,
}
