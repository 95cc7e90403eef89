"""The fake IBM devices of qiskit-ibm-runtime: couplings, gates and calibrations of real devices, offline."""

from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from hyperborn.arguments import check_text
from hyperborn.backends.backend import Backend, Connection
from hyperborn.backends.batch import Batch, Counts
from hyperborn.backends.simulators.aer import LARGEST_DENSITY_MATRIX, run_batch, run_shot_by_shot
from hyperborn.backends.simulators.in_process import InProcessConnection
from hyperborn.backends.simulators.noise import GateNoise
from hyperborn.backends.translation import KEPT, Compiler, key_of
from hyperborn.circuits import Circuit
from hyperborn.errors import UserError, whole_number
from hyperborn.packages import imported

PREFIX = "fake_"

DENSITY_MATRIX = {"fusion_threshold": 1, "max_parallel_threads": 1}
"""The options of Aer that simulate density matrices of a few qubits fastest."""


SYMMETRIC = (
    "readout errors of fake devices are symmetric: 0 and 1 are read wrongly equally often, unlike on the real one"
)
"""A note for users who plan a run on the real device."""


@dataclass(frozen=True)
class FakeDevice(Backend):
    """A simulated device with the noise of a real device at one of its calibrations.

    Circuits are compiled to its gates and qubits, as for the real device, and only the qubits in use are simulated.
    Readout errors are symmetric, unlike those of the real device: Qiskit's noise models have one error rate a qubit,
    the mean of P(read 1 | was 0) and P(read 0 | was 1).

    Raises:
        UserError: for a name that is no text, or an optimization level that is not 0 to 3.
    """

    name: str
    optimization_level: int = 3

    def __post_init__(self) -> None:
        check_text("name", self.name, "the name of a device, such as 'fake_sherbrooke'")
        whole_number("optimization_level", self.optimization_level, 0, 3)

    @property
    def label(self) -> str:
        return self.name

    @property
    def caveat(self) -> str:
        return SYMMETRIC

    def connect(self) -> Connection:
        device = device_named(self.name)
        compiler = Compiler(device, self.optimization_level)
        aer = imported("qiskit_aer", "qiskit", self.label)
        models = lru_cache(KEPT)(lambda used: noise_of(device, used))
        noises = lru_cache(KEPT)(lambda used: device_gate_noise(device, used))

        def placed(circuit: Circuit) -> Any:
            return compiler.compiled(circuit).circuit

        def prepared(circuit: Circuit, bits: Any) -> Any:
            return compiler.prepared(circuit, key_of(bits)).circuit

        def simulate(batch: Batch) -> tuple[Counts, ...]:
            compiled = [compiler.compiled(request.circuit).used for request in batch.requests]
            used = tuple(sorted(set().union(*compiled)))
            if max(map(len, compiled)) > LARGEST_DENSITY_MATRIX:
                return run_shot_by_shot(noises(used), batch, placed, prepared)
            simulator = aer.AerSimulator(noise_model=models(used), method="density_matrix", **DENSITY_MATRIX)
            return run_batch(simulator, batch, placed, prepared)

        return InProcessConnection(
            simulate,
            compiler.cost,
            label=self.label,
            n_qubits=device.num_qubits,
            calibration=device.properties().last_update_date.isoformat(),
        )


def fake_names() -> dict[str, type]:
    """The classes of all fake devices, by the devices' names."""
    provider = imported("qiskit_ibm_runtime.fake_provider", "qiskit", "a fake device")
    kinds = (getattr(provider, name) for name in dir(provider) if name.startswith("Fake"))
    return {kind.backend_name: kind for kind in kinds if getattr(kind, "backend_name", None)}


def device_named(name: str) -> Any:
    """The fake device of a name.

    Raises:
        UserError: if there is no fake device of that name; the message lists all names.
    """
    known = fake_names()
    if name not in known:
        raise UserError(f"there is no fake device {name!r}; there are {', '.join(sorted(known))}")
    return known[name]()


def noise_of(device: Any, used: tuple[int, ...]) -> Any:
    """The `qiskit_aer.noise.NoiseModel` of a device, for some of its qubits and the gates among them.

    `NoiseModel.from_backend` of all 127 qubits is the same on these, but takes 4.4 s, and 2 s more for each simulator
    that gets it.
    """
    noise = imported("qiskit_aer.noise", "qiskit", device.name)
    part = part_of(device.target, used)
    shown = SimpleNamespace(version=2, operation_names=device.operation_names, target=part, dt=device.dt)
    return noise.NoiseModel.from_backend(shown)


def device_gate_noise(device: Any, used: tuple[int, ...]) -> GateNoise:
    """The noise of `noise_of`, for shots that are simulated one by one."""
    models = imported("qiskit_aer.noise.device", "qiskit", device.name)
    part = part_of(device.target, used)
    errors = {(name, tuple(qubits)): error for name, qubits, error in models.basic_device_gate_errors(target=part)}
    read = {
        int(qubits[0]): (float(error.probabilities[0][1]), float(error.probabilities[1][1]))
        for qubits, error in models.basic_device_readout_errors(target=part)
    }
    return GateNoise(errors, read)


def part_of(target: Any, used: tuple[int, ...]) -> Any:
    """The `qiskit.transpiler.Target` of some qubits of a device, with their numbers unchanged."""
    kept = set(used)
    part = type(target)(num_qubits=target.num_qubits, dt=target.dt, qubit_properties=target.qubit_properties)
    for name in target.operation_names:
        inside = {places: values for places, values in target[name].items() if places and kept.issuperset(places)}
        if inside:
            part.add_instruction(target.operation_from_name(name), inside, name=name)
    return part
