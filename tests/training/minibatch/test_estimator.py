from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import oracle
from hyperborn.networks import BinaryMLP
from hyperborn.training.estimators import Minibatch


@pytest.mark.parametrize(
    ("arguments", "side"),
    [
        ({"n_features": 2, "hidden": (2,)}, None),
        ({"n_features": 2, "hidden": (), "n_classes": 3, "values": (0, 1)}, None),
        ({"n_features": 2, "hidden": (2,), "n_classes": 4, "scale": "learned", "activation": "tanh"}, 0.5),
        ({"n_features": 2, "hidden": (2,), "values": (-3, 1), "scale": "learned", "normalization": "layer"}, 0.5),
    ],
)
def test_energies_are_those_of_the_plain_formula(arguments: dict[str, Any], side: float | None) -> None:
    net, random = BinaryMLP(**arguments), np.random.default_rng(0)
    x, y = random.normal(size=(7, 2)), random.integers(0, net.n_classes, 7)
    given = random.normal(0, side or 0, net.n_side)
    bits = random.integers(0, 2, (20, net.n_weights))
    expected = [
        2.5
        * oracle.nll(
            oracle.mlp_logits(
                row, x, net.hidden, net.n_outputs, activation=net.activation, values=net.values,
                fan_in=side is not None, normalised=net.normalization == "layer",
                side=None if side is None else given.tolist(),
            ),
            y,
        )
        for row in bits
    ]  # fmt: skip
    with jax.enable_x64(True):
        for dtype, tolerance in (("float32", 1e-4), ("float64", 1e-11)):
            batch = Minibatch(
                net, jnp.asarray(x, dtype), jnp.asarray(y), jnp.asarray(given, dtype), jnp.asarray(2.5, dtype)
            )
            found = jax.jit(lambda batch, bits: batch.energies(bits))(batch, jnp.asarray(bits, dtype))
            assert found.dtype == dtype
            np.testing.assert_allclose(found, expected, rtol=tolerance)


def test_bits_between_0_and_1_are_weights_between_the_values() -> None:
    net = BinaryMLP(1, (), bias=False, values=(-3, 1))
    batch = Minibatch(net, jnp.ones((1, 1)), jnp.ones(1, int), jnp.zeros(0), jnp.asarray(1.0))
    # The logit is the weight, -3 + 4/4 of the way.
    np.testing.assert_allclose(batch.energies(jnp.asarray([[0.25]])), [np.log(1 + np.exp(2.0))], rtol=1e-6)


def test_minibatches_scaled_by_their_share_add_up_to_the_whole() -> None:
    net, random = BinaryMLP(2, (2,)), np.random.default_rng(0)
    x, y = random.normal(size=(12, 2)), random.integers(0, 2, 12)
    bits = jnp.asarray(random.integers(0, 2, (5, net.n_weights)), jnp.float32)

    def energies(part: slice, scale: float) -> np.ndarray:
        batch = Minibatch(
            net, jnp.asarray(x[part], jnp.float32), jnp.asarray(y[part]), jnp.zeros(0), jnp.asarray(scale)
        )
        return np.asarray(batch.energies(bits))

    parts = [energies(slice(first, first + 4), 3.0) for first in (0, 4, 8)]
    np.testing.assert_allclose(np.mean(parts, axis=0), energies(slice(None), 1.0), rtol=1e-5)
