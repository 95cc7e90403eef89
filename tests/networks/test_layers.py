from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import oracle
from hyperborn.networks import BinaryMLP
from hyperborn.networks.layers import ACTIVATIONS, Activation, normalized, rescaled, scaling_fields

Z = np.array([-800.0, -1.5, -1.0, -2e-5, -1e-30, 0.0, 0.2, 1.0, 1.5, 800.0])


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
    # What is nearly 0 counts as 0, whose sign is +1.
    assert float(value) == 3 * (6 - 4)
    np.testing.assert_array_equal(gradient, [0, 0, 3, 3, 3, 3, 3, 3, 0, 0])
    np.testing.assert_array_equal(change, [0, 0, 2, 2, 2, 2, 2, 2, 0, 0])


def test_fields_are_a_gain_and_a_shift_a_unit_and_one_gain_for_all_logits() -> None:
    fields = [(field.name, field.shape, field.start, field.stop) for field in scaling_fields([4, 3])]
    assert fields == [
        ("gain1", (4,), 0, 4),
        ("shift1", (4,), 4, 8),
        ("gain2", (1,), 8, 9),
        ("shift2", (3,), 9, 12),
    ]


def test_normalized_sums_have_mean_0_and_variance_1_over_the_axes() -> None:
    sums = np.random.default_rng(0).normal(3, 5, size=(2, 4, 6))
    result = normalized(sums, (-2, -1), np)
    np.testing.assert_allclose(result.mean(axis=(1, 2)), 0, atol=1e-12)
    # The variance is v / (v + 1e-5), v being about 25.
    np.testing.assert_allclose(result.var(axis=(1, 2)), 1, rtol=1e-6)
    assert np.isfinite(normalized(np.ones((2, 3)), (-1,), np)).all()


def test_side_parameters_of_0_change_nothing() -> None:
    sums = np.random.default_rng(1).normal(size=(2, 5, 3))
    np.testing.assert_array_equal(rescaled(1, sums, {"gain1": np.zeros(3), "shift1": np.zeros(3)}, np), sums)


def test_a_multilayer_perceptron_is_stretched_and_shifted_layer_by_layer() -> None:
    net = BinaryMLP(3, (4,), n_classes=3, activation="tanh", bias=False, scale="learned", normalization="layer")
    random = np.random.default_rng(2)
    weights, x, side = random.normal(size=net.n_weights), random.normal(size=(5, 3)), random.normal(size=net.n_side)
    hidden = x @ weights[:12].reshape(3, 4) / np.sqrt(3)
    hidden = (hidden - hidden.mean(axis=1)[:, None]) / np.sqrt(hidden.var(axis=1) + 1e-5)[:, None]
    hidden = oracle.activated(np.exp(side[:4]) * hidden + side[4:8], "tanh")
    logits = np.exp(side[8]) * (hidden @ weights[12:].reshape(4, 3) / np.sqrt(4)) + side[9:]
    np.testing.assert_allclose(net.forward(weights, x, side), logits, rtol=1e-12)
