import numpy as np
import pytest

from batch_counts import points_counted
from circuit_oracle import with_angles
from hyperborn.backends import Aer, Batch, Noise, Points
from hyperborn.backends.simulators.aer import plain_preparation, run_shot_by_shot, uniform_gate_noise
from hyperborn.backends.simulators.fake_device import device_gate_noise, device_named
from hyperborn.backends.simulators.noise import channel_of, reversed_qubits
from hyperborn.backends.translation import qiskit_circuit
from hyperborn.circuits import AllPairs, Brickwork, Circuit
from noise_oracle import deviations, noisy_probabilities, same_source, table_of


def superoperator(untouched: float, operators: tuple[np.ndarray, ...]) -> np.ndarray:
    d = len(operators[0])
    return untouched * np.eye(d * d) + (1 - untouched) * sum(np.kron(one.conj(), one) for one in operators)


def test_channels_are_those_of_the_device() -> None:
    device = device_named("fake_sherbrooke")
    noise = device_gate_noise(device, tuple(range(12)))
    assert len(noise.errors) > 40
    shares = []
    for error in noise.errors.values():
        channel, size = channel_of(error), error.num_qubits
        operators = tuple(reversed_qubits(one, size) for one in channel.operators)
        whole = superoperator(channel.untouched, operators)
        np.testing.assert_allclose(whole, error.to_quantumchannel().data, rtol=0, atol=1e-9)
        shares.append(channel.untouched)
    # Most of the time nothing happens, which is what makes them quick; but resets, and one pair of qubits is broken.
    assert 0.99 < np.median(shares) < 1


def test_channels_without_a_share_of_the_identity() -> None:
    from qiskit_aer.noise import amplitude_damping_error

    channel = channel_of(amplitude_damping_error(0.3))
    assert channel.untouched == 0
    found = superoperator(0.0, tuple(channel.operators))
    np.testing.assert_allclose(found, amplitude_damping_error(0.3).to_quantumchannel().data, rtol=0, atol=1e-9)


@pytest.mark.parametrize("circuit", [Brickwork(2, 2), AllPairs(3, 1)], ids=str)
def test_shots_are_those_of_the_channels(circuit: Circuit) -> None:
    noise, shots = Noise(one_qubit=0.03, two_qubit=0.2, readout=0.07), 8_000
    angles = np.random.default_rng(5).uniform(0.3, 1.4, (2, circuit.n_parameters))
    batch = Batch("test", (Points(circuit, angles),), shots, 11)
    found = run_shot_by_shot(uniform_gate_noise(noise), batch, qiskit_circuit, plain_preparation)
    for counts, point in zip(found, angles, strict=True):
        exact = noisy_probabilities(with_angles(circuit.gates(), point), circuit.n_qubits, 0.03, 0.2, 0.07)
        # At most 8 counts a point at |z| < 5, seeded.
        assert np.abs(deviations(table_of(counts), exact)).max() < 5


def test_damping_depends_on_the_state() -> None:
    """Errors whose chances depend on the state, on a device with qubits that relax faster than they dephase."""
    from qiskit_aer import AerSimulator
    from qiskit_aer.noise import NoiseModel, amplitude_damping_error

    from hyperborn.backends.simulators.aer import run_batch
    from hyperborn.backends.simulators.noise import ANYWHERE, GateNoise

    circuit, error = AllPairs(3, 1), amplitude_damping_error(0.2)
    two = error.tensor(amplitude_damping_error(0.1))
    model = NoiseModel()
    model.add_all_qubit_quantum_error(error, ["ry", "rz"])
    model.add_all_qubit_quantum_error(two, ["rzz"])
    noise = GateNoise({("ry", ANYWHERE): error, ("rz", ANYWHERE): error, ("rzz", ANYWHERE): two}, {})
    angles = np.random.default_rng(6).uniform(0.3, 1.4, (2, circuit.n_parameters))
    batch = Batch("test", (Points(circuit, angles),), 1_500, 3)
    ours = run_shot_by_shot(noise, batch, qiskit_circuit, plain_preparation)
    simulator = AerSimulator(noise_model=model, method="density_matrix")
    theirs = run_batch(simulator, batch, qiskit_circuit, plain_preparation)
    ideal = run_batch(AerSimulator(), batch, qiskit_circuit, plain_preparation)
    for mine, other, clean in zip(ours, theirs, ideal, strict=True):
        assert abs(same_source(table_of(mine), table_of(other))) < 5
        assert same_source(table_of(mine), table_of(clean)) > 10


def test_nine_qubits_agree_with_the_density_matrix() -> None:
    circuit, noise = Brickwork(9, 2), Noise(one_qubit=0.01, two_qubit=0.05, readout=0.02)
    angles = np.random.default_rng(7).uniform(0.3, 1.4, (1, circuit.n_parameters))
    (ours,) = points_counted(Aer(noise=noise), circuit, angles, 10_000, 1)
    (theirs,) = points_counted(Aer("density_matrix", noise), circuit, angles, 10_000, 2)
    (clean,) = points_counted(Aer(), circuit, angles, 10_000, 2)
    assert abs(same_source(table_of(ours), table_of(theirs))) < 5
    assert same_source(table_of(ours), table_of(clean)) > 20
