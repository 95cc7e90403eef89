"""Circuits to be measured, and bits, in the terms of Qiskit and PennyLane: only here are orders of bits converted.

Qiskit: qubit i is measured into classical bit n - 1 - i. Qiskit writes the highest classical bit first, so that in
every string, integer and packed byte that it returns weight 0 is the most significant bit, as in all of Hyperborn.
PennyLane: wire i is qubit i, and samples have a column a wire, so that no order changes.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from hyperborn._typing import Bits
from hyperborn.backends.backend import Cost, too_wide
from hyperborn.backends.batch import Counts
from hyperborn.circuits import Circuit
from hyperborn.circuits.translation.pennylane import apply_operations
from hyperborn.circuits.translation.qiskit import append_gates
from hyperborn.errors import UserError
from hyperborn.packages import imported

REGISTER = "bits"
"""Name of the one classical register."""

ANGLES = "angle"
"""Name of the vector of parameters; element i is the flat index of an angle."""

KEPT = 64
"""Compiled circuits that are kept."""

SEED = 7
"""Compilation draws layouts. A fixed seed keeps a circuit on the same qubits when a run is resumed."""


def qiskit_circuit(circuit: Circuit) -> Any:
    """A `qiskit.QuantumCircuit` with one parameter an angle, measured at its end."""
    angles = imported("qiskit.circuit", "qiskit", "this backend").ParameterVector(ANGLES, circuit.n_parameters)
    translated = empty_qiskit_circuit(circuit.n_qubits)
    append_gates(translated, circuit, angles)
    measure(translated)
    return translated


def runnable(translated: Any, names: Collection[str]) -> Any:
    """A measured circuit of Qiskit in which gates of other names are made of those, up to a global phase."""
    if all(step.operation.name in names or step.operation.name == "measure" for step in translated.data):
        return translated
    # Level 0 changes nothing else.
    return imported("qiskit", "qiskit", "this backend").transpile(
        translated, basis_gates=[*names], optimization_level=0
    )


def qiskit_preparation(bits: UInt8[np.ndarray, " n"]) -> Any:
    """A `qiskit.QuantumCircuit` that prepares a basis state and measures it."""
    translated = empty_qiskit_circuit(len(bits))
    for qubit in np.flatnonzero(bits):
        translated.x(int(qubit))
    measure(translated)
    return translated


def empty_qiskit_circuit(n: int) -> Any:
    module = imported("qiskit.circuit", "qiskit", "this backend")
    return module.QuantumCircuit(module.QuantumRegister(n, "q"), module.ClassicalRegister(n, REGISTER))


def measure(translated: Any) -> None:
    n = translated.num_qubits
    translated.measure(range(n), range(n - 1, -1, -1))


def parameter_values(
    translated: Any, angles: Float[np.ndarray, "points parameters"]
) -> Float[np.ndarray, "points left"]:
    """Values (radians) of the parameters that a compiled circuit still has, in its own order of parameters.

    Compilation drops rotations that change no probability, and their parameters with them.
    """
    return angles[:, [parameter.index for parameter in translated.parameters]]


def counts_of_hex_words(words: Mapping[str, int], n: int) -> Counts:
    """Counts of a mapping of hexadecimal words ("0x1f") to how often each occurred; rows are in index order."""
    width = (n + 7) // 8
    packed = bytes.fromhex("".join(word[2:].rjust(2 * width, "0") for word in words))
    bits = unpacked_bits(np.frombuffer(packed, np.uint8).reshape(len(words), width), n)
    counts = np.fromiter(words.values(), np.int64, len(words))
    order = np.lexsort(bits.T[::-1])
    return Counts(bits[order], counts[order])


def unpacked_bits(packed: UInt8[np.ndarray, "rows width"], n: int) -> Bits:
    """Bits of big-endian rows of bytes, as `qiskit.primitives.BitArray.array` holds them."""
    return np.unpackbits(packed, axis=1)[:, packed.shape[1] * 8 - n :]


@dataclass(frozen=True, eq=False)
class Compiled:
    """A circuit on a device: Qiskit's, over all qubits of the device, and the qubit on which each bit is measured."""

    circuit: Any
    qubits: tuple[int, ...]

    @cached_property
    def used(self) -> tuple[int, ...]:
        """All qubits that a gate or a measurement acts on, ascending; routing may use more than there are bits."""
        find = self.circuit.find_bit
        return tuple(sorted({find(qubit).index for step in self.circuit.data for qubit in step.qubits}))


class Compiler:
    """Compiles circuits into the gates and onto the qubits of one device, each circuit once."""

    def __init__(self, device: Any, optimization_level: int) -> None:
        self.device, self.level = device, optimization_level
        self.compiled = lru_cache(KEPT)(self.compile)
        self.prepared = lru_cache(KEPT)(self.prepare)

    def compile(self, circuit: Circuit) -> Compiled:
        if circuit.n_qubits > self.device.num_qubits:
            raise UserError(too_wide(circuit.n_qubits, self.device.name, self.device.num_qubits))
        done = self.passes(None).run(qiskit_circuit(circuit))
        # The qubit on which each bit is measured, after all swaps of the routing.
        return Compiled(done, tuple(done.layout.final_index_layout()))

    def prepare(self, circuit: Circuit, bits: tuple[int, ...]) -> Compiled:
        """The preparation of a basis state on the qubits where the circuit's bits are measured."""
        qubits = self.compiled(circuit).qubits
        done = self.passes(list(qubits)).run(qiskit_preparation(np.array(bits, np.uint8)))
        return Compiled(done, qubits)

    def passes(self, layout: list[int] | None) -> Any:
        transpiler = imported("qiskit.transpiler", "qiskit", self.device.name)
        return transpiler.generate_preset_pass_manager(
            optimization_level=self.level if layout is None else 0,
            backend=self.device,
            initial_layout=layout,
            seed_transpiler=SEED,
        )

    def cost(self, circuit: Circuit) -> Cost:
        """Depth and gates after compilation, and the time of a shot: its longest path and the pause after it."""
        done = self.compiled(circuit).circuit
        two = sum(len(step.qubits) == 2 for step in done.data)
        return Cost(done.depth(), two, seconds_of(done, self.device))


def seconds_of(compiled: Any, device: Any) -> float | None:
    """Seconds from one shot to the next; None if the device does not say how long its gates take."""
    error = imported("qiskit.exceptions", "qiskit", device.name).QiskitError
    try:
        duration = compiled.estimate_duration(device.target, unit="s")
    except error:
        return None
    return float(duration) + float(getattr(device, "default_rep_delay", None) or 0.0)


def key_of(bits: UInt8[np.ndarray, " n"]) -> tuple[int, ...]:
    """Bits as the key of a cache."""
    return tuple(map(int, bits))


def pennylane_operations(circuit: Circuit, angles: Float[np.ndarray, " parameters"]) -> list[Any]:
    """PennyLane's operations of a circuit at the given angles (radians), in order of time."""
    return apply_operations(imported("pennylane", "pennylane", "this backend"), circuit, angles)


def pennylane_preparation(bits: UInt8[np.ndarray, " n"]) -> list[Any]:
    """PennyLane's operations that prepare a basis state."""
    pennylane = imported("pennylane", "pennylane", "this backend")
    return [pennylane.PauliX(wires=int(qubit)) for qubit in np.flatnonzero(bits)]
