from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

import circuit_oracle
from hyperborn.circuits import AllPairs, Brickwork, ChosenPairs, Circuit, ProductState
from hyperborn.errors import UserError
from hyperborn.simulators import side_by_side, statevector

Make = Callable[[int, int, list[tuple[Any, ...]]], Circuit]

REGISTERS = 3
# Six and more qubits are mixed in two groups, equal ones or not.
CIRCUITS = [ProductState(1), ProductState(4), AllPairs(1, 2), AllPairs(2, 1), AllPairs(3, 3), AllPairs(5, 2)]
CIRCUITS += [AllPairs(6, 1), AllPairs(7, 1), ChosenPairs(4, ((0, 3), (1, 2)), 2), ChosenPairs(3, (), 2)]

compiled = jax.jit(side_by_side.register_probabilities, static_argnums=0)


@partial(jax.jit, static_argnums=0)
def gradient_of_total(circuit: Circuit, angles: Array, c: Array) -> Array:
    """The gradient of c · probabilities."""
    return jax.grad(lambda angles: jnp.sum(c * side_by_side.register_probabilities(circuit, angles)))(angles)


def random_angles(circuit: Circuit, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-np.pi, np.pi, (circuit.n_parameters, REGISTERS))


def plain(circuit: Circuit, angles: np.ndarray) -> np.ndarray:
    gates = [circuit_oracle.with_angles(circuit.gates(), column) for column in angles.T]
    return np.stack([circuit_oracle.probabilities(own, circuit.n_qubits) for own in gates], axis=1)


@pytest.mark.parametrize("circuit", CIRCUITS, ids=str)
def test_probabilities_are_those_of_each_circuit_alone(circuit: Circuit) -> None:
    angles = random_angles(circuit)
    expected = plain(circuit, angles)
    with jax.enable_x64(True):
        for dtype, tolerance in (("float32", 2e-6), ("float64", 1e-13)):
            found = compiled(circuit, jnp.asarray(angles, dtype))
            assert found.dtype == dtype
            np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("circuit", CIRCUITS[:-1:2], ids=str)
def test_gradients_are_those_of_the_parameter_shift_rule(circuit: Circuit) -> None:
    angles = random_angles(circuit)
    c = np.random.default_rng(1).normal(size=(2**circuit.n_qubits, REGISTERS))
    with jax.enable_x64(True):
        gradient = gradient_of_total(circuit, jnp.asarray(angles), jnp.asarray(c))
    for register in range(REGISTERS):
        gates = circuit_oracle.with_angles(circuit.gates(), angles[:, register])
        expected = circuit_oracle.probability_gradient(gates, circuit.n_qubits, c[:, register])
        np.testing.assert_allclose(gradient[:, register], expected, rtol=0, atol=1e-12)


def test_ten_qubits_agree_with_the_statevector_simulator() -> None:
    circuit = AllPairs(10, 2)
    angles = random_angles(circuit)
    with jax.enable_x64(True):
        found = compiled(circuit, jnp.asarray(angles))
        alone = jnp.stack([statevector.probabilities(circuit, jnp.asarray(column)) for column in angles.T], axis=1)
    np.testing.assert_allclose(found, alone, rtol=0, atol=1e-13)


def test_gates_come_in_any_order_and_may_share_angles(listed: Make) -> None:
    """Diagonal gates before the first RY and after the last change nothing; several gates may turn one qubit."""
    arguments: list[tuple[Any, ...]] = [("rz", (0,), 0), ("rzz", (0, 2), 1), ("ry", (1,), 3), ("rz", (1,), 2)]
    arguments += [("ry", (0,), 3), ("ry", (0,), 4), ("rzz", (2, 1), 0), ("rz", (2,), 0), ("ry", (2,), 1)]
    arguments += [("rzz", (1, 0), 4), ("ry", (1,), 2), ("ry", (2,), 4), ("rz", (0,), 1)]
    circuit = listed(3, 5, arguments)
    angles = random_angles(circuit)
    with jax.enable_x64(True):
        found = compiled(circuit, jnp.asarray(angles))
    np.testing.assert_allclose(found, plain(circuit, angles), rtol=0, atol=1e-13)


def test_columns_are_probabilities_in_single_precision() -> None:
    circuit = AllPairs(4, 2)
    angles = np.random.default_rng(0).uniform(-np.pi, np.pi, (circuit.n_parameters, 1000))
    found = np.asarray(compiled(circuit, jnp.asarray(angles, jnp.float32)), np.float64)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=0), 1, rtol=0, atol=3e-6)


def test_other_gates_are_refused(listed: Make) -> None:
    with pytest.raises(UserError, match="has cx gates; registers side by side take AllPairs or ChosenPairs"):
        side_by_side.register_probabilities(Brickwork(3, 2), jnp.zeros((12, 1)))
    for gates in ([], [("rz", (0,), 0)]):
        with pytest.raises(UserError, match="has no ry gate, so that all its bits are 0"):
            side_by_side.register_probabilities(listed(2, 1, gates), jnp.zeros((1, 1)))
