from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from hyperborn.errors import UserError
from hyperborn.training.optimizers import Adam, Gains


def plain(gradients: np.ndarray, learning_rate: float, steps: int) -> np.ndarray:
    """Spall's a / (k + 1 + A)^0.602 with A a tenth of the steps; a makes the first step the rate on average."""
    changes, sizes = [], []
    for k, gradient in enumerate(gradients):
        if k < 10:
            sizes.append(np.abs(gradient).mean())
        a = learning_rate * (0.1 * steps + 1) ** 0.602 / np.mean(sizes)
        changes.append(-a / (k + 1 + 0.1 * steps) ** 0.602 * gradient)
    return np.array(changes)


@pytest.mark.parametrize(("rate", "steps"), [(0.3, 40), (0.05, 15), (0.3, 1)])
def test_gains_are_those_of_spall(rate: float, steps: int) -> None:
    gradients = np.random.default_rng(0).normal(size=(steps, 3, 2)) * 40
    rule = Gains(rate).transformation(steps)
    state = rule.init(jnp.zeros((3, 2)))
    found = []
    for gradient in gradients:
        change, state = rule.update(jnp.asarray(gradient, jnp.float32), state, jnp.zeros((3, 2)))
        found.append(np.asarray(change))
    np.testing.assert_allclose(found, plain(gradients, rate, steps), rtol=2e-5)
    # The first moves an angle by the rate on average, and later ones by less.
    assert np.abs(found[0]).mean() == pytest.approx(rate, rel=1e-5)


def test_gains_do_not_depend_on_the_scale_of_the_loss() -> None:
    gradients = np.random.default_rng(1).normal(size=(20, 4))
    runs = []
    for scale in (1.0, 1e6):
        rule = Gains().transformation(20)
        state, changes = rule.init(jnp.zeros(4)), []
        for gradient in gradients:
            change, state = rule.update(jnp.asarray(scale * gradient, jnp.float32), state)
            changes.append(np.asarray(change))
        runs.append(changes)
    np.testing.assert_allclose(runs[0], runs[1], rtol=1e-5)


def test_what_nothing_depends_on_stays_where_it_is() -> None:
    rule = Gains().transformation(5)
    change, _ = rule.update(jnp.zeros(3), rule.init(jnp.zeros(3)))
    np.testing.assert_array_equal(change, np.zeros(3))


@pytest.mark.parametrize("rate", [0, -0.1, float("nan"), float("inf"), True])
@pytest.mark.parametrize("kind", [Adam, Gains])
def test_rates_are_checked(kind: Any, rate: Any) -> None:
    with pytest.raises(UserError, match=r"learning_rate = .*: give a positive number, such as 0\.0?3"):
        kind(rate)
