import jax
import jax.numpy as jnp
import numpy as np
import pytest

from estimation import Problem, compiled_estimate, exact
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.posteriors import Registers
from hyperborn.training.estimators import LocalExpectation, ScoreFunction
from hyperborn.training.minibatch.drawing import bits_of_outcomes, draw_outcomes

NETWORK = BinaryMLP(2, (2,), activation="tanh", scale="learned")


def test_one_register_is_summed_exactly() -> None:
    whole = Problem(NETWORK, Registers(NETWORK, grouping=(tuple(range(9)),), depth=1))
    with jax.enable_x64(True):
        batch, params = whole.batch(), whole.params()
        _, (expected, _) = exact(whole.registers, batch, params)
        _, (found, _) = compiled_estimate(
            LocalExpectation(1), whole.registers, batch, params, jnp.asarray(0.0), jax.random.key(0)
        )
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_the_value_is_the_mean_energy_of_the_draws() -> None:
    problem = Problem(NETWORK, Registers(NETWORK, 2), scale=1e6)
    batch, params, key = problem.batch(jnp.float32), problem.params(jnp.float32), jax.random.key(0)
    value, _ = compiled_estimate(LocalExpectation(3), problem.registers, batch, params, jnp.asarray(0.0), key)
    bits = bits_of_outcomes(
        problem.registers, draw_outcomes(problem.registers.tables(params), 3, key=key), jnp.dtype(jnp.float32)
    )
    np.testing.assert_allclose(value, np.asarray(batch.energies(bits), np.float64).mean(), rtol=1e-6)


def test_too_many_outcomes_are_refused() -> None:
    net = BinaryMLP(784, (128,), n_classes=10)
    with pytest.raises(UserError, match="takes 406804 networks a draw, over the limit of 65536; give hb"):
        LocalExpectation().check(Registers(net, 4), net)
    with pytest.raises(UserError, match=r"takes 71680 rows a draw, .* give hb\.FirstOrder\(\), or smaller registers$"):
        LocalExpectation().check(Registers(700, 10), 700)
    ScoreFunction().check(Registers(net, 4), net)
