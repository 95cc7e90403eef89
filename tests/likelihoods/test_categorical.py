"""Losses in JAX, against the plain formula."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hyperborn.likelihoods.categorical import losses


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("networks", [(), (2,)], ids=["one", "several"])
def test_losses_are_minus_the_log_of_the_labels_probability(outputs: int, networks: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    logits = 3 * random.normal(size=(*networks, 7, outputs))
    y = random.integers(0, max(outputs, 2), 7)
    whole = np.concatenate([np.zeros_like(logits), logits], axis=-1) if outputs == 1 else logits
    p = np.exp(whole) / np.exp(whole).sum(axis=-1, keepdims=True)
    expected = -np.log(p[..., np.arange(7), y])
    with jax.enable_x64(True):
        found = losses(jnp.asarray(logits), jnp.asarray(y))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_certain_mistakes_are_finite() -> None:
    found = losses(jnp.asarray([[1e4], [-1e4]], jnp.float32), jnp.asarray([0, 1]))
    np.testing.assert_array_equal(found, np.full(2, 1e4, np.float32))
