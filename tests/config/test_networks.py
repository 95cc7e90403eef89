"""Which network a configuration asks for, and whether one register holds it."""

from typing import Any

import pytest

import hyperborn as hb
from hyperborn.config import CompareConfig, RunConfig, configured
from hyperborn.config.networks import network_of, registers_asked_for, shape_of
from hyperborn.data import Dataset
from hyperborn.networks import BinaryMLP


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
