"""Circuits in a device's own gates, on its own qubits."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from jaxtyping import UInt8

from hyperborn.backends.backend import Cost
from hyperborn.backends.packages import imported
from hyperborn.backends.translation.qiskit import circuit_of, preparation_of
from hyperborn.circuits import Circuit
from hyperborn.errors import UserError

KEPT = 64
"""Compiled circuits that are kept."""

SEED = 7
"""Compilation draws layouts: always the same ones, so that a circuit stays on its qubits when a run goes on."""


@dataclass(frozen=True, eq=False)
class Compiled:
    """A circuit on a device: Qiskit's, over all qubits of the device, and the qubit on which each bit is measured."""

    circuit: Any
    qubits: tuple[int, ...]

    @cached_property
    def used(self) -> tuple[int, ...]:
        """All qubits that a gate or a measurement touches, ascending; routing may take more than there are bits."""
        find = self.circuit.find_bit
        return tuple(sorted({find(qubit).index for step in self.circuit.data for qubit in step.qubits}))


class Compiler:
    """Compiles circuits for one device, each once."""

    def __init__(self, device: Any, optimization_level: int) -> None:
        self.device, self.level = device, optimization_level
        self.compiled = lru_cache(KEPT)(self.compile)
        self.prepared = lru_cache(KEPT)(self.prepare)

    def compile(self, circuit: Circuit) -> Compiled:
        if circuit.n_qubits > self.device.num_qubits:
            raise UserError(
                f"a circuit of {circuit.n_qubits} qubits is too wide for {self.device.name}, which has "
                f"{self.device.num_qubits}; choose a smaller network, many registers or another backend"
            )
        done = self.passes(None).run(circuit_of(circuit))
        # Where qubit i was measured: after all swaps of the routing.
        return Compiled(done, tuple(done.layout.final_index_layout()))

    def prepare(self, circuit: Circuit, bits: tuple[int, ...]) -> Compiled:
        """The preparation of a basis state on the qubits where the circuit's bits are measured."""
        qubits = self.compiled(circuit).qubits
        done = self.passes(list(qubits)).run(preparation_of(np.array(bits, np.uint8)))
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
        """Depth and gates as compiled, and the time of a shot: that of its longest path and the pause after it."""
        done = self.compiled(circuit).circuit
        two = sum(len(step.qubits) == 2 for step in done.data)
        return Cost(done.depth(), two, seconds_of(done, self.device))


def seconds_of(compiled: Any, device: Any) -> float | None:
    """Seconds from one shot to the next, if the device tells how long its gates take."""
    error = imported("qiskit.exceptions", "qiskit", device.name).QiskitError
    try:
        duration = compiled.estimate_duration(device.target, unit="s")
    except error:
        return None
    return float(duration) + float(getattr(device, "default_rep_delay", None) or 0.0)


def key_of(bits: UInt8[np.ndarray, " n"]) -> tuple[int, ...]:
    """Bits that a cache can know again."""
    return tuple(map(int, bits))
