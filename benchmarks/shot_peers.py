"""Training steps and samples from shots, by Hyperborn and by its peers alone: each a function that builds a run.

A step's run returns the gradient of E_q[energy] by parameter shift, 2P + 1 circuits; a sampling run the distinct
outcomes. Energies of all networks are given from outside, and known before the clock starts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any

import numpy as np

import hyperborn as hb
from hyperborn.bits import bits_of, index_of
from hyperborn.circuits import AllPairs, Brickwork, Circuit

SHOTS = 1000
SAMPLES, WIDE = 1_000_000, 20

Run = Callable[[], np.ndarray]


@dataclass(frozen=True)
class Step:
    """A network of n weights on breast cancer's first components, one layer of `AllPairs`, and random angles."""

    n: int

    @cached_property
    def data(self) -> hb.data.Dataset:
        return hb.data.load("breast_cancer", components=self.n - 1, validation=0.1, test=0.7)

    @cached_property
    def network(self) -> hb.networks.BinaryMLP:
        return hb.networks.BinaryMLP(self.n - 1, ())

    @cached_property
    def energies(self) -> np.ndarray:
        return hb.energies(self.network, self.data.train)

    @property
    def circuit(self) -> Circuit:
        return AllPairs(self.n, 1)

    @cached_property
    def angles(self) -> np.ndarray:
        return np.random.default_rng(0).normal(size=self.circuit.n_parameters)

    @cached_property
    def points(self) -> np.ndarray:
        """The angles, and each a quarter turn further, and back."""
        shifts = np.eye(len(self.angles)) * np.pi / 2
        return np.concatenate([self.angles[None], self.angles + shifts, self.angles - shifts])

    def gradient(self, means: np.ndarray) -> np.ndarray:
        half = len(self.angles)
        return (means[1 : half + 1] - means[half + 1 :]) / 2

    @cached_property
    def exact(self) -> np.ndarray:
        """The gradient without shots."""
        posterior = hb.Register(self.circuit)
        tables = np.stack([posterior.distribution(point.astype(np.float32)) for point in self.points])
        return self.gradient(tables @ self.energies)


def ours(step: Step, objective: Any = None) -> Run:
    """A whole step of `hb.fit`, ledger, diagnosis and optimizer included; without an objective of MLE."""
    from hyperborn.backends import Statevector
    from hyperborn.backends.backend import connected
    from hyperborn.backends.jobs.ledger import Ledger
    from hyperborn.backends.jobs.sampler import LedgerSampler
    from hyperborn.training.defaults import definition_with_defaults
    from hyperborn.training.estimators import ParameterShift
    from hyperborn.training.loop import fresh
    from hyperborn.training.shots.posteriors import ShotRegister
    from hyperborn.training.shots.steps import ShotsProblem

    backend = Statevector()
    definition = definition_with_defaults(
        step.network, len(step.data.train), posterior=ShotRegister(step.circuit, backend),
        objective=objective or hb.MLE(), estimator=ParameterShift(shots=SHOTS),
        optimizer=hb.Adam(1.0), steps=1_000_000,
    )  # fmt: skip
    sampler = LedgerSampler(connected(backend), backend.label, Ledger.in_memory(None))
    problem, start = ShotsProblem(definition, definition.energies(step.data), sampler), fresh(definition).state
    state = start._replace(params=step.angles[None].astype(np.float32))
    numbers = count()

    def run() -> np.ndarray:
        # The first of Adam's moments after one step from zero is a tenth of the gradient.
        after, _ = problem.advance(state._replace(step=np.int32(next(numbers))), 1)
        return 10 * np.asarray(after.optimizer[0].mu)[0]

    return run


def ours_selbo(step: Step) -> Run:
    return ours(step, hb.SELBO())


def pennylane_operations(circuit: Circuit, angles: np.ndarray) -> list[Any]:
    """Of one vector of angles, or of many at once (points, parameters)."""
    import pennylane as qml

    make = {"cx": qml.CNOT, "ry": qml.RY, "rz": qml.RZ, "rzz": qml.IsingZZ}
    return [
        make[gate.name](*(angles[..., index] for index in gate.parameters), wires=list(gate.qubits))
        for gate in circuit.gates()
    ]


def default_qubit(step: Step) -> Run:
    """All points in one broadcast circuit: 4 to 7 times as fast as `qml.gradients.param_shift` here."""
    import pennylane as qml

    device = qml.device("default.qubit", wires=step.n, seed=0)

    def run() -> np.ndarray:
        operations = pennylane_operations(step.circuit, step.points)
        tape = qml.tape.QuantumScript(operations, [qml.probs(wires=range(step.n))], shots=SHOTS)
        return step.gradient(np.asarray(device.execute(tape, qml.devices.ExecutionConfig())) @ step.energies)

    return run


def lightning(step: Step) -> Run:
    """A tape a point, handed over as one batch, for the device broadcasts nothing by itself; samples, then energies.

    `qml.gradients.param_shift` of probabilities takes about as long, and twice that of probabilities by hand.
    """
    import pennylane as qml

    device = qml.device("lightning.qubit", wires=step.n, seed=0)

    def run() -> np.ndarray:
        measured = [qml.sample(wires=range(step.n))]
        tapes = [
            qml.tape.QuantumScript(pennylane_operations(step.circuit, point), measured, shots=SHOTS)
            for point in step.points
        ]
        samples = np.asarray(device.execute(tapes, qml.devices.ExecutionConfig()), np.uint8)
        return step.gradient(step.energies[index_of(samples.reshape(-1, step.n))].reshape(-1, SHOTS).mean(axis=1))

    return run


def qiskit_circuit(circuit: Circuit) -> Any:
    """The measured circuit; its parameters are named so that their order is that of the angles."""
    from qiskit.circuit import Parameter, QuantumCircuit

    angles = [Parameter(f"a{place:06d}") for place in range(circuit.n_parameters)]
    made = QuantumCircuit(circuit.n_qubits)
    for gate in circuit.gates():
        getattr(made, gate.name)(*(angles[index] for index in gate.parameters), *gate.qubits)
    made.measure_all()
    return made


def with_primitive(step: Step, sampler: Any) -> Run:
    """All points in one PUB, by parameter broadcasting; Qiskit counts qubit 0 as the last bit."""
    circuit = qiskit_circuit(step.circuit)
    energies = step.energies[index_of(np.ascontiguousarray(bits_of(np.arange(2**step.n), step.n)[:, ::-1]))]

    def run() -> np.ndarray:
        found = sampler.run([(circuit, step.points)], shots=SHOTS).result()[0].data.meas.array
        # Big-endian bytes, (points, shots, bytes).
        words = found.astype(np.int64) @ (256 ** np.arange(found.shape[-1])[::-1])
        return step.gradient(energies[words].mean(axis=1))

    return run


def qiskit(step: Step) -> Run:
    from qiskit.primitives import StatevectorSampler

    return with_primitive(step, StatevectorSampler(seed=0))


def aer(step: Step) -> Run:
    from qiskit_aer.primitives import SamplerV2

    return with_primitive(step, SamplerV2(seed=0, options={"backend_options": {"method": "statevector"}}))


def aer_single(step: Step) -> Run:
    """With one thread, which small circuits are faster with."""
    from qiskit_aer.primitives import SamplerV2

    options = {"method": "statevector", "max_parallel_threads": 1}
    return with_primitive(step, SamplerV2(seed=0, options={"backend_options": options}))


def wide_circuit() -> tuple[Circuit, np.ndarray]:
    circuit = Brickwork(WIDE, depth=4)
    return circuit, np.random.default_rng(1).normal(size=circuit.n_parameters)


def ours_sampling() -> Run:
    from hyperborn.backends.batch import Batch, Points
    from hyperborn.backends.simulators.statevector import simulate

    circuit, angles = wide_circuit()

    def run() -> np.ndarray:
        return simulate(Batch("samples", (Points(circuit, angles[None]),), SAMPLES, 0))[0].counts

    return run


def aer_sampling() -> Run:
    from qiskit import transpile
    from qiskit_aer import AerSimulator

    circuit, angles = wide_circuit()
    simulator = AerSimulator(method="statevector", precision="single")
    bound = transpile(qiskit_circuit(circuit).assign_parameters(angles), simulator)

    def run() -> np.ndarray:
        found = simulator.run(bound, shots=SAMPLES, seed_simulator=0).result().get_counts()
        return np.fromiter(found.values(), np.int64)

    return run


def lightning_sampling() -> Run:
    import pennylane as qml

    circuit, angles = wide_circuit()
    device = qml.device("lightning.qubit", wires=WIDE, c_dtype=np.complex64, seed=0)

    def run() -> np.ndarray:
        tape = qml.tape.QuantumScript(
            pennylane_operations(circuit, angles), [qml.sample(wires=range(WIDE))], shots=SAMPLES
        )
        samples = np.asarray(device.execute(tape, qml.devices.ExecutionConfig()), np.uint8)
        return np.unique(index_of(samples), return_counts=True)[1]

    return run


STEPS = {
    "Hyperborn, statevector, MLE": ours,
    "Hyperborn, statevector, SELBO": ours_selbo,
    "PennyLane default.qubit, broadcast": default_qubit,
    "PennyLane lightning.qubit": lightning,
    "Qiskit StatevectorSampler": qiskit,
    "Qiskit Aer SamplerV2": aer,
    "Qiskit Aer SamplerV2, one thread": aer_single,
}
SAMPLING = {
    "Hyperborn, statevector": ours_sampling,
    "Qiskit Aer, single precision": aer_sampling,
    "PennyLane lightning.qubit, complex64": lightning_sampling,
}
