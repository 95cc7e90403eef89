import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import circuit_oracle
import infinite_shots
from hyperborn.circuits import AllPairs, Brickwork, ChosenPairs, Circuit, Gate, GateList, ProductState, SideBySide
from hyperborn.circuits.product_state import product_state_angles, rotation_parameters
from hyperborn.errors import UserError

MANY_TURNS = GateList(
    2,
    (
        Gate("ry", (0,), 0),
        Gate("rz", (0,), 1),
        Gate("cx", (0, 1)),
        Gate("rz", (0,), 2),
        Gate("ry", (1,), 3),
        Gate("ry", (0,), 4),
        Gate("ry", (0,), 5),
        Gate("rz", (0,), 6),
        Gate("rz", (1,), 7),
        Gate("rz", (1,), 8),
    ),
)
CIRCUITS = [AllPairs(2, 1), AllPairs(2, 3), Brickwork(2, 1), Brickwork(2, 4), ChosenPairs(2, (), 2), MANY_TURNS]
PAULIS = [np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.array([[1, 0], [0, -1]])]
UNIT = st.tuples(*[st.floats(-1, 1)] * 3).map(np.array).filter(lambda vector: np.linalg.norm(vector) > 0.1)


@given(st.sampled_from(CIRCUITS), UNIT, UNIT)
def test_qubits_have_the_given_bloch_vectors(circuit: Circuit, one: np.ndarray, other: np.ndarray) -> None:
    vectors = np.array([one / np.linalg.norm(one), other / np.linalg.norm(other)])
    angles = product_state_angles(circuit, vectors)
    assert angles.shape == circuit.parameter_shape
    state = circuit_oracle.state_vector(circuit_oracle.with_angles(circuit.gates(), np.asarray(angles)), 2)
    for qubit in range(2):
        turned = [circuit_oracle.applied(state, pauli, (qubit,), 2) for pauli in PAULIS]
        np.testing.assert_allclose([np.vdot(state, own) for own in turned], vectors[qubit], rtol=0, atol=1e-6)


def test_the_first_turns_after_the_last_cx_are_taken() -> None:
    assert rotation_parameters(MANY_TURNS) == ((4, 6), (3, 7))
    assert rotation_parameters(AllPairs(2, 2)) == ((0, 2), (1, 3))
    assert rotation_parameters(Brickwork(2, 2)) == ((4, 6), (5, 7))


@pytest.mark.parametrize(
    "gates",
    [
        (Gate("ry", (0,), 0), Gate("rz", (0,), 1), Gate("ry", (1,), 2)),
        (Gate("ry", (0,), 0), Gate("rz", (0,), 1), Gate("rz", (1,), 2), Gate("ry", (1,), 3)),
    ],
    ids=["no RZ", "RZ before RY"],
)
def test_a_qubit_without_turns_is_named(gates: tuple[Gate, ...]) -> None:
    with pytest.raises(UserError, match="no RY and then RZ on qubit 1 after its last CX"):
        rotation_parameters(GateList(2, gates))
    with pytest.raises(UserError, match="on qubit 0 after its last CX"):
        rotation_parameters(GateList(2, (Gate("ry", (0,), 0), Gate("rz", (0,), 1), Gate("cx", (0, 1)))))


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
    tables = [infinite_shots.table_of(circuit, part) for circuit, part in zip(TOGETHER.circuits, own, strict=True)]
    expected = np.kron(np.kron(tables[0], tables[1]), tables[2])
    found = circuit_oracle.probabilities(circuit_oracle.with_angles(TOGETHER.gates(), angles), 6)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)
    # In another order of the circuits it is another distribution.
    assert np.abs(found - np.kron(tables[2], np.kron(tables[1], tables[0]))).max() > 0.01


def test_product_angles_give_every_qubit_its_probability() -> None:
    marginals = np.array([0.1, 0.9, 0.4, 0.25, 0.6, 0.75])
    angles = np.asarray(TOGETHER.product_angles(jnp.asarray(marginals)))
    assert angles.shape == TOGETHER.parameter_shape
    q = infinite_shots.table_of(TOGETHER, angles).reshape((2,) * 6)
    ones = [q.take(1, axis=qubit).sum() for qubit in range(6)]
    np.testing.assert_allclose(ones, marginals, rtol=0, atol=1e-6)
