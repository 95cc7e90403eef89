"""Whole batches through Qiskit Aer, in one run."""

from collections.abc import Callable, Mapping
from typing import Any

from hyperborn.backends.batch import Batch, Counts, Points, Request
from hyperborn.backends.translating.qiskit import counts_of_words, preparation_of, values_of
from hyperborn.circuits import Circuit

LARGEST_DENSITY_MATRIX = 8
"""Most qubits whose density matrix is simulated faster than a thousand noisy shots are, one by one.

Measured here: 0.03 to 0.07 s a circuit of 8 qubits, against 0.15 to 0.21 s."""


def options_for(method: str, n_qubits: int, mixed: bool) -> dict[str, Any]:
    """Options of `AerSimulator` for circuits of a width; `mixed` says whether their gates are noisy."""
    if method == "automatic" and mixed:
        method = "density_matrix" if n_qubits <= LARGEST_DENSITY_MATRIX else "statevector"
    # Shots that are simulated one by one gain from fused gates at any width (1.8 s against 5.0 s at 12 qubits); Aer
    # fuses them from 14 qubits on.
    fused = {"fusion_threshold": 1} if mixed else {}
    # Small density matrices cost more to share out among threads than to simulate (5 qubits: 3 to 5 times the time).
    small = method == "density_matrix" and n_qubits <= LARGEST_DENSITY_MATRIX
    return {"method": method} | fused | ({"max_parallel_threads": 1} if small else {})


def run(
    simulator: Any, batch: Batch, compiled: Callable[[Circuit], Any], prepared: Callable[[Circuit, Any], Any]
) -> tuple[Counts, ...]:
    """Counts of every point: all circuits at all their angles, in one run of an `AerSimulator`.

    `compiled` is a circuit in Qiskit's words, `prepared` the circuit that prepares bits on the qubits of another one.
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
        raise RuntimeError(f"Qiskit Aer failed: {result.status}")
    return tuple(counts_of_words(one.data.counts, size) for one, size in zip(result.results, batch.sizes, strict=True))


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
