from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from estimation import Problem, compiled_estimate, exact, many_estimates
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.posteriors import Registers
from hyperborn.training.estimators import StraightThrough
from hyperborn.training.minibatch.straight_through import chosen

NETWORK = BinaryMLP(2, (2,), activation="tanh", scale="learned")
PROBLEM = Problem(NETWORK, Registers(NETWORK, 2))
PATTERNS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def test_forwards_hard_backwards_soft() -> None:
    """Bits of the largest score; the gradient is that of the bits' mean under softmax(scores / temperature)."""
    random = np.random.default_rng(0)
    scores, cotangent = random.normal(size=(5, 4, 3)), random.normal(size=(5, 2, 3))

    def soft(scores: Any) -> Any:
        return jnp.einsum("sor,ob->sbr", jax.nn.softmax(scores / 0.7, axis=1), jnp.asarray(PATTERNS, scores.dtype))

    with jax.enable_x64(True):
        wide = jnp.asarray(scores)
        bits, back = jax.vjp(lambda scores: chosen(scores, jnp.asarray(0.7)), wide)
        expected = jax.vjp(soft, wide)[1](jnp.asarray(cotangent))[0]
        found = back(jnp.asarray(cotangent))[0]
    np.testing.assert_array_equal(bits, PATTERNS[scores.argmax(axis=1)].transpose(0, 2, 1))
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-14)


def test_equal_scores_still_make_bits() -> None:
    scores = jnp.asarray([[[1.0], [2.0], [0.0], [2.0]]])
    assert chosen(scores, jnp.asarray(1.0)).reshape(-1).tolist() == [1, 1]


def test_the_temperature_falls_geometrically() -> None:
    with jax.enable_x64(True):
        batch, params, key = PROBLEM.batch(), PROBLEM.params(), jax.random.key(0)

        def gradient(estimator: StraightThrough, progress: float) -> np.ndarray:
            estimate = compiled_estimate(estimator, PROBLEM.registers, batch, params, jnp.asarray(progress), key)
            return np.asarray(estimate[1][0])

        falling = StraightThrough(2, temperature=1.0, final_temperature=0.25)
        for progress, temperature in ((0.0, 1.0), (0.5, 0.5), (1.0, 0.25)):
            steady = StraightThrough(2, temperature=temperature, final_temperature=temperature)
            np.testing.assert_allclose(gradient(falling, progress), gradient(steady, 0.3), rtol=1e-9)


def test_a_lower_temperature_has_less_bias_and_more_variance() -> None:
    """Seed 4; 5,000 draws, whose means are known to about a tenth of the exact gradient."""
    sizes = []
    with jax.enable_x64(True):
        batch, params = PROBLEM.batch(), PROBLEM.params()
        truth = np.asarray(exact(PROBLEM.registers, batch, params)[1][0])
        for temperature in (1.0, 0.3):
            estimator = StraightThrough(1, temperature, temperature)
            draws = many_estimates(
                estimator, PROBLEM.registers, batch, params, jnp.asarray(0.0), jax.random.key(4), 5000
            )
            found = np.asarray(draws[1][0])
            sizes.append((np.linalg.norm(found.mean(axis=0) - truth), np.sqrt(found.var(axis=0).sum())))
    (warm_bias, warm_deviation), (cool_bias, cool_deviation) = np.array(sizes) / np.linalg.norm(truth)
    assert cool_bias + 0.5 < warm_bias
    assert cool_deviation > 1.2 * warm_deviation


@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf"), "low", None, True])
@pytest.mark.parametrize("name", ["temperature", "final_temperature"])
def test_temperatures_are_checked(name: str, value: Any) -> None:
    with pytest.raises(UserError, match=f"{name} = .*: give a positive number, such as 0.5"):
        StraightThrough(**{name: value})
