import numpy as np
import pytest

from batch_counts import counted, points_counted
from circuit_oracle import probabilities, with_angles
from hyperborn.backends import Aer, Batch, Noise, Points, Preparations
from hyperborn.backends.backend import JobFailed
from hyperborn.backends.simulators.aer import plain_preparation, run_batch
from hyperborn.backends.translation import qiskit_circuit
from hyperborn.circuits import GATES, AllPairs, Angle, Brickwork, GateList, ProductState
from hyperborn.errors import UserError
from noise_oracle import deviations, noisy_probabilities, same_source, table_of


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


def every_gate(affine: bool) -> list[GateList]:
    """A circuit of three qubits for each gate, between rotations; angles are parameters, or affine in two."""
    random, found = np.random.default_rng(1), []
    for name, kind in GATES.items():
        own = [Angle(0.3, ((6 + place, 2.0), (1, -0.5))) if affine else 6 + place for place in range(kind.n_angles)]
        qubits = random.permutation(3)[: kind.n_qubits].tolist()
        listed = [(rotation, qubit, 3 * row + qubit) for row, rotation in enumerate(("ry", "rz")) for qubit in range(3)]
        listed += [(name, qubits, own), *(("rx", qubit, 9 + qubit) for qubit in range(3))]
        found.append(GateList(3, listed, (12,)))
    return found


@pytest.mark.parametrize("method", ["statevector", "density_matrix", "matrix_product_state"])
def test_every_gate_runs_with_every_method(method: str) -> None:
    circuits = [*every_gate(affine=False), *every_gate(affine=True)]
    angles = np.random.default_rng(2).uniform(0.3, 1.4, (len(circuits), 2, 12))
    requests = tuple(Points(circuit, own) for circuit, own in zip(circuits, angles, strict=True))
    found = iter(counted(Aer(method).connect(), Batch("test", requests, 5000, 3)))
    for circuit, points in zip(circuits, angles, strict=True):
        for point in points:
            exact = probabilities(with_angles(circuit.gates(), point), 3)
            # 896 counts at |z| < 5, seeded.
            assert np.abs(deviations(table_of(next(found)), exact)).max() < 5, circuit.gates()[6]


def test_gates_on_three_qubits_are_noisy_as_those_they_are_made_of() -> None:
    """Two ways to simulate the same noise agree; a gate that is made of others has more of it."""
    circuit = every_gate(affine=False)[[*GATES].index("ccx")]
    angles, noise = np.random.default_rng(2).uniform(0.3, 1.4, (1, 12)), Noise(one_qubit=0.02, two_qubit=0.1)
    tables = [
        table_of(points_counted(Aer(method, noise), circuit, angles, 20_000, 5)[0])
        for method in ("density_matrix", "statevector")
    ]
    assert abs(same_source(*tables)) < 5
    gates = with_angles(circuit.gates(), angles[0])
    assert np.abs(deviations(tables[0], noisy_probabilities(gates, 3, 0.02, 0.1, 0.0))).max() > 5
