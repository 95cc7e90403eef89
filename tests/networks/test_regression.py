"""Regressions: outputs with noise against the network inside, and what they refuse."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
import oracle
from hyperborn.errors import UserError
from hyperborn.networks import BinaryConvNet, BinaryMLP, Network, Regression, fitted
from hyperborn.records import record_of, thing_of
from hyperborn.training.serialization import SLOTS

LEVELS = (0.2, 0.4, 0.8, 1.6)
INSIDE = [
    BinaryMLP(2, (2,), scale="learned"),
    BinaryMLP(2, (), output_scales=(0.5, 1)),
    BinaryConvNet(16, channels=(2,)),
]


@pytest.mark.parametrize("inside", INSIDE, ids=["learned", "scales", "convolution"])
def test_a_number_for_noise_leaves_the_network_as_it_is(inside: Network) -> None:
    net = Regression(inside, hb.Gaussian(0.3))
    random = np.random.default_rng(0)
    x, bits = random.normal(size=(5, net.n_features)), random.integers(0, 2, (3, net.n_weights), dtype=np.uint8)
    np.testing.assert_array_equal(net(bits, x), inside(bits, x))
    assert (net.fields, net.side_fields, net.additive) == (inside.fields, inside.side_fields, inside.additive)
    assert (net.n_classes, net.n_outputs, net.values) == (0, 1, inside.values)
    assert net.choices == tuple(Regression(choice, net.likelihood) for choice in inside.choices)


def test_the_last_bits_choose_the_noise() -> None:
    inside = BinaryMLP(2, (), output_scales=(0.5, 1), values=(0, 1))
    net = Regression(inside, hb.Gaussian("bits", LEVELS))
    assert net.n_weights == inside.n_weights + 2
    assert net["noise"] == slice(4, 6)
    x, bits = np.random.default_rng(0).normal(size=(5, 2)), oracle.all_bits(6)
    outputs = net(bits, x)
    np.testing.assert_array_equal(outputs[:, :, 0], inside(bits[:, :4], x)[:, :, 0])
    chosen = np.array(LEVELS)[2 * bits[:, 4] + bits[:, 5]]
    np.testing.assert_allclose(np.exp(outputs[:, :, 1]), np.tile(chosen[:, None], 5), rtol=1e-12)
    # Each choice has one noise, and its bits are the first ones.
    for row, output in zip(bits, outputs, strict=True):
        choice = net.choices[4 * row[3] + 2 * row[4] + row[5]]
        np.testing.assert_allclose(choice(row[None, :3], x)[0, :, 0], output[:, 0], rtol=1e-12)
        assert choice.likelihood == hb.Gaussian(LEVELS[2 * row[4] + row[5]])


def test_learned_noise_is_the_last_side_parameter() -> None:
    inside = BinaryMLP(2, (2,), scale="learned")
    net = Regression(inside, hb.Gaussian("learned"))
    assert net.n_side == inside.n_side + 1
    random = np.random.default_rng(0)
    weights, x, side = (
        random.normal(size=(3, net.n_weights)),
        random.normal(size=(5, 2)),
        random.normal(size=net.n_side),
    )
    outputs = net.forward(weights, x, side)
    np.testing.assert_array_equal(outputs[:, :, :1], inside.forward(weights, x, side[:-1]))
    np.testing.assert_array_equal(outputs[:, :, 1], np.full((3, 5), side[-1]))
    np.testing.assert_array_equal(net.forward(weights, x)[:, :, 1], np.zeros((3, 5)))
    again = np.asarray(net.forward(*(jnp.asarray(array, jnp.float32) for array in (weights, x, side))))
    np.testing.assert_allclose(again, outputs, rtol=1e-4, atol=1e-5)
    bits = random.integers(0, 2, (3, net.n_weights), dtype=np.uint8)
    assert fitted(net, side)(bits, x)[0, 0, 1] == side[-1]


@pytest.mark.parametrize("likelihood", [hb.Gaussian(0.3), hb.Gaussian(), hb.Gaussian("learned"), hb.SquaredError()])
def test_records_are_read_back(likelihood: Any) -> None:
    net = Regression(BinaryMLP(2, (2,)), likelihood)
    assert thing_of(record_of(net), SLOTS, "network") == net
    assert hash(net) == hash(Regression(BinaryMLP(2, (2,)), likelihood))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((BinaryMLP(2, (), n_classes=3), hb.Gaussian()), "one output, and the network 3"),
        ((Regression(BinaryMLP(2)), hb.Gaussian()), "a regression already"),
        ((BinaryMLP(2), hb.Categorical()), "likelihood = Categorical"),
        ((BinaryMLP(2), "gaussian"), "likelihood = 'gaussian'"),
        (("network",), "must be a network"),
    ],
)
def test_what_is_no_network_of_one_output_is_refused(arguments: tuple[Any, ...], said: str) -> None:
    with pytest.raises(UserError, match=said):
        Regression(*arguments)


def test_it_says_what_it_is() -> None:
    assert str(Regression(BinaryMLP(2, ()))).splitlines()[0].endswith("2 features, regression")
