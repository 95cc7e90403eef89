import jax.numpy as jnp
import numpy as np

import circuit_oracle
import endless
from hyperborn.circuits import AllPairs, Brickwork, Gate, ProductState, SideBySide

TOGETHER = SideBySide((AllPairs(2, 1), ProductState(1), Brickwork(3, 2)))


def test_qubits_and_angles_follow_each_other() -> None:
    pair = SideBySide((ProductState(2), Brickwork(2, 2)))
    assert (pair.n_qubits, pair.parameter_shape, pair.n_parameters) == (4, (10,), 10)
    # Brickwork(2, 2): the first layer of CX, from qubit 1 on, has no pair.
    assert pair.gates() == (
        *(Gate("ry", (0,), 0), Gate("ry", (1,), 1)),
        *(Gate("ry", (2,), 2), Gate("ry", (3,), 3), Gate("rz", (2,), 4), Gate("rz", (3,), 5)),
        *(Gate("cx", (2, 3)), Gate("ry", (2,), 6), Gate("ry", (3,), 7), Gate("rz", (2,), 8), Gate("rz", (3,), 9)),
    )


def test_the_distribution_is_the_product_of_all() -> None:
    angles = np.random.default_rng(0).uniform(-3, 3, TOGETHER.n_parameters)
    own = np.split(angles, np.cumsum([circuit.n_parameters for circuit in TOGETHER.circuits])[:-1])
    tables = [endless.table_of(circuit, part) for circuit, part in zip(TOGETHER.circuits, own, strict=True)]
    expected = np.kron(np.kron(tables[0], tables[1]), tables[2])
    found = circuit_oracle.probabilities(circuit_oracle.with_angles(TOGETHER.gates(), angles), 6)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)
    # In another order of the circuits it is another distribution.
    assert np.abs(found - np.kron(tables[2], np.kron(tables[1], tables[0]))).max() > 0.01


def test_product_angles_give_every_qubit_its_probability() -> None:
    marginals = np.array([0.1, 0.9, 0.4, 0.25, 0.6, 0.75])
    angles = np.asarray(TOGETHER.product_angles(jnp.asarray(marginals)))
    assert angles.shape == TOGETHER.parameter_shape
    q = endless.table_of(TOGETHER, angles).reshape((2,) * 6)
    ones = [q.take(1, axis=qubit).sum() for qubit in range(6)]
    np.testing.assert_allclose(ones, marginals, rtol=0, atol=1e-6)
