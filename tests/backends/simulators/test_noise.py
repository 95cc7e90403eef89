from pathlib import Path

import numpy as np
import pytest
from qiskit.quantum_info import SuperOp

from batch_counts import points_counted
from circuit_oracle import with_angles
from hyperborn.backends import Aer, Noise
from hyperborn.backends.simulators.noise import errors_of
from hyperborn.circuits import AllPairs, Brickwork, Circuit
from hyperborn.errors import UserError
from noise_oracle import depolarized, deviations, noisy_probabilities, table_of


@pytest.mark.parametrize(
    ("field", "value", "most"),
    [("one_qubit", 0.76, 0.75), ("two_qubit", -0.1, 0.9375), ("readout", "a lot", 0.5)],
)
def test_probabilities_are_checked(field: str, value: object, most: float) -> None:
    with pytest.raises(UserError, match=rf"noise {field}={value!r} must be a probability from 0 to {most}"):
        Noise(**{field: value})


@pytest.mark.parametrize("circuit", [Brickwork(2, 2), AllPairs(3, 1)], ids=str)
@pytest.mark.parametrize("method", ["automatic", "statevector", "density_matrix"])
def test_noise_is_that_of_the_channel(circuit: Circuit, method: str) -> None:
    # The order of gates, qubits and bits, and that each gate has its noise; its strength is checked exactly below.
    noise = Noise(one_qubit=0.03, two_qubit=0.2, readout=0.07)
    angles = np.random.default_rng(5).uniform(0.3, 1.4, (2, circuit.n_parameters))
    # Statevectors are simulated shot by shot.
    shots = 8_000
    for found, point in zip(points_counted(Aer(method, noise), circuit, angles, shots, 11), angles, strict=True):
        gates = with_angles(circuit.gates(), point)
        exact = noisy_probabilities(gates, circuit.n_qubits, 0.03, 0.2, 0.07)
        # At most 8 counts a point at |z| < 5: false alarms are rarer than 1 in 10^5, and the seed is fixed.
        assert np.abs(deviations(table_of(found), exact)).max() < 5


@pytest.mark.parametrize(("gate", "size", "probability"), [("ry", 1, 0.03), ("x", 1, 0.03), ("cx", 2, 0.2)])
def test_errors_have_the_probability_that_was_given(gate: str, size: int, probability: float) -> None:
    """Exactly: what Aer's error makes of a mixed state is what the sum over all Pauli strings makes of it."""
    error = errors_of(Noise(one_qubit=0.03, two_qubit=0.2))[gate]
    random = np.random.default_rng(size)
    root = random.normal(size=(2, 2**size, 2**size))
    state = (root[0] + 1j * root[1]) @ (root[0] - 1j * root[1]).T
    state /= np.trace(state).real
    expected = depolarized(state, probability, tuple(range(size)), size)
    # Qiskit counts the first qubit as the least significant, and stacks columns.
    turned = state.reshape((2,) * 2 * size).transpose([*range(size)[::-1], *range(size, 2 * size)[::-1]])
    found = SuperOp(error).data @ turned.reshape(2**size, 2**size).reshape(-1, order="F")
    found = found.reshape(2**size, 2**size, order="F").reshape((2,) * 2 * size)
    found = found.transpose([*range(size)[::-1], *range(size, 2 * size)[::-1]]).reshape(2**size, 2**size)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_wrong_bits_alone() -> None:
    circuit = Brickwork(2, 1)
    (found,) = points_counted(Aer(noise=Noise(readout=0.1)), circuit, np.zeros((1, circuit.n_parameters)), 20_000, 3)
    exact = np.array([0.81, 0.09, 0.09, 0.01])
    assert np.abs(deviations(table_of(found), exact)).max() < 5


def test_published_losses_under_noise(reference: Path) -> None:
    """Σ q(w)·energy(w) of a published circuit at noise strength 0.2 (code of arXiv 2301.08292)."""
    runs, energy = np.load(reference / "qhn_runs.npz"), np.load(reference / "qhn_mnist01_energy.npy")
    # Their qubit j drives weight 16 - j; ours is qubit j, weight j. So the energies' axes are turned round.
    energy = energy.reshape((2,) * 17).transpose(range(16, -1, -1)).reshape(-1)
    angles = np.stack([runs["ry"][0], runs["rz"][0]], axis=1).reshape(1, -1).astype(np.float64)
    noise = Noise(one_qubit=0.001 * 0.2, two_qubit=0.00375 * 0.2)
    (counts,) = points_counted(Aer(noise=noise), Brickwork(17, 4), angles, 1500, 7)
    seen = energy[counts.bits.astype(np.int64) @ (1 << np.arange(16, -1, -1))]
    mean = seen @ counts.counts / counts.shots
    error = np.sqrt((counts.counts @ (seen - mean) ** 2) / (counts.shots - 1) / counts.shots)
    assert abs(mean - runs["noisy_mean_s0_2"][0]) < 5 * error
    # It could fail: at other strengths, such as five times this one, the mean is far off.
    assert runs["noisy_mean_s1_0"][0] - mean > 10 * error
