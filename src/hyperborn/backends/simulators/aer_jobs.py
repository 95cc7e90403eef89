"""Whole batches through Qiskit Aer, in one run."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from hyperborn.backends.backend import JobFailed
from hyperborn.backends.batch import Batch, Counts, Points, Request
from hyperborn.backends.redaction import one_line
from hyperborn.backends.simulators.gate_noise import GateNoise, noisy_shots
from hyperborn.backends.translation.qiskit import counts_of_words, preparation_of, values_of
from hyperborn.circuits import Circuit

LARGEST_DENSITY_MATRIX = 8
"""Most qubits whose density matrix is simulated faster than a thousand noisy shots: in 0.05 s a circuit."""


def run(
    simulator: Any, batch: Batch, compiled: Callable[[Circuit], Any], prepared: Callable[[Circuit, Any], Any]
) -> tuple[Counts, ...]:
    """Counts of every point: all circuits at all their angles, in one run of an `AerSimulator`.

    `compiled` is a circuit in Qiskit's words, `prepared` the circuit that prepares bits on the qubits of another one.

    Raises:
        JobFailed: with what Aer says of it.
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
    return tuple(counts_of_words(one.data.counts, size) for one, size in zip(result.results, batch.sizes, strict=True))


def run_shot_by_shot(
    noise: GateNoise, batch: Batch, compiled: Callable[[Circuit], Any], prepared: Callable[[Circuit, Any], Any]
) -> tuple[Counts, ...]:
    """Counts of every point, from noisy shots: for states too wide for density matrices."""
    from threadpoolctl import threadpool_limits

    random = np.random.default_rng(batch.seed)
    found = []
    # Matrices are of four rows: threads make their products slower, by a factor of 2.5 and more on a busy machine.
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
    """Circuits of a request, each with the values of its parameters."""
    if not isinstance(request, Points):
        return [(prepared(request.circuit, row), {}) for row in request.bits]
    circuit = compiled(request.circuit)
    values = values_of(circuit, request.angles)
    if not values.shape[1]:
        return [(circuit, {})] * len(request)
    return [(circuit, dict(zip(circuit.parameters, values.T, strict=True)))] if len(request) else []


def plain_preparation(circuit: Circuit, bits: Any) -> Any:
    """A preparation that is not compiled."""
    del circuit
    return preparation_of(bits)
