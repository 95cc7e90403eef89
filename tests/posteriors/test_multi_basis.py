from math import log, pi
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import circuit_oracle
import hyperborn as hb
import objectives_oracle
import oracle
from hyperborn.circuits import AllPairs, Brickwork, ChosenPairs, Circuit, ProductState
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.objectives.functional import Functional
from hyperborn.posteriors import MultiBasis
from hyperborn.posteriors.posterior import compiled_probabilities
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.definition import Definition
from hyperborn.training.estimators import Exact
from hyperborn.training.serialization import definition_from_record
from runs import resume, same, start, start_and_stop

POSTERIORS = [
    MultiBasis(AllPairs(3, depth=2)),
    MultiBasis(Brickwork(3, depth=2)),
    MultiBasis(ChosenPairs(4, ((0, 2), (1, 3)), depth=1)),
    MultiBasis(AllPairs(1, depth=1)),
]
every_posterior = pytest.mark.parametrize("posterior", POSTERIORS, ids=str)

SHOTS = 200_000


def angles(posterior: MultiBasis, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-3, 3, posterior.parameter_shape)


def gates_of(posterior: MultiBasis, params: Any, basis: str) -> list[circuit_oracle.GateTuple]:
    """The circuit, and what turns the X basis into the Z basis: RY(-π/2) takes |+⟩ to |0⟩ and |-⟩ to -|1⟩."""
    gates = circuit_oracle.with_angles(posterior.circuit.gates(), np.asarray(params))
    turns: list[circuit_oracle.GateTuple] = [
        ("ry", (qubit,), (-pi / 2,)) for qubit in range(posterior.circuit.n_qubits)
    ]
    return gates + turns if basis == "x" else gates


def halves_of(posterior: MultiBasis, params: Any) -> tuple[np.ndarray, np.ndarray]:
    in_z, in_x = (
        circuit_oracle.probabilities(gates_of(posterior, params, basis), posterior.circuit.n_qubits) for basis in "zx"
    )
    return in_z, in_x


def expected(posterior: MultiBasis, params: Any) -> np.ndarray:
    """q of every network, weight by weight: leading bits in Z, trailing ones in X."""
    in_z, in_x = halves_of(posterior, params)
    m = posterior.circuit.n_qubits
    places = 2 ** np.arange(m)[::-1]
    return np.array([in_z[row[:m] @ places] * in_x[row[m:] @ places] for row in oracle.all_bits(2 * m)])


def entropy(q: np.ndarray) -> float:
    kept = q[q > 0]
    return -float(kept @ np.log(kept))


@every_posterior
def test_probabilities_are_those_of_two_measurements_of_one_state(posterior: MultiBasis) -> None:
    params = angles(posterior)
    with jax.enable_x64(True):
        q = np.asarray(compiled_probabilities(posterior, jnp.asarray(params)))
    assert q.shape == (2**posterior.n_weights,)
    np.testing.assert_allclose(q, expected(posterior, params), rtol=0, atol=1e-13)
    single = compiled_probabilities(posterior, jnp.asarray(params, jnp.float32))
    assert single.dtype == jnp.float32
    np.testing.assert_allclose(single, expected(posterior, params), rtol=0, atol=2e-6)


@every_posterior
def test_log_prob_is_the_logarithm_of_the_distribution(posterior: MultiBasis) -> None:
    params, bits = jnp.asarray(angles(posterior), jnp.float32), oracle.all_bits(posterior.n_weights)
    log_q = posterior.log_prob(params, bits[::-1])
    assert log_q.dtype == np.float64
    np.testing.assert_allclose(np.exp(log_q[::-1]), expected(posterior, params), rtol=0, atol=2e-6)
    np.testing.assert_allclose(log_q[::-1], np.log(posterior.distribution(params)), rtol=0, atol=1e-5)
    assert abs(np.exp(log_q).sum() - 1) < 1e-14


@every_posterior
@pytest.mark.parametrize("seed", [0, 1])
def test_samples_come_with_their_probabilities(posterior: MultiBasis, seed: int) -> None:
    params = jnp.asarray(angles(posterior, seed), jnp.float32)
    bits = posterior.sample(params, SHOTS, key=jax.random.key(seed))
    assert bits.shape == (SHOTS, posterior.n_weights)
    assert bits.dtype == np.uint8
    q = expected(posterior, params)
    counts = np.bincount(bits @ (2 ** np.arange(posterior.n_weights)[::-1]), minlength=len(q))
    standard_error = np.sqrt(SHOTS * q * (1 - q))
    assert (np.abs(counts - SHOTS * q) < 5 * standard_error + 1e-6 * SHOTS).all()


def test_samples_are_a_function_of_the_key() -> None:
    posterior = POSTERIORS[0]
    params = posterior.init(key=jax.random.key(0))
    one = posterior.sample(params, 1000, key=jax.random.key(3))
    assert (one == posterior.sample(params, 1000, key=jax.random.key(3))).all()
    assert (one != posterior.sample(params, 1000, key=jax.random.key(4))).any()
    # Both halves are uniform here: drawn with the same key they would be the same.
    assert (one[:, :3] != one[:, 3:]).any()


@every_posterior
def test_gradients_are_those_of_the_parameter_shift_rule(posterior: MultiBasis) -> None:
    params, m = angles(posterior), posterior.circuit.n_qubits
    weights = np.random.default_rng(1).normal(size=4**m)
    in_z, in_x = halves_of(posterior, params)
    by_gate = [
        circuit_oracle.probability_gradient(gates_of(posterior, params, basis), m, cotangent)
        for basis, cotangent in (("z", weights.reshape(2**m, -1) @ in_x), ("x", in_z @ weights.reshape(2**m, -1)))
    ]
    gradient = np.zeros(posterior.n_parameters)
    for place, gate in enumerate(posterior.circuit.gates()):
        for index in gate.parameters:
            gradient[index] = sum(part[place] for part in by_gate)
    with jax.enable_x64(True):
        cotangent = jnp.asarray(weights)
        found = jax.jit(jax.grad(lambda theta: cotangent @ posterior.probabilities(theta)))(jnp.asarray(params))
    np.testing.assert_allclose(np.asarray(found).reshape(-1), gradient, rtol=0, atol=1e-12)
    # RZ at the end of a circuit is nothing to the Z basis, but something to the X basis.
    if isinstance(posterior.circuit, Brickwork):
        assert np.abs(np.asarray(found)[-1, 1]).min() > 1e-4


CIRCUITS = [AllPairs(4, 2), ChosenPairs(4, (), 1), ChosenPairs(4, ((0, 3),), 3), Brickwork(4, 1), Brickwork(4, 3)]
every_circuit = pytest.mark.parametrize("circuit", CIRCUITS, ids=str)


@every_circuit
def test_init_starts_from_uniform_marginals_in_both_bases(circuit: Circuit) -> None:
    posterior = MultiBasis(circuit)
    params = posterior.init(spread=0.0, key=jax.random.key(0))
    assert params.dtype == jnp.float32
    assert params.shape == circuit.parameter_shape
    np.testing.assert_allclose(posterior.distribution(params), 1 / 256, rtol=0, atol=1e-7)


@every_circuit
def test_init_starts_from_marginals_that_one_qubit_can_have(circuit: Circuit) -> None:
    # The second qubit's are at the border: cos and sin of an angle.
    marginals = np.array([0.1, 0.2, 0.5, 1.0, 0.7, 0.9, 0.0, 0.5])
    posterior = MultiBasis(circuit)
    q = posterior.distribution(posterior.init(marginals, spread=0.0, key=jax.random.key(0)))
    np.testing.assert_allclose(q, objectives_oracle.product_distribution(marginals.tolist()), rtol=0, atol=1e-6)


@given(st.floats(0, 1), st.floats(0, 1))
def test_init_is_as_near_as_any_state_of_a_qubit(p_z: float, p_x: float) -> None:
    posterior = MultiBasis(AllPairs(1, 1))
    params = posterior.init(np.array([p_z, p_x]), spread=0.0, key=jax.random.key(0))
    q = posterior.distribution(params)
    found = np.array([q[2] + q[3], q[1] + q[3]])
    # Everything that a qubit can have: the disc of x and z, here as a fine grid of its border and the point itself.
    turns = np.linspace(0, 2 * pi, 4001)
    border = np.stack([(1 - np.cos(turns)) / 2, (1 - np.sin(turns)) / 2], axis=1)
    possible = (1 - 2 * p_z) ** 2 + (1 - 2 * p_x) ** 2 <= 1
    least = 0.0 if possible else np.linalg.norm(border - [p_z, p_x], axis=1).min()
    assert np.linalg.norm(found - [p_z, p_x]) <= least + 1e-5


def test_init_is_random_around_the_marginals() -> None:
    params = [np.asarray(POSTERIORS[0].init(key=jax.random.key(seed))) for seed in (0, 0, 1)]
    assert (params[0] == params[1]).all()
    assert (params[0] != params[2]).all()
    # A standard deviation of n differences has the relative standard error 1 / sqrt(2 n) (seeds 0 and 1).
    departure = np.std(params[0] - params[2]) / (0.02 * np.sqrt(2)) - 1
    assert abs(departure) < 5 / np.sqrt(2 * params[0].size)


@given(st.sampled_from(POSTERIORS), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3, 3.0]))
def test_no_state_is_certain_in_both_bases(posterior: MultiBasis, seed: int, size: float) -> None:
    params = jnp.asarray(size * angles(posterior, seed) / 3, jnp.float32)
    m, q = posterior.circuit.n_qubits, posterior.distribution(params)
    # Maassen and Uffink; and Landau and Pollak for two outcomes whose overlap is 2^(-m/2).
    assert entropy(q) >= m * log(2) - 1e-5
    assert q.max() <= ((1 + 2 ** (-m / 2)) / 2) ** 2 + 1e-6


@given(st.sampled_from(POSTERIORS), st.integers(0, 2**32 - 1), st.floats(0.1, 30.0))
def test_the_gap_has_a_floor(posterior: MultiBasis, seed: int, sharpness: float) -> None:
    """KL(q ‖ p) is at least that of the p^(1/T) whose entropy is the least one, for any p."""
    q = posterior.distribution(jnp.asarray(angles(posterior, seed), jnp.float32))
    logits = sharpness * np.random.default_rng(seed).normal(size=len(q))
    least = posterior.circuit.n_qubits * log(2)

    def at(inverse_temperature: float) -> tuple[np.ndarray, np.ndarray]:
        own = inverse_temperature * (logits - logits.max())
        own = own - np.log(np.exp(own).sum())
        return np.exp(own), own

    log_p, low, high = at(1.0)[1], 0.0, 1.0
    if entropy(at(1.0)[0]) < least:
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if entropy(at(middle)[0]) > least else (low, middle)
        softened, log_softened = at(low)
        kept = softened > 0
        floor = float(softened[kept] @ (log_softened - log_p)[kept])
    else:
        floor = 0.0
    kept = q > 0
    assert float(q[kept] @ (np.log(q) - log_p)[kept]) >= floor - 1e-4


@pytest.mark.parametrize("turned", [False, True], ids=["Z certain", "X certain"])
def test_one_half_can_be_certain_and_the_other_is_then_uniform(turned: bool) -> None:
    posterior = MultiBasis(AllPairs(3, depth=1))
    params = jnp.zeros(posterior.n_parameters).at[:3].set(pi / 2 if turned else 0.0)
    q = posterior.distribution(params).reshape(8, 8)
    one = q if not turned else q.T
    np.testing.assert_allclose(one[0], 1 / 8, rtol=0, atol=1e-6)
    np.testing.assert_allclose(one[1:], 0, rtol=0, atol=1e-6)
    bits = oracle.all_bits(6)
    certain = bits[:, 3:] if turned else bits[:, :3]
    assert (posterior.sample(params, 1000, key=jax.random.key(0))[:, 3:6] == 0).all() == turned
    likely = posterior.log_prob(params, bits) > log(1 / 8) - 1e-5
    assert (likely == (certain == 0).all(axis=1)).all()


def test_many_qubits_are_sampled_but_not_listed() -> None:
    posterior = MultiBasis(AllPairs(14, depth=1))
    params = posterior.init(spread=0.3, key=jax.random.key(0))
    shots = 2000
    bits = posterior.sample(params, shots, key=jax.random.key(1))
    in_z, in_x = halves_of(posterior, params)
    places = 2 ** np.arange(14)[::-1]
    log_q = np.log(in_z[bits[:, :14] @ places]) + np.log(in_x[bits[:, 14:] @ places])
    np.testing.assert_allclose(posterior.log_prob(params, bits), log_q, rtol=0, atol=1e-2)
    # The mean of -log q over q's own samples is the entropy, within 5 standard errors (seed 1).
    error = np.std(log_q) / np.sqrt(shots)
    assert abs(-log_q.mean() - entropy(in_z) - entropy(in_x)) < 5 * error
    with pytest.raises(UserError, match=r"28 weights make 2\^28 networks, over the limit of 24 weights; use sam"):
        posterior.probabilities(params)


def test_losses_and_gradients_through_the_estimator() -> None:
    posterior = POSTERIORS[0]
    params = angles(posterior)
    energies = np.random.default_rng(2).gamma(2.0, 3.0, 64)
    with jax.enable_x64(True):
        functional = Functional.of(energies)
        value, gradient = jax.jit(jax.value_and_grad(Exact().loss, argnums=2), static_argnums=0)(
            posterior, functional, jnp.asarray(params)
        )
        assert float(value) == pytest.approx(expected(posterior, params) @ (energies - energies.min()), rel=1e-10)
        step = np.random.default_rng(3).normal(size=params.shape) * 1e-6
        ends = [expected(posterior, params + sign * step) @ energies for sign in (1, -1)]
    assert float(np.sum(np.asarray(gradient) * step)) == pytest.approx((ends[0] - ends[1]) / 2, rel=1e-5)


@pytest.fixture
def definition() -> Definition:
    return definition_with_defaults(
        hb.networks.BinaryMLP(2, hidden=(2,), bias=False),
        examples=40,
        posterior=MultiBasis(AllPairs(3, depth=2)),
        objective=hb.ELBO(),
        estimator=Exact(),
        steps=200,
        restarts=2,
        plateau=None,
    )


def test_a_stopped_run_resumes_to_the_same_bits(tmp_path: Path, definition: Definition) -> None:
    data: Dataset = hb.data.load("moons", size=40)
    whole = start(tmp_path / "whole", definition, data)
    start_and_stop(tmp_path / "stopped", definition, data)
    assert same(resume(tmp_path / "stopped"), whole)
    assert definition_from_record(definition.to_record()) == definition
    read = hb.load(tmp_path / "whole")
    assert read.definition.posterior == definition.posterior
    exact = hb.ExactPosterior(hb.energies(definition.network, data.train))
    uniform = exact.compared(np.full(64, 1 / 64))["elbo_gap"]
    assert 0 < whole.numbers["elbo_gap"] < uniform - 0.1
    assert whole.numbers["entropy"] >= 3 * log(2) - 1e-5


@pytest.mark.parametrize("circuit", [AllPairs, 4, None], ids=str)
def test_a_posterior_is_of_a_circuit(circuit: Any) -> None:
    with pytest.raises(UserError, match=r"circuit = .*: give a circuit, such as hb\.circuits\.AllPairs\(6, depth=4\)"):
        MultiBasis(circuit)


def test_circuits_need_a_turn_and_a_phase() -> None:
    with pytest.raises(UserError, match=r"ProductState\(n_qubits=2\) has no RY and then RZ on qubit 0 after its last"):
        MultiBasis(ProductState(2))
    with pytest.raises(UserError, match="5 marginals for 6 weights: give one a weight"):
        POSTERIORS[0].init(np.full(5, 0.5), key=jax.random.key(0))
    with pytest.raises(UserError, match="rows of 3 bits for 6 weights"):
        POSTERIORS[0].log_prob(jnp.asarray(angles(POSTERIORS[0])), np.zeros((1, 3), np.uint8))


def test_sizes_are_twice_the_circuits() -> None:
    posterior = POSTERIORS[2]
    assert (posterior.n_weights, posterior.n_parameters) == (8, posterior.circuit.n_parameters)
