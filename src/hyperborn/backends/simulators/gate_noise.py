"""Qiskit circuits with the noise of each of their gates, shot by shot."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits
from hyperborn.backends.simulators.channels import Channel, channel_of, turned
from hyperborn.backends.simulators.trajectories import Step, shots_of

ANYWHERE = ()
"""In place of a gate's qubits: the noise is the same on all."""


class GateNoise:
    """Errors after gates, by the gates' names and qubits, and P(read as 1 | was 0 and 1) of qubits, in pairs.

    Errors are `qiskit_aer.noise.QuantumError`; each becomes a `Channel` when it is first needed.
    """

    def __init__(
        self,
        errors: Mapping[tuple[str, tuple[int, ...]], Any],
        readout: Mapping[int, tuple[float, float]],
        everywhere: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        self.errors, self.readout, self.everywhere = errors, readout, everywhere
        self.channels: dict[tuple[str, tuple[int, ...]], Channel] = {}

    def after(self, name: str, qubits: tuple[int, ...]) -> Channel | None:
        """The channel after a gate, None if it is perfect."""
        key = (name, qubits) if (name, qubits) in self.errors else (name, ANYWHERE)
        if key not in self.channels and key in self.errors:
            self.channels[key] = channel_of(self.errors[key])
        return self.channels.get(key)

    def read_as_one(self, qubits: Sequence[int]) -> Float[np.ndarray, "n 2"]:
        """Of each qubit, how often it is read as 1 when it is 0, and when it is 1."""
        return np.array([self.readout.get(qubit, self.everywhere) for qubit in qubits])


def noisy_shots(circuit: Any, noise: GateNoise, shots: int, random: np.random.Generator) -> Bits:
    """Bits of shots of a `qiskit.QuantumCircuit` without parameters, one a row, in the order of weights."""
    places: dict[int, int] = {}
    steps: list[Step] = []
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
        matrix = turned(operation.to_matrix(), len(qubits))
        steps.append(Step(matrix, tuple(places[qubit] for qubit in qubits), noise.after(operation.name, qubits)))
    # Weight 0 is the highest classical bit.
    qubits = [read[bit] for bit in range(len(read) - 1, -1, -1)]
    bits = shots_of(steps, len(places), shots, random)[:, [places[qubit] for qubit in qubits]]
    return as_read(bits, noise.read_as_one(qubits), random)


def as_read(bits: Bits, ones: Float[np.ndarray, "n 2"], random: np.random.Generator) -> Bits:
    """Bits as they are read, when column i is read as 1 with the probabilities `ones[i]` for 0 and for 1."""
    if np.array_equal(ones, np.broadcast_to([0.0, 1.0], ones.shape)):
        return bits
    chances = np.where(bits == 1, ones[:, 1], ones[:, 0])
    return (random.random(bits.shape) < chances).astype(np.uint8)
