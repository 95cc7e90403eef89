"""Shots from Qiskit Aer: ideal or noisy, up to hundreds of qubits as matrix product states."""

from dataclasses import dataclass
from functools import lru_cache

from hyperborn.backends.backend import Backend, Connection
from hyperborn.backends.batch import Batch, Counts
from hyperborn.backends.packages import imported
from hyperborn.backends.simulators.aer_jobs import LARGEST_DENSITY_MATRIX, plain_preparation, run, run_shot_by_shot
from hyperborn.backends.simulators.gate_noise import ANYWHERE, GateNoise
from hyperborn.backends.simulators.in_process import Local
from hyperborn.backends.simulators.noise import Noise, errors_of, model_of
from hyperborn.backends.simulators.statevector import cost_of
from hyperborn.backends.translation.qiskit import circuit_of
from hyperborn.errors import UserError

METHODS = ("automatic", "statevector", "density_matrix", "matrix_product_state")

LARGEST = {"automatic": 28, "statevector": 28, "density_matrix": 14, "matrix_product_state": 1000}
"""Most qubits of each method: states of 4 GiB; matrix product states grow with entanglement instead."""

FEW_THREADS: dict[str, dict[str, int]] = {"density_matrix": {"max_parallel_threads": 1}}
"""Small density matrices cost more to share out among threads than to simulate: at 5 qubits 3 to 5 times the time."""

KEPT = 64
"""Translated circuits that are kept."""


@dataclass(frozen=True)
class Aer(Backend):
    """Qiskit Aer on this machine, with the gates as they are listed.

    "automatic" takes a statevector; with noisy gates a density matrix up to 8 qubits, and beyond that shots one by one,
    as `hyperborn.backends.simulators.trajectories` simulates them. "matrix_product_state" is for wide circuits of
    little entanglement.

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

    def connect(self) -> Connection:
        aer = imported("qiskit_aer", "qiskit", self.label)
        model = None if self.noise is None else model_of(self.noise)
        shot_by_shot = None if self.noise is None else gate_noise(self.noise)
        translated = lru_cache(KEPT)(circuit_of)

        def simulate(batch: Batch) -> tuple[Counts, ...]:
            method = self.method
            if method == "automatic":
                mixed = self.noise is not None and self.noise.gates
                if shot_by_shot is not None and mixed and batch.widest > LARGEST_DENSITY_MATRIX:
                    return run_shot_by_shot(shot_by_shot, batch, translated, plain_preparation)
                method = "density_matrix" if mixed else "statevector"
            simulator = aer.AerSimulator(noise_model=model, method=method, **FEW_THREADS.get(method, {}))
            # Aer would refuse more qubits than a state vector of them fits into memory, whatever the method.
            simulator.set_max_qubits(LARGEST["matrix_product_state"])
            return run(simulator, batch, translated, plain_preparation)

        return Local(simulate, cost_of, label=self.label, n_qubits=LARGEST[self.method])


def gate_noise(noise: Noise) -> GateNoise:
    """The noise for shots that are simulated one by one."""
    errors = {(name, ANYWHERE): error for name, error in errors_of(noise).items()}
    return GateNoise(errors, {}, (noise.readout, 1.0 - noise.readout))
