import numpy as np

from circuit_oracle import probabilities, with_angles
from hyperborn.backends.conformance.agreement import (
    chi_square_cells,
    deviation,
    exact_table,
    margin,
    point_orders,
    qubit_orders,
)
from hyperborn.backends.conformance.random_circuits import random_angles, random_circuits
from hyperborn.circuits import GATES


def test_exact_tables() -> None:
    random = np.random.default_rng(2)
    circuits = list(random_circuits((2, 3, 5, 5), random))
    assert [circuit.n_qubits for circuit in circuits] == [2, 3, 5, 5]
    assert {gate.name for circuit in circuits for gate in circuit.gates()} == {*GATES}
    for circuit in circuits:
        (angles,) = random_angles(circuit, 1, random)
        exact = probabilities(with_angles(circuit.gates(), angles), circuit.n_qubits)
        np.testing.assert_allclose(exact_table(circuit, angles), exact, rtol=0, atol=1e-14)


def test_narrow_circuits_have_the_gates_that_fit() -> None:
    (circuit,) = random_circuits([2], np.random.default_rng(2))
    assert [gate.name for gate in circuit.gates()].count("ry") >= 4
    assert all(max(gate.qubits) < 2 for gate in circuit.gates())
    many = [gate.name for circuit in random_circuits([2] * 9, np.random.default_rng(3)) for gate in circuit.gates()]
    # All but CCX, twice each: nine circuits of six gates.
    assert {many.count(name) for name in {*GATES} - {"ccx", "ry"}} == {2}
    assert many.count("ry") == 9 * 4 + 2


def test_deviation_of_exact_draws_is_about_normal() -> None:
    random = np.random.default_rng(3)
    tables = [random.dirichlet(np.full(16, 0.4)) for _ in range(40)]
    found = np.array([deviation([random.multinomial(500, table) for table in tables], tables) for _ in range(400)])
    # 400 values: standard error 0.05 of the mean, 0.035 of the spread; rare cells make the law a little skew.
    assert abs(found.mean()) < 0.25
    assert abs(found.std() - 1) < 0.18
    other = [0.97 * table + 0.03 / 16 for table in tables]
    assert deviation([random.multinomial(500, table) for table in other], tables) > 5


def test_rare_outcomes_are_counted_together() -> None:
    seen, expected = chi_square_cells(np.array([1, 0, 2, 47, 50]), np.array([1.0, 1.0, 4.0, 44.0, 50.0]))
    np.testing.assert_array_equal(seen, [47, 50, 3])
    np.testing.assert_array_equal(expected, [44, 50, 6])


def test_orders_that_fit_best() -> None:
    random = np.random.default_rng(4)
    tables = [random.dirichlet(np.full(8, 0.5)) for _ in range(6)]
    turned = [table.reshape(2, 2, 2).transpose(2, 0, 1).reshape(-1) for table in tables]
    counts = [random.multinomial(500, table) for table in turned]
    found, rival = margin(qubit_orders(counts, tables))
    assert found < -100
    assert rival == (2, 0, 1)
    assert margin(qubit_orders(counts, turned))[0] > 100
    rows = [counts[:3], counts[3:]]
    swapped = [[turned[1], turned[0], turned[2]], [turned[4], turned[3], turned[5]]]
    assert margin(point_orders(rows, swapped))[1] == (1, 0, 2)
    assert margin(point_orders(rows, [turned[:3], turned[3:]]))[0] > 100
