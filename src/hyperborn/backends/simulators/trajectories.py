"""Noisy shots, simulated one by one where noise acts on them: most gates of most shots are without an error.

Each channel leaves the state unchanged with a large probability (see `Channel`). The gates after which it acts on a
shot are therefore drawn first. Shots without any error share one state. Each other shot starts from a copy of that
state at its first error, and many shots are simulated together. The distribution is exactly that of the channels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Complex, Float

from hyperborn._typing import Bits
from hyperborn.backends.simulators.noise import Channel, GateNoise, reversed_qubits
from hyperborn.bits import bits_of
from hyperborn.inverse_cdf import inverse_cdf

NEGLIGIBLE_ENTRY = 1e-9
"""Entries of matrices below this are rounding. They would make amplitudes so small that arithmetic is slow."""

AT_ONCE = 2**16
"""Amplitudes of shots that are simulated together: half a MiB, which fits into the processor's cache."""

FEWEST = 8
"""Fewest shots that are simulated together, even if they do not fit: they share the state without errors."""

IDENTITY = np.eye(2, dtype=np.complex64)


@dataclass(frozen=True, eq=False)
class NoisyGate:
    """A gate, as a matrix with its first qubit as the most significant, and the noise after it."""

    matrix: Complex[np.ndarray, "d d"]
    qubits: tuple[int, ...]
    noise: Channel | None = None


def noisy_shots(circuit: Any, noise: GateNoise, shots: int, random: np.random.Generator) -> Bits:
    """Bits of noisy shots of a `qiskit.QuantumCircuit` without parameters, one a row, in the order of weights."""
    places: dict[int, int] = {}
    steps: list[NoisyGate] = []
    read: dict[int, int] = {}
    for instruction in circuit.data:
        operation = instruction.operation
        qubits = tuple(circuit.find_bit(qubit).index for qubit in instruction.qubits)
        if operation.name == "barrier":
            continue
        for qubit in qubits:
            places.setdefault(qubit, len(places))
        if operation.name == "measure":
            read[circuit.find_bit(instruction.clbits[0]).index] = qubits[0]
            continue
        matrix = reversed_qubits(operation.to_matrix(), len(qubits))
        steps.append(NoisyGate(matrix, tuple(places[qubit] for qubit in qubits), noise.after(operation.name, qubits)))
    # Weight 0 is the highest classical bit.
    qubits = [read[bit] for bit in range(len(read) - 1, -1, -1)]
    bits = shots_of(steps, len(places), shots, random)[:, [places[qubit] for qubit in qubits]]
    return as_read(bits, noise.read_as_one(qubits), random)


def as_read(bits: Bits, ones: Float[np.ndarray, "n 2"], random: np.random.Generator) -> Bits:
    """Bits after readout errors; qubit i is read as 1 with probability `ones[i, 0]` if it is 0, or `ones[i, 1]`."""
    if np.array_equal(ones, np.broadcast_to([0.0, 1.0], ones.shape)):
        return bits
    chances = np.where(bits == 1, ones[:, 1], ones[:, 0])
    return (random.random(bits.shape) < chances).astype(np.uint8)


def shots_of(steps: Sequence[NoisyGate], n: int, shots: int, random: np.random.Generator) -> Bits:
    """Bits of noisy shots, one a row, in no particular order."""
    noisy = [place for place, step in enumerate(steps) if step.noise is not None and step.noise.untouched < 1.0]
    # At least one column, because the preparation of all 0 is a circuit without gates.
    has_error = np.zeros((shots, max(1, len(steps))), bool)
    for place in noisy:
        noise = steps[place].noise
        assert noise is not None
        has_error[:, place] = random.random(shots) >= noise.untouched
    with_errors = has_error[has_error.any(axis=1)]
    first = np.argmax(with_errors, axis=1)
    order = np.argsort(first, kind="stable")
    with_errors, first = with_errors[order], first[order]
    rows = max(FEWEST, AT_ONCE >> n)
    found = []
    for start in range(0, max(len(with_errors), 1), rows):
        group = ShotGroup(n, random)
        group.run(steps, with_errors[start : start + rows], first[start : start + rows])
        sums = np.cumsum(group.tables(), axis=1, dtype=np.float64)
        if start == 0:
            found.append(inverse_cdf(sums[0], random.random(shots - len(with_errors))))
        found += [inverse_cdf(row, random.random(1)) for row in sums[1:]]
    return bits_of(np.concatenate(found), n)


class ShotGroup:
    """Shots that are simulated together: row 0 without any error, each other row from its first error on.

    The tensor has an axis of length 2 for every qubit, in an order that changes with every gate, and one axis for the
    rows. Gates on one qubit are delayed, and merged into the next gate on two qubits.
    """

    def __init__(self, n: int, random: np.random.Generator) -> None:
        self.n, self.random = n, random
        self.axes = list(range(n))
        self.state = np.zeros((2,) * n + (1,), np.complex64)
        self.state[(0,) * n] = 1.0
        self.delayed = [IDENTITY] * n

    def run(self, steps: Sequence[NoisyGate], has_error: np.ndarray, first: np.ndarray) -> None:
        """Apply all gates, with errors where `has_error` (rows, gates) says so; `first` is each row's first error."""
        begun = 0
        sites = set(np.flatnonzero(has_error.any(axis=0)).tolist())
        for place, step in enumerate(steps):
            if len(step.qubits) == 1:
                self.delayed[step.qubits[0]] = (step.matrix @ self.delayed[step.qubits[0]]).astype(np.complex64)
            else:
                self.apply(step.matrix @ self.take_delayed(step.qubits), step.qubits)
            if place not in sites:
                continue
            new = int(np.searchsorted(first, place, side="right")) - begun
            if new:
                clean = np.broadcast_to(self.state[..., :1], (*self.state.shape[:-1], new))
                self.state = np.concatenate([self.state, clean], axis=-1)
                begun += new
            for row in np.flatnonzero(has_error[:begun, place]):
                self.apply_error(step, int(row) + 1)
        for qubit in range(self.n):
            self.apply(self.take_delayed((qubit,)), (qubit,))

    def take_delayed(self, qubits: tuple[int, ...]) -> np.ndarray:
        """The delayed gates of some qubits as one matrix; they are delayed no longer."""
        matrix = self.delayed_matrix(qubits)
        for qubit in qubits:
            self.delayed[qubit] = IDENTITY
        return matrix

    def delayed_matrix(self, qubits: tuple[int, ...]) -> np.ndarray:
        """The delayed gates of some qubits as one matrix."""
        matrix = self.delayed[qubits[0]]
        if len(qubits) == 1:
            return matrix
        # The same as numpy.kron, ten times as fast.
        return (matrix[:, None, :, None] * self.delayed[qubits[1]][None, :, None, :]).reshape(4, 4)

    def apply(self, matrix: np.ndarray, qubits: tuple[int, ...]) -> None:
        k = len(qubits)
        shaped = np.where(np.abs(matrix) < NEGLIGIBLE_ENTRY, 0, matrix).astype(np.complex64).reshape((2,) * (2 * k))
        places = [self.axes.index(qubit) for qubit in qubits]
        self.state = np.tensordot(shaped, self.state, (range(k, 2 * k), places))
        self.axes = [*qubits, *(axis for axis in self.axes if axis not in qubits)]

    def apply_error(self, step: NoisyGate, row: int) -> None:
        """Apply one of the channel's Kraus operators to one row, drawn by the norms of the states after them."""
        assert step.noise is not None
        qubits, k = step.qubits, len(step.qubits)
        places = [self.axes.index(qubit) for qubit in qubits]
        state = np.moveaxis(self.state[..., row], places, range(k))
        matrix = self.delayed_matrix(qubits)
        flat = matrix @ state.reshape(2**k, -1)
        density = flat @ flat.conj().T
        weights = [np.trace(one.conj().T @ one @ density).real for one in step.noise.operators]
        (chosen,) = inverse_cdf(np.cumsum(weights), self.random.random(1))
        # The delayed gates are applied later, so that their effect is undone here.
        operator = matrix.conj().T @ step.noise.operators[chosen] @ matrix
        operator = np.where(np.abs(operator) < NEGLIGIBLE_ENTRY, 0, operator) / np.sqrt(weights[chosen])
        changed = operator @ state.reshape(2**k, -1)
        np.moveaxis(self.state[..., row], places, range(k))[...] = changed.reshape(state.shape)

    def tables(self) -> np.ndarray:
        """Probabilities (rows, 2^n), in index order."""
        order = [self.axes.index(qubit) for qubit in range(self.n)]
        table = np.abs(self.state.transpose([self.n, *order])) ** 2
        return table.reshape(len(table), -1)
