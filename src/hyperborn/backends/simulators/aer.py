"""Shots from Qiskit Aer: ideal or noisy, up to hundreds of qubits as matrix product states."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from hyperborn.backends.backend import Backend, Connection, JobFailed
from hyperborn.backends.batch import Batch, Counts, Points, Request
from hyperborn.backends.simulators.in_process import InProcessConnection
from hyperborn.backends.simulators.noise import ANYWHERE, GateNoise, Noise, errors_of, model_of
from hyperborn.backends.simulators.statevector import cost_of
from hyperborn.backends.simulators.trajectories import noisy_shots
from hyperborn.backends.translation import (
    counts_of_hex_words,
    parameter_values,
    qiskit_circuit,
    qiskit_preparation,
    runnable,
)
from hyperborn.circuits import GATES, Circuit
from hyperborn.errors import UserError
from hyperborn.packages import imported
from hyperborn.redaction import one_line

METHODS = ("automatic", "statevector", "density_matrix", "matrix_product_state")

QUBITS_OF_METHODS = {"automatic": 28, "statevector": 28, "density_matrix": 14, "matrix_product_state": 1000}
"""Most qubits of each method: states of 4 GiB; the size of matrix product states depends on entanglement instead."""

LARGEST_DENSITY_MATRIX = 8
"""Most qubits for which a density matrix (0.05 s a circuit) is faster than a thousand noisy shots."""

FEW_THREADS: dict[str, dict[str, int]] = {"density_matrix": {"max_parallel_threads": 1}}
"""One thread for small density matrices: with several, 5 qubits took 3 to 5 times as long."""

KEPT = 64
"""Translated circuits that are kept."""

LACKING = ("ch", "iswap", "crx", "cry", "crz", "cp")
"""Gates that Aer does not have, or not with all methods, and controlled gates with an angle.

Aer ignores the values of their parameters (qiskit-aer 0.18; its issues 2323, 2391 and 2403).
"""

LARGEST_NOISY_GATE = 2
"""Most qubits of a gate that noise follows: devices have none on more."""


@dataclass(frozen=True)
class Aer(Backend):
    """Qiskit Aer on this machine, which runs the gates of a circuit without compilation.

    The few gates that it lacks (`LACKING`, and where there is noise those on three qubits) are made of others, each of
    which then has noise of its own.

    "automatic" uses a statevector. With noisy gates it uses a density matrix up to 8 qubits, and single shots above
    that, see `hyperborn.backends.simulators.trajectories`. "matrix_product_state" is for wide circuits with little
    entanglement.

    Raises:
        UserError: for a method that is not one of `METHODS`.
    """

    method: str = "automatic"
    noise: Noise | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise UserError(f"method={self.method!r} of Aer: choose one of {', '.join(METHODS)}")
        if self.noise is not None and not isinstance(self.noise, Noise):
            raise UserError(f"noise={self.noise!r} of Aer: give a Noise, such as Noise(two_qubit=0.01), or None")

    @property
    def label(self) -> str:
        return "aer" if self.method == "automatic" else f"aer:{self.method}"

    @property
    def is_noiseless(self) -> bool:
        return self.noise is None

    def connect(self) -> Connection:
        aer = imported("qiskit_aer", "qiskit", self.label)
        model = None if self.noise is None else model_of(self.noise)
        shot_by_shot = None if self.noise is None else uniform_gate_noise(self.noise)
        largest = max(kind.n_qubits for kind in GATES.values()) if self.noise is None else LARGEST_NOISY_GATE
        known = [name for name, kind in GATES.items() if name not in LACKING and kind.n_qubits <= largest]
        translated = lru_cache(KEPT)(lambda circuit: runnable(qiskit_circuit(circuit), known))

        def simulate(batch: Batch) -> tuple[Counts, ...]:
            method = self.method
            if method == "automatic":
                mixed = self.noise is not None and self.noise.gates
                if shot_by_shot is not None and mixed and batch.widest > LARGEST_DENSITY_MATRIX:
                    return run_shot_by_shot(shot_by_shot, batch, translated, plain_preparation)
                method = "density_matrix" if mixed else "statevector"
            simulator = aer.AerSimulator(noise_model=model, method=method, **FEW_THREADS.get(method, {}))
            # Whatever the method, Aer would refuse more qubits than a statevector in memory can have.
            simulator.set_max_qubits(QUBITS_OF_METHODS["matrix_product_state"])
            return run_batch(simulator, batch, translated, plain_preparation)

        return InProcessConnection(simulate, cost_of, label=self.label, n_qubits=QUBITS_OF_METHODS[self.method])


def uniform_gate_noise(noise: Noise) -> GateNoise:
    """Uniform noise for shots that are simulated one by one."""
    errors = {(name, ANYWHERE): error for name, error in errors_of(noise).items()}
    return GateNoise(errors, {}, (noise.readout, 1.0 - noise.readout))


def run_batch(
    simulator: Any, batch: Batch, compiled: Callable[[Circuit], Any], prepared: Callable[[Circuit, Any], Any]
) -> tuple[Counts, ...]:
    """Counts of every point: all circuits at all their angles, in one run of an `AerSimulator`.

    `compiled` makes the Qiskit circuit of a circuit, `prepared` the Qiskit circuit that prepares bits on its qubits.

    Raises:
        JobFailed: with the message of Aer.
    """
    circuits, bindings = [], []
    for request in batch.requests:
        for circuit, values in jobs_of(request, compiled, prepared):
            circuits.append(circuit)
            bindings.append(values)
    if not circuits:
        return ()
    result = simulator.run(circuits, parameter_binds=bindings, shots=batch.shots, seed_simulator=batch.seed).result()
    if not result.success:
        raise JobFailed(f"Qiskit Aer failed: {one_line(RuntimeError(result.status))}")
    return tuple(
        counts_of_hex_words(one.data.counts, size) for one, size in zip(result.results, batch.sizes, strict=True)
    )


def run_shot_by_shot(
    noise: GateNoise, batch: Batch, compiled: Callable[[Circuit], Any], prepared: Callable[[Circuit, Any], Any]
) -> tuple[Counts, ...]:
    """Counts of every point, shot by shot, for circuits too wide for density matrices; see `run_batch`."""
    from threadpoolctl import threadpool_limits

    random = np.random.default_rng(batch.seed)
    found = []
    # Matrices have four rows: threads make their products slower, by a factor of 2.5 and more on a busy machine.
    with threadpool_limits(1, user_api="blas"):
        for request in batch.requests:
            for circuit, bindings in jobs_of(request, compiled, prepared):
                points = zip(*bindings.values(), strict=True) if bindings else [()]
                for values in points:
                    bound = circuit.assign_parameters(dict(zip(bindings, values, strict=True)))
                    found.append(Counts.of(noisy_shots(bound, noise, batch.shots, random)))
    return tuple(found)


def jobs_of(
    request: Request, compiled: Callable[[Circuit], Any], prepared: Callable[[Circuit, Any], Any]
) -> list[tuple[Any, Mapping[Any, Any]]]:
    """Qiskit circuits of a request, each with the values of its parameters at every point."""
    if not isinstance(request, Points):
        return [(prepared(request.circuit, row), {}) for row in request.bits]
    circuit = compiled(request.circuit)
    values = parameter_values(circuit, request.angles)
    if not values.shape[1]:
        return [(circuit, {})] * len(request)
    return [(circuit, dict(zip(circuit.parameters, values.T, strict=True)))] if len(request) else []


def plain_preparation(circuit: Circuit, bits: Any) -> Any:
    """The preparation of bits on an ideal device, where no qubit is special."""
    del circuit
    return qiskit_preparation(bits)
