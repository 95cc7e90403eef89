import numpy as np
import pytest

from batch_counts import counted, points_counted
from hyperborn.backends import Batch, FakeDevice, Points, Preparations
from hyperborn.backends.mitigation import calibration_preparations
from hyperborn.backends.services.ibm import sampler_class
from hyperborn.backends.simulators.aer import run_shot_by_shot
from hyperborn.backends.simulators.fake_device import device_gate_noise, device_named, noise_of
from hyperborn.backends.translation import REGISTER, Compiler, key_of, parameter_values
from hyperborn.circuits import AllPairs, Brickwork
from hyperborn.errors import UserError
from noise_oracle import same_source, table_of


@pytest.mark.parametrize(("name", "used"), [("fake_manila", (0, 1, 2, 3, 4)), ("fake_lagos", (1, 3, 5))])
def test_noise_on_the_qubits_in_use_is_the_device_s(name: str, used: tuple[int, ...]) -> None:
    from qiskit_aer.noise import NoiseModel

    device = device_named(name)
    part, whole = noise_of(device, used), NoiseModel.from_backend(device)
    expected = {
        (gate, qubits): error
        for gate, errors in whole._local_quantum_errors.items()
        for qubits, error in errors.items()
        if set(qubits) <= set(used)
    }
    found = {
        (gate, qubits): error for gate, errors in part._local_quantum_errors.items() for qubits, error in errors.items()
    }
    assert len(found) > len(used)
    assert found == expected
    assert part._local_readout_errors == {
        qubits: error for qubits, error in whole._local_readout_errors.items() if set(qubits) <= set(used)
    }


def test_readout_errors_are_the_mean_of_both_of_the_real_device() -> None:
    """As the docstring of `FakeDevice` says: of both noise models, although the device's own differ twofold."""
    device = device_named("fake_manila")
    (low, high), (read_as_one,) = (
        [device.properties().qubit_property(0)[name][0] for name in ("prob_meas1_prep0", "prob_meas0_prep1")],
        device_gate_noise(device, (0,)).read_as_one((0,)),
    )
    assert high > 2 * low
    mean = (low + high) / 2
    np.testing.assert_allclose(read_as_one, [mean, 1 - mean], rtol=1e-9)
    model = noise_of(device, (0,))._local_readout_errors[(0,)]
    np.testing.assert_allclose(model.probabilities, [[1 - mean, mean], [mean, 1 - mean]], rtol=1e-9)


def test_same_distribution_as_the_runtime_s_sampler() -> None:
    settings, circuit, shots = FakeDevice("fake_manila"), AllPairs(4, 1), 4000
    angles = np.random.default_rng(8).uniform(0.3, 1.4, (2, circuit.n_parameters))
    ours = points_counted(settings, circuit, angles, shots, 5)
    device = device_named("fake_manila")
    compiled = Compiler(device, settings.optimization_level).compiled(circuit).circuit
    job = sampler_class()(mode=device).run([(compiled, parameter_values(compiled, angles))], shots=shots)
    bits = getattr(job.result()[0].data, REGISTER)
    ideal = points_counted(FakeDevice("fake_manila"), circuit, angles[:, ::-1].copy(), shots, 5)
    for place in range(2):
        theirs = np.bincount([int(word, 2) for word in bits[place].get_bitstrings()], minlength=16)
        assert abs(same_source(table_of(ours[place]), theirs)) < 5
        # It could fail: another distribution is far off.
        assert same_source(table_of(ideal[place]), theirs) > 20


def test_shots_one_by_one_have_the_same_distribution() -> None:
    circuit, device, used = AllPairs(4, 1), device_named("fake_manila"), (0, 1, 2, 3, 4)
    angles = np.random.default_rng(8).uniform(0.3, 1.4, (1, circuit.n_parameters))
    compiler = Compiler(device, 3)
    batch = Batch("test", (Points(circuit, angles), calibration_preparations(circuit)), 4000, 6)
    one_by_one = run_shot_by_shot(
        device_gate_noise(device, used),
        batch,
        lambda one: compiler.compiled(one).circuit,
        lambda one, bits: compiler.prepared(one, key_of(bits)).circuit,
    )
    together = counted(FakeDevice("fake_manila").connect(), batch)
    for first, second in zip(one_by_one, together, strict=True):
        assert abs(same_source(table_of(first), table_of(second))) < 5


def test_bits_are_prepared_where_the_circuit_is_read() -> None:
    circuit = Brickwork(4, 1)
    bits = np.array([[0, 0, 0, 1], [1, 0, 0, 0], [1, 1, 0, 1]], np.uint8)
    connection = FakeDevice("fake_lima").connect()
    found = counted(connection, Batch("test", (Preparations(circuit, bits),), 500, 2))
    for counts, row in zip(found, bits, strict=True):
        np.testing.assert_array_equal(counts.bits[counts.counts.argmax()], row)
        assert counts.counts.max() > 300
    compiler = Compiler(device_named("fake_lima"), 3)
    placed = compiler.compiled(circuit).circuit
    prepared = compiler.prepared(circuit, (1, 1, 0, 1)).circuit

    def read(compiled: object) -> dict[int, int]:
        steps = [step for step in compiled.data if step.operation.name == "measure"]  # type: ignore[attr-defined]
        find = compiled.find_bit  # type: ignore[attr-defined]
        return {find(step.clbits[0]).index: find(step.qubits[0]).index for step in steps}

    assert read(prepared) == read(placed)


def test_a_large_device_simulates_the_qubits_in_use() -> None:
    connection = FakeDevice("fake_sherbrooke").connect()
    assert connection.n_qubits == 127
    assert connection.calibration is not None
    assert connection.calibration.startswith("20")
    circuit = Brickwork(6, 2)
    cost = connection.cost(circuit)
    assert cost.two_qubit_gates == 5
    assert cost.depth > 5
    # The pause between shots is 250 microseconds, and the gates take a few.
    assert cost.seconds is not None
    assert 250e-6 < cost.seconds < 270e-6
    angles = np.random.default_rng(1).uniform(0.3, 1.4, (2, circuit.n_parameters))
    found = counted(connection, Batch("test", (Points(circuit, angles),), 200, 1))
    assert [counts.shots for counts in found] == [200, 200]


def test_too_wide_or_not_there() -> None:
    with pytest.raises(UserError, match="a circuit of 6 qubits is too wide for fake_manila, which has 5"):
        points_counted(FakeDevice("fake_manila"), Brickwork(6, 1), np.zeros((1, 12)), 10, 0)
    with pytest.raises(UserError, match=r"there is no fake device 'fake_manilla'; there are .*fake_manila, "):
        FakeDevice("fake_manilla").connect()
    with pytest.raises(UserError, match="optimization_level=4 must be a whole number from 0 to 3"):
        FakeDevice("fake_manila", optimization_level=4)
