from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import circuit_oracle
import objectives_oracle
import oracle
from hyperborn.circuits import Brickwork, Circuit, ProductState
from hyperborn.errors import UserError
from hyperborn.posteriors import Register

REGISTERS = [Register(Brickwork(4, depth=3)), Register(Brickwork(1, depth=2)), Register(ProductState(4))]
every_register = pytest.mark.parametrize("register", REGISTERS, ids=str)

SHOTS = 200_000


def angles(register: Register, seed: int = 0) -> jax.Array:
    random = np.random.default_rng(seed)
    return jnp.asarray(random.uniform(-2, 2, register.circuit.parameter_shape), jnp.float32)


def expected(register: Register, params: jax.Array) -> np.ndarray:
    gates = circuit_oracle.with_angles(register.circuit.gates(), np.asarray(params))
    return circuit_oracle.probabilities(gates, register.circuit.n_qubits)


@every_register
def test_probabilities_are_a_distribution(register: Register) -> None:
    q = register.probabilities(angles(register))
    assert q.shape == (2**register.n_weights,)
    assert q.dtype == jnp.float32
    assert (q >= 0).all()
    assert abs(float(q.sum()) - 1) < 1e-6
    np.testing.assert_allclose(q, expected(register, angles(register)), rtol=0, atol=1e-6)


@every_register
def test_distribution_adds_up_in_double_precision(register: Register) -> None:
    q = register.distribution(angles(register))
    assert q.dtype == np.float64
    assert abs(q.sum() - 1) < 1e-14
    np.testing.assert_allclose(q, expected(register, angles(register)), rtol=0, atol=1e-6)


@every_register
def test_log_prob_is_the_logarithm_of_the_distribution(register: Register) -> None:
    params, bits = angles(register), oracle.all_bits(register.n_weights)
    log_q = register.log_prob(params, bits[::-1])
    assert log_q.dtype == np.float64
    np.testing.assert_allclose(log_q[::-1], np.log(register.distribution(params)), rtol=1e-14)


def test_log_prob_of_the_impossible_is_minus_infinity() -> None:
    register = Register(ProductState(2))
    log_q = register.log_prob(jnp.zeros(2), np.array([[0, 0], [0, 1]], dtype=np.uint8))
    assert log_q.tolist() == [0.0, -np.inf]


def test_log_prob_wants_one_bit_a_weight() -> None:
    with pytest.raises(UserError, match="rows of 3 bits for 2 weights"):
        Register(ProductState(2)).log_prob(jnp.zeros(2), np.zeros((1, 3), dtype=np.uint8))


@every_register
@pytest.mark.parametrize("seed", [0, 1])
def test_samples_come_with_their_probabilities(register: Register, seed: int) -> None:
    params = angles(register, seed)
    bits = register.sample(params, SHOTS, key=jax.random.key(seed))
    assert bits.shape == (SHOTS, register.n_weights)
    assert bits.dtype == np.uint8
    q = expected(register, params)
    # Not the same from left to right: a reversed order of bits would show.
    reversed_q = q.reshape((2,) * register.n_weights).transpose().reshape(-1)
    assert register.n_weights == 1 or np.abs(q - reversed_q).max() > 0.01
    places = bits @ (2 ** np.arange(register.n_weights)[::-1])
    counts = np.bincount(places, minlength=len(q))
    standard_error = np.sqrt(SHOTS * q * (1 - q))
    assert (np.abs(counts - SHOTS * q) < 5 * standard_error + 1e-6 * SHOTS).all()


def test_samples_never_are_the_impossible() -> None:
    register = Register(ProductState(3))
    bits = register.sample(jnp.array([0.0, 0.3, np.pi]), 10_000, key=jax.random.key(0))
    assert set(bits[:, 0]) == {0}
    assert set(bits[:, 1]) == {0, 1}
    assert set(bits[:, 2]) == {1}


def test_samples_are_a_function_of_the_key() -> None:
    register, params = REGISTERS[0], angles(REGISTERS[0])
    one = register.sample(params, 100, key=jax.random.key(3))
    assert (one == register.sample(params, 100, key=jax.random.key(3))).all()
    assert (one != register.sample(params, 100, key=jax.random.key(4))).any()
    left, right = jax.random.split(jax.random.key(3))
    assert (register.sample(params, 100, key=left) != register.sample(params, 100, key=right)).any()


@pytest.mark.parametrize("shots", [0, -5])
def test_shots_are_positive(shots: int) -> None:
    with pytest.raises(UserError, match=f"shots={shots} must be a whole number of at least 1"):
        REGISTERS[0].sample(angles(REGISTERS[0]), shots, key=jax.random.key(0))


@pytest.mark.parametrize("circuit", [Brickwork(4, depth=3), ProductState(4)], ids=str)
def test_init_starts_from_the_marginals(circuit: Circuit) -> None:
    register, marginals = Register(circuit), np.array([0.1, 0.3, 0.5, 0.9])
    params = register.init(marginals, spread=0.0, key=jax.random.key(0))
    assert params.dtype == jnp.float32
    q = objectives_oracle.product_distribution(marginals.tolist())
    np.testing.assert_allclose(register.distribution(params), q, rtol=0, atol=1e-6)
    uniform = register.init(spread=0.0, key=jax.random.key(0))
    np.testing.assert_allclose(register.distribution(uniform), 1 / 16, rtol=0, atol=1e-6)


def test_init_is_random_around_the_marginals() -> None:
    register = REGISTERS[0]
    params = [np.asarray(register.init(key=jax.random.key(seed))) for seed in (0, 0, 1)]
    assert (params[0] == params[1]).all()
    assert (params[0] != params[2]).all()


@pytest.mark.parametrize("size", [1, 3, 5])
def test_init_wants_one_marginal_a_weight(size: int) -> None:
    with pytest.raises(UserError, match=f"{size} marginals for 4 weights: give one a weight"):
        Register(ProductState(4)).init(np.full(size, 0.5), key=jax.random.key(0))


@every_register
def test_sizes_are_the_circuits(register: Register) -> None:
    assert (register.n_weights, register.n_parameters) == (register.circuit.n_qubits, register.circuit.n_parameters)


@pytest.mark.parametrize("circuit", [Brickwork, 4, "brickwork", None], ids=str)
def test_a_register_is_of_a_circuit(circuit: Any) -> None:
    with pytest.raises(UserError, match=r"circuit = .*: give a circuit, such as hb\.circuits\.AllPairs\(9, depth=4\)"):
        Register(circuit)


def test_reported_numbers_are_not_for_traced_programs() -> None:
    register = Register(ProductState(2))
    with pytest.raises(UserError, match="inside of jit, grad or vmap; take `probabilities` there"):
        jax.grad(lambda params: register.distribution(params)[0])(jnp.zeros(register.parameter_shape))
