from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import oracle
from hyperborn.networks.activations import ACTIVATIONS, Activation

Z = np.array([-800.0, -1.5, -1.0, -0.3, -1e-30, 0.0, 0.2, 1.0, 1.5, 800.0])


def test_every_activation_has_a_name() -> None:
    assert set(get_args(Activation)) == ACTIVATIONS.keys()


@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_activations_are_the_plain_ones_in_numpy_and_jax(name: str) -> None:
    plain = oracle.activated(Z, name)
    np.testing.assert_allclose(ACTIVATIONS[name](Z, np), plain, rtol=1e-12, atol=1e-15)
    with jax.enable_x64(True):
        for dtype in ("float32", "float64"):
            found = ACTIVATIONS[name](jnp.asarray(Z, dtype), jnp)
            assert found.dtype == dtype
            np.testing.assert_allclose(found, plain, rtol=1e-6, atol=1e-7)


def test_the_sign_passes_gradients_straight_through_small_sums() -> None:
    with jax.enable_x64(True):
        z = jnp.asarray(Z)
        value, gradient = jax.jit(jax.value_and_grad(lambda z: (3.0 * ACTIVATIONS["sign"](z, jnp)).sum()))(z)
        _, change = jax.jvp(lambda z: ACTIVATIONS["sign"](z, jnp), (z,), (2.0 * jnp.ones_like(z),))
    assert float(value) == 0
    np.testing.assert_array_equal(gradient, [0, 0, 3, 3, 3, 3, 3, 3, 0, 0])
    np.testing.assert_array_equal(change, [0, 0, 2, 2, 2, 2, 2, 2, 0, 0])
