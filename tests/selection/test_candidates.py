"""Which candidates there are, and when nothing is chosen."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
import my_parts
from hyperborn.config import RunConfig, configured
from hyperborn.config.definitions import definition_of
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.selection.candidates import Candidate, candidates_of, check_needed, settled, simplicity


def config(**given: Any) -> RunConfig:
    return configured(RunConfig, None, {"data": "iris"} | given)


@pytest.fixture(scope="module")
def iris() -> Dataset:
    return hb.data.load("iris", classes=(1, 2))


def named(data: Dataset, **given: Any) -> list[str]:
    return [candidate.name for candidate in candidates_of(config(**given), data)]


WITHOUT = "no hidden units, β = 0.1"


def test_normal_effort_has_three_kinds_of_units_none_and_one_register(iris: Dataset) -> None:
    kinds = ("relu", "linear", "tanh")
    units = [f"64 {kind} units, β = {beta}" for beta in (0.03, 0.1) for kind in kinds]
    assert named(iris) == [*units, WITHOUT, "one register of 13 weights"]
    assert set(named(iris, effort="quick")) < set(named(iris)) < set(named(iris, effort="thorough"))


def test_one_register_is_left_out_where_it_would_not_do() -> None:
    assert not any("one register" in name for name in named(hb.data.load("breast_cancer")))


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({"activation": "tanh"}, ["64 tanh units, β = 0.03", "64 tanh units, β = 0.1", "one register of 13 weights"]),
        ({"posterior": "registers", "activation": "tanh"}, ["64 tanh units, β = 0.03", "64 tanh units, β = 0.1"]),
        ({"beta": 0.1, "posterior": "registers", "activation": "relu"}, ["64 relu units, β = 0.1"]),
        ({"hidden": "none"}, ["one register of 5 weights"]),
        ({"hidden": 3, "posterior": "registers"}, []),
        ({"patience": 50}, ["one register of 13 weights"]),
    ],
)
def test_what_contradicts_the_options_that_are_given_is_dropped(
    iris: Dataset, given: dict[str, Any], left: list[str]
) -> None:
    assert named(iris, **given) == left


def test_options_beside_those_of_a_candidate_stay(iris: Dataset) -> None:
    for candidate in candidates_of(config(steps=7, normalization="layer", values=[0, 1]), iris):
        assert (candidate.config.steps, candidate.config.values) == (7, (0.0, 1.0))
        assert candidate.config.normalization == "layer"
    units = [found.config for found in candidates_of(config(posterior="registers"), iris) if found.config.hidden]
    assert {own.normalization for own in units} == {"none"}


@pytest.mark.parametrize(
    "given",
    [
        {"posterior": "register"},
        {"backend": "statevector"},
        {"objective": "mle"},
        {"prior_from": "runs/x"},
        {"circuit": "ansatz.qasm"},
        {"posterior": "registers", "beta": 0.03, "hidden": [64], "activation": "relu"},
    ],
)
def test_nothing_is_chosen_where_options_settle_it(given: dict[str, Any]) -> None:
    why = settled(config(**given))
    assert why is not None
    check_needed(config(**given), why)
    with pytest.raises(UserError, match=r"effort goes with a choice among candidates, and here .*; leave effort out"):
        check_needed(config(**given, effort="quick"), why)


def test_something_is_chosen_where_options_leave_it_open() -> None:
    assert settled(config()) is settled(config(posterior="registers")) is settled(config(steps=10)) is None


def test_the_simplest_has_a_large_beta_and_linear_units_and_one_register_is_last(iris: Dataset) -> None:
    found: list[Candidate] = candidates_of(config(effort="thorough"), iris)
    order = [candidate.name for candidate in sorted(found, key=simplicity)]
    assert order[:2] == [WITHOUT, "64 linear units, β = 0.3"]
    assert order.index("64 linear units, β = 0.1") < order.index("64 relu units, β = 0.1")
    assert order.index("64 relu units, β = 0.03") < order.index("256 relu units, β = 0.1")
    assert order[-1] == "one register of 13 weights"


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return hb.data.load("digits")


def test_of_images_convolutions_are_first_with_registers_of_one_qubit(digits: Dataset) -> None:
    for effort in ("quick", "normal", "thorough"):
        first, second, *_ = candidates_of(config(effort=effort), digits)
        assert first.name == "convolutions of 16-32 channels, β = 0.03"
        assert "64" in second.name
        definition = definition_of(first.config, digits, "elbo")
        assert definition.network == hb.networks.BinaryConvNet(64, 10)
        assert definition.posterior == hb.Registers(definition.network, register_size=1)
        assert simplicity(second) < simplicity(first)
    names = named(digits, effort="thorough")
    assert len(set(names)) == len(names)
    assert not any("convolutions" in name for name in named(hb.data.load("digits", components=20)))


def test_of_larger_images_thorough_has_more_channels_beside_fewer() -> None:
    x = np.random.default_rng(0).random((20, 784))
    data = replace(hb.data.from_arrays(x, np.arange(20) % 2, validation=0.0), image_shape=(28, 28))
    channels = [name.split()[2] for name in named(data, effort="thorough") if "convolutions" in name]
    assert channels == ["8-16", "8-16", "16-32"]
    assert named(data)[0] == "convolutions of 8-16 channels, β = 0.03"


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({"network": "conv"}, ["16-32 channels, β = 0.03", "16-32 channels, β = 0.1"]),
        ({"network": "conv", "channels": "4", "beta": 0.1}, ["4 channels, β = 0.1"]),
        ({"network": "conv", "activation": "tanh", "beta": 0.1}, ["16-32 channels, β = 0.1"]),
        ({"hidden": "8"}, []),
        ({"bias": True, "beta": 0.03, "activation": "relu"}, ["64 relu units, β = 0.03"]),
        ({"register_size": 2}, []),
    ],
)
def test_options_of_networks_leave_what_takes_them(digits: Dataset, given: dict[str, Any], left: list[str]) -> None:
    found = named(digits, **given)
    assert found == [name if " units" in name else f"convolutions of {name}" for name in left]


def test_a_network_of_ones_own_settles_it() -> None:
    assert settled(config(network=f"{my_parts.__name__}:Sharpened")) == "the network is given"
    assert settled(config(network="conv")) is None
