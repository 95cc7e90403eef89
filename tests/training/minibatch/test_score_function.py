import jax
import jax.numpy as jnp
import numpy as np
import pytest

from estimation import Problem, compiled_estimate
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.posteriors import Registers
from hyperborn.training.estimators import ScoreFunction
from hyperborn.training.minibatch.drawing import bits_of_outcomes, draw_outcomes

NETWORK = BinaryMLP(2, (2,), activation="tanh", scale="learned")
PROBLEM = Problem(NETWORK, Registers(NETWORK, 2))


def test_the_gradient_is_that_of_the_formula_on_the_same_draws() -> None:
    """(1/S) Σ_s (energy_s - mean of the others) ∇ log q(w_s), with log q by the posterior itself."""
    registers, key, samples = PROBLEM.registers, jax.random.key(5), 4
    with jax.enable_x64(True):
        batch, params = PROBLEM.batch(), PROBLEM.params()
        outcomes = draw_outcomes(registers.tables(params), samples, key=key)
        bits = bits_of_outcomes(registers, outcomes, jnp.dtype(jnp.float64))
        index = np.asarray(bits, int) @ (1 << np.arange(8, -1, -1))
        energies = np.asarray(batch.energies(bits))
        score = jax.grad(lambda params, place: jnp.log(registers.probabilities(params)[place]))
        scores = np.asarray(jax.jit(jax.vmap(score, (None, 0)))(params, index))
        value, (gradient, _) = compiled_estimate(
            ScoreFunction(samples), registers, batch, params, jnp.asarray(0.0), key
        )
    others = [(energies.sum() - energy) / (samples - 1) for energy in energies]
    np.testing.assert_allclose(gradient, ((energies - others)[:, None] * scores).mean(axis=0), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(value, energies.mean(), rtol=1e-12)


def test_the_value_is_the_mean_energy_in_single_precision() -> None:
    """However large what it is differentiated through."""
    problem = Problem(NETWORK, PROBLEM.registers, scale=1e6)
    batch, params, key = problem.batch(jnp.float32), problem.params(jnp.float32), jax.random.key(0)
    value, _ = compiled_estimate(ScoreFunction(8), problem.registers, batch, params, jnp.asarray(0.0), key)
    bits = bits_of_outcomes(
        problem.registers, draw_outcomes(problem.registers.tables(params), 8, key=key), jnp.dtype(jnp.float32)
    )
    np.testing.assert_allclose(value, np.asarray(batch.energies(bits), np.float64).mean(), rtol=1e-6)


def test_one_sample_has_no_others() -> None:
    with pytest.raises(UserError, match="samples=1 must be a whole number of at least 2"):
        ScoreFunction(samples=1)
