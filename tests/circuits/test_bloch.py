from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import circuit_oracle
from hyperborn.circuits import AllPairs, Brickwork, ChosenPairs, Circuit, Gate
from hyperborn.circuits.bloch import product_state_angles, turning_parameters
from hyperborn.errors import UserError


@dataclass(frozen=True)
class Listed(Circuit):
    """The gates it is given."""

    n_qubits: int
    listed: tuple[Gate, ...]

    @property
    def parameter_shape(self) -> tuple[int]:
        return (sum(gate.parameter is not None for gate in self.listed),)

    def gates(self) -> tuple[Gate, ...]:
        return self.listed

    def product_angles(self, probabilities):
        raise NotImplementedError


MANY_TURNS = Listed(
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
    assert turning_parameters(MANY_TURNS) == ((4, 6), (3, 7))
    assert turning_parameters(AllPairs(2, 2)) == ((0, 2), (1, 3))
    assert turning_parameters(Brickwork(2, 2)) == ((4, 6), (5, 7))


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
        turning_parameters(Listed(2, gates))
    with pytest.raises(UserError, match="on qubit 0 after its last CX"):
        turning_parameters(Listed(2, (Gate("ry", (0,), 0), Gate("rz", (0,), 1), Gate("cx", (0, 1)))))
