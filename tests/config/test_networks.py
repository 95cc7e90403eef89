"""Which network a configuration asks for, and whether one register holds it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.config import CompareConfig, RunConfig, configured
from hyperborn.config.definitions import definition_of
from hyperborn.config.networks import network_of, registers_asked_for, shape_of
from hyperborn.config.options import OPTIONS
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.networks import BinaryConvNet, BinaryMLP


@pytest.fixture(scope="module")
def iris() -> Dataset:
    return hb.data.load("iris", classes=(1, 2))


@pytest.fixture(scope="module")
def cancer() -> Dataset:
    return hb.data.load("breast_cancer")


def config(**given: Any) -> RunConfig:
    return configured(RunConfig, None, {"data": "iris"} | given)


def test_a_small_network_is_one_register(iris: Dataset) -> None:
    # 4 · 2 weights, 2 biases, 2 weights and a bias.
    network, registers = shape_of(config(), iris)
    assert (network, registers) == (BinaryMLP(4, (2,)), False)
    assert network.n_weights == 13


def test_a_network_that_two_units_make_too_large_is_linear() -> None:
    wine = hb.data.load("wine", classes=(0, 1))
    assert shape_of(config(), wine) == (BinaryMLP(13, ()), False)


def test_data_that_no_small_network_takes_get_64_units_on_registers(cancer: Dataset) -> None:
    network, registers = shape_of(config(), cancer)
    assert registers
    assert network == BinaryMLP(30, (64,), bias=False, scale="learned", normalization="layer")
    # One register has to do with a linear network, whose features are reduced then.
    assert shape_of(config(posterior="register"), cancer) == (BinaryMLP(30, ()), False)


@pytest.mark.parametrize(("units", "registers"), [(2, False), (3, True), (8, True)])
def test_hidden_layers_as_given_are_on_registers_beyond_18_weights(iris: Dataset, units: int, registers: bool) -> None:
    network, found = shape_of(config(hidden=units), iris)
    assert found is registers
    assert network.hidden == (units,)
    assert network.scale == ("learned" if registers else "none")


def test_what_is_said_of_the_network_is_kept_on_registers(cancer: Dataset) -> None:
    said = {"activation": "sign", "bias": True, "normalization": "none", "values": [0, 1]}
    network = network_of(config(hidden=8, **said), cancer)
    assert network == BinaryMLP(
        30, (8,), activation="sign", bias=True, values=(0.0, 1.0), scale="learned", normalization="none"
    )
    # Without learned shifts, biases do what these would.
    assert network_of(config(hidden=8, scale="fan_in"), cancer).bias is True
    assert network_of(config(hidden=8, scale="fan_in", bias=False), cancer).bias is False


def test_a_layer_of_one_unit_is_not_normalised_by_itself(cancer: Dataset) -> None:
    assert network_of(config(hidden="8,1"), cancer).normalization == "none"
    assert network_of(config(hidden="8,2"), cancer).normalization == "layer"


@pytest.mark.parametrize(
    ("given", "registers"),
    [
        ({}, None),
        ({"posterior": "auto", "estimator": "auto", "samples": "auto"}, True),
        ({"posterior": "register"}, False),
        ({"posterior": "registers"}, True),
        ({"register_size": 2}, True),
        ({"grouping": "layer"}, True),
        ({"samples": 8}, True),
        ({"batch_size": 16}, True),
        ({"scale": "learned"}, True),
        ({"scale": "fan_in"}, None),
        ({"estimator": "score-function"}, True),
        ({"estimator": "exact"}, False),
        ({"ansatz": "brickwork"}, False),
        ({"ansatz": "autoregressive", "context": 2}, False),
        ({"optimizer": "lbfgs"}, False),
        ({"objective": "renyi"}, False),
        ({"objective": "stein"}, False),
        ({"objective": "selbo"}, None),
        ({"depth": 3, "patience": 7, "steps": 5}, None),
    ],
    ids=str,
)
def test_options_say_what_kind_of_posterior_is_meant(given: dict[str, Any], registers: bool | None) -> None:
    assert registers_asked_for(config(**given)) is registers


def test_one_compared_objective_that_needs_one_register_is_enough() -> None:
    found = configured(CompareConfig, None, {"data": "iris", "objectives": "elbo,renyi"})
    assert registers_asked_for(found) is False


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return hb.data.load("digits")


def test_conv_is_a_convolutional_network_for_images(digits: Dataset) -> None:
    assert shape_of(config(network="conv"), digits) == (BinaryConvNet(64, 10), True)
    given = {"activation": "tanh", "normalization": "none", "values": [0, 1], "channels": "4,6"}
    expected = BinaryConvNet(
        64, 10, channels=(4, 6), activation="tanh", normalization="none", values=(0.0, 1.0), image_shape=(8, 8)
    )
    assert network_of(config(network="conv", **given), digits) == expected
    two = hb.data.load("digits", classes=(3, 8), pixels=4)
    assert network_of(config(network="conv"), two) == BinaryConvNet(16, 2, channels=(16,))
    # Without it, images get what they always had.
    assert isinstance(network_of(config(), digits), BinaryMLP)


@pytest.mark.parametrize(
    ("shape", "channels"),
    [
        ((3, 3), (16,)),
        ((8, 8), (16, 32)),
        ((6, 10), (16, 32)),
        ((16, 16), (16, 32)),
        ((28, 28), (8, 16)),
        ((64, 48), (8, 16, 16)),
        ((4, 100), (16,)),
    ],
)
def test_larger_images_have_fewer_channels_and_more_convolutions(
    shape: tuple[int, int], channels: tuple[int, ...]
) -> None:
    x = np.random.default_rng(0).random((20, shape[0] * shape[1]))
    data = replace(hb.data.from_arrays(x, np.arange(20) % 10, test=0.0), image_shape=shape)
    network = network_of(config(network="conv"), data)
    assert isinstance(network, BinaryConvNet)
    assert network.channels == channels
    assert network.image_shape == (None if shape[0] == shape[1] else shape)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "iris"}, "network conv is for images, and iris has none; leave it out"),
        ({"name": "digits", "components": 20}, "digits was reduced to components; leave components out"),
        ({"name": "digits", "pixels": 2}, "images of 3 x 3 pixels or more, and those of digits have 2 x 2; leave it"),
    ],
)
def test_conv_is_refused_where_it_cannot_be_made(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        network_of(config(network="conv"), hb.data.load(**options))


def test_conv_on_one_register_is_too_large_and_components_are_no_remedy(digits: Dataset) -> None:
    chosen = config(network="conv", posterior="register")
    with pytest.raises(UserError) as caught:
        definition_of(chosen, digits, "elbo")
    assert str(caught.value) == (
        "--network conv on 64 features makes 6032 weights, over the limit of 24 of one register; choose another "
        "network, or --posterior registers"
    )


@pytest.mark.parametrize("key", ["hidden", "bias", "scale", "output_scales"])
def test_what_convolutions_do_not_have_is_refused(key: str) -> None:
    value = {"hidden": "2", "bias": "true"}.get(key, OPTIONS[key].default)
    with pytest.raises(UserError, match=f"^{key} says how layers are made, and does not go with network conv; leave"):
        config(network="conv", **{key: value})


def test_channels_go_with_conv_alone() -> None:
    with pytest.raises(UserError, match=r"^channels goes with network conv only, .* choose network conv \(--network c"):
        config(channels="4")
    with pytest.raises(UserError, match=r"channels = '0' is not allowed; give channels of each of up to 32"):
        config(network="conv", channels="0")
