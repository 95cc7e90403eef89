import numpy as np
import pytest

from batch_counts import counted, points_counted
from circuit_oracle import probabilities, with_angles
from hyperborn.backends import Aer, Batch, Points, Preparations
from hyperborn.backends.backend import JobFailed
from hyperborn.backends.simulators.aer import plain_preparation, run_batch
from hyperborn.backends.translation import qiskit_circuit
from hyperborn.circuits import AllPairs, Brickwork, ProductState
from hyperborn.errors import UserError
from noise_oracle import deviations, table_of


def test_a_batch_of_several_circuits_in_order() -> None:
    first, second = AllPairs(3, 1), Brickwork(4, 2)
    random = np.random.default_rng(3)
    angles = [random.uniform(0.3, 1.4, (points, circuit.n_parameters)) for points, circuit in ((3, first), (2, second))]
    bits = np.array([[1, 0, 0], [0, 1, 1]], np.uint8)
    requests = (Points(first, angles[0]), Preparations(first, bits), Points(second, angles[1]))
    found = counted(Aer().connect(), Batch("test", requests, 20_000, 9))
    assert [counts.shots for counts in found] == [20_000] * 7
    exact = [probabilities(with_angles(first.gates(), point), 3) for point in angles[0]]
    exact += [np.eye(8)[0b100], np.eye(8)[0b011]]
    exact += [probabilities(with_angles(second.gates(), point), 4) for point in angles[1]]
    for counts, table in zip(found, exact, strict=True):
        # 72 counts at |z| < 5, seeded.
        assert np.abs(deviations(table_of(counts), table)).max() < 5


def test_what_aer_does_not_run_has_failed() -> None:
    from qiskit_aer import AerSimulator

    # States of 2^24 amplitudes do not fit into 1 MiB.
    simulator, circuit = AerSimulator(method="statevector", max_memory_mb=1), ProductState(24)
    batch = Batch("test", (Points(circuit, np.ones((1, circuit.n_parameters))),), 10, 1)
    with pytest.raises(JobFailed, match=r"^Qiskit Aer failed: [^\n]+$"):
        run_batch(simulator, batch, qiskit_circuit, plain_preparation)


def test_the_seed_decides() -> None:
    circuit, angles = Brickwork(4, 2), np.full((2, 16), 0.7)
    draws = [
        [table_of(one).tolist() for one in points_counted(Aer(), circuit, angles, 500, seed)] for seed in (1, 1, 2)
    ]
    assert draws[0] == draws[1] != draws[2]
    assert draws[0][0] != draws[0][1]


@pytest.mark.parametrize("n", [60, 100])
def test_wide_circuits_as_matrix_product_states(n: int) -> None:
    circuit, shots = Brickwork(n, 1), 2000
    angles = np.zeros((2, *circuit.parameter_shape))
    chance = np.linspace(0.1, 0.9, n)
    angles[:, 0, 0] = 2 * np.arcsin(np.sqrt(chance))
    for counts in points_counted(Aer("matrix_product_state"), circuit, angles.reshape(2, -1), shots, 4):
        assert counts.shots == shots
        ones = counts.counts @ counts.bits / shots
        # CX leaves |0...0> alone, so the bits are independent; n means at |z| < 5.
        assert np.abs((ones - chance) / np.sqrt(chance * (1 - chance) / shots)).max() < 5


def test_what_aer_cannot_do() -> None:
    with pytest.raises(UserError, match="method='exact' of Aer: choose one of automatic, statevector"):
        Aer("exact")
    with pytest.raises(UserError, match=r"noise=0\.1 of Aer: give a Noise"):
        Aer(noise=0.1)
    wide = Brickwork(60, 1)
    with pytest.raises(UserError, match="a circuit of 60 qubits is too wide for aer, which has 28"):
        points_counted(Aer(), wide, np.zeros((1, 120)), 10, 0)


def test_cost() -> None:
    cost = Aer().connect().cost(Brickwork(4, 2))
    assert (cost.two_qubit_gates, cost.seconds) == (3, None)
