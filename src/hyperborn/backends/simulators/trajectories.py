"""Noisy shots, where most gates of most shots go right.

Each noise channel does nothing with a large probability (see `channels`), so the sites where it acts are drawn first.
Shots on which it never acts share one state; the others leave that state where it first acts on them, and are simulated
together from there. The distribution is exactly that of the channels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex

from hyperborn._typing import Bits
from hyperborn.backends.simulators.channels import Channel
from hyperborn.bits import bits_of

ROUNDING = 1e-9
"""Entries of matrices below this are rounding: left in, they make amplitudes so small that arithmetic is slow."""

AT_ONCE = 2**16
"""Amplitudes of shots that are simulated together: half a MiB, which stays in the processor's cache."""

FEWEST = 8
"""Shots that are simulated together even where they do not fit: their common state is simulated once for all."""

NOTHING = np.eye(2, dtype=np.complex64)
"""The gate that changes nothing."""


@dataclass(frozen=True, eq=False)
class Step:
    """A gate, as a matrix with its first qubit as the most significant, and the noise after it."""

    matrix: Complex[np.ndarray, "d d"]
    qubits: tuple[int, ...]
    noise: Channel | None = None


def shots_of(steps: Sequence[Step], n: int, shots: int, random: np.random.Generator) -> Bits:
    """Bits of noisy shots, one a row, in no order."""
    noisy = [place for place, step in enumerate(steps) if step.noise is not None and step.noise.untouched < 1.0]
    # A column at least, also for a circuit without gates, as the preparation of all 0 is.
    struck = np.zeros((shots, max(1, len(steps))), bool)
    for place in noisy:
        noise = steps[place].noise
        assert noise is not None
        struck[:, place] = random.random(shots) >= noise.untouched
    spoiled = struck[struck.any(axis=1)]
    first = np.argmax(spoiled, axis=1)
    order = np.argsort(first, kind="stable")
    spoiled, first = spoiled[order], first[order]
    rows = max(FEWEST, AT_ONCE >> n)
    found = []
    for start in range(0, max(len(spoiled), 1), rows):
        group = Group(n, random)
        group.run(steps, spoiled[start : start + rows], first[start : start + rows])
        tables = group.tables()
        if start == 0:
            found.append(drawn(tables[0], shots - len(spoiled), random))
        found += [drawn(table, 1, random) for table in tables[1:]]
    return bits_of(np.concatenate(found), n)


def drawn(table: np.ndarray, shots: int, random: np.random.Generator) -> np.ndarray:
    """Indices of outcomes, drawn from probabilities that add up to about 1."""
    steps = np.cumsum(table, dtype=np.float64)
    places = np.minimum(random.random(shots) * steps[-1], np.nextafter(steps[-1], 0.0))
    return np.searchsorted(steps, places, side="right")


class Group:
    """States that are simulated together: row 0 without any error, the others each from its first error on.

    The tensor has an axis of two for every qubit, in an order that changes with every gate, and one for the rows. Gates
    on one qubit wait until one on two qubits takes them along.
    """

    def __init__(self, n: int, random: np.random.Generator) -> None:
        self.n, self.random = n, random
        self.axes = list(range(n))
        self.state = np.zeros((2,) * n + (1,), np.complex64)
        self.state[(0,) * n] = 1.0
        self.waiting = [NOTHING] * n

    def run(self, steps: Sequence[Step], struck: np.ndarray, first: np.ndarray) -> None:
        """All steps, with the errors of each row where `struck` (rows, steps) says; rows begin at ascending `first`."""
        begun = 0
        sites = set(np.flatnonzero(struck.any(axis=0)).tolist())
        for place, step in enumerate(steps):
            if len(step.qubits) == 1:
                self.waiting[step.qubits[0]] = (step.matrix @ self.waiting[step.qubits[0]]).astype(np.complex64)
            else:
                self.apply(step.matrix @ self.taken(step.qubits), step.qubits)
            if place not in sites:
                continue
            new = int(np.searchsorted(first, place, side="right")) - begun
            if new:
                clean = np.broadcast_to(self.state[..., :1], (*self.state.shape[:-1], new))
                self.state = np.concatenate([self.state, clean], axis=-1)
                begun += new
            for row in np.flatnonzero(struck[:begun, place]):
                self.strike(step, int(row) + 1)
        for qubit in range(self.n):
            self.apply(self.taken((qubit,)), (qubit,))

    def taken(self, qubits: tuple[int, ...]) -> np.ndarray:
        """The gates that wait on some qubits, as one matrix; they wait no more."""
        matrix = self.ahead(qubits)
        for qubit in qubits:
            self.waiting[qubit] = NOTHING
        return matrix

    def ahead(self, qubits: tuple[int, ...]) -> np.ndarray:
        matrix = self.waiting[qubits[0]]
        if len(qubits) == 1:
            return matrix
        # What numpy.kron gives, ten times as fast.
        return (matrix[:, None, :, None] * self.waiting[qubits[1]][None, :, None, :]).reshape(4, 4)

    def apply(self, matrix: np.ndarray, qubits: tuple[int, ...]) -> None:
        k = len(qubits)
        shaped = np.where(np.abs(matrix) < ROUNDING, 0, matrix).astype(np.complex64).reshape((2,) * (2 * k))
        places = [self.axes.index(qubit) for qubit in qubits]
        self.state = np.tensordot(shaped, self.state, (range(k, 2 * k), places))
        self.axes = [*qubits, *(axis for axis in self.axes if axis not in qubits)]

    def strike(self, step: Step, row: int) -> None:
        """One of the noise's Kraus operators on one row, drawn by the norms that they leave."""
        assert step.noise is not None
        qubits, k = step.qubits, len(step.qubits)
        places = [self.axes.index(qubit) for qubit in qubits]
        state = np.moveaxis(self.state[..., row], places, range(k))
        matrix = self.ahead(qubits)
        flat = matrix @ state.reshape(2**k, -1)
        density = flat @ flat.conj().T
        weights = [np.trace(one.conj().T @ one @ density).real for one in step.noise.operators]
        chances = np.cumsum(weights)
        chosen = min(int(np.searchsorted(chances, self.random.random() * chances[-1], side="right")), len(weights) - 1)
        # Gates wait as unitary matrices, so what they will do is undone here.
        operator = matrix.conj().T @ step.noise.operators[chosen] @ matrix
        operator = np.where(np.abs(operator) < ROUNDING, 0, operator) / np.sqrt(weights[chosen])
        changed = operator @ state.reshape(2**k, -1)
        np.moveaxis(self.state[..., row], places, range(k))[...] = changed.reshape(state.shape)

    def tables(self) -> np.ndarray:
        """Probabilities (rows, 2^n), in index order."""
        order = [self.axes.index(qubit) for qubit in range(self.n)]
        table = np.abs(self.state.transpose([self.n, *order])) ** 2
        return table.reshape(len(table), -1)
