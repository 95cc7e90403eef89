"""What is chosen of a network that is given: β, registers and scales, on what it has not learnt from."""

from dataclasses import replace

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.config.models import RunConfig
from hyperborn.data import Dataset
from hyperborn.networks import Regression
from hyperborn.networks.mlp import Scale
from hyperborn.selection.candidates import candidates_of
from hyperborn.selection.given_network import candidates_for, choose_for_network

ARGUMENTS = {"seed": 0, "steps": 20}


@pytest.fixture(scope="module")
def data() -> Dataset:
    return hb.data.load("moons", size=100, seed=0)


@pytest.mark.parametrize("effort", ["quick", "normal", "thorough"])
def test_registers_and_betas_are_those_of_the_command_line(data: Dataset, effort: str) -> None:
    """Of the same relu units, for which each activation and size is one candidate there."""
    network = hb.networks.BinaryMLP(2, (64,), bias=False, scale="learned")
    config = RunConfig.model_validate({"data": "moons", "effort": effort, "posterior": "registers"})
    theirs = {
        (candidate.settings["register_size"], candidate.settings["beta"]) for candidate in candidates_of(config, data)
    }
    ours = [(candidate.register_size, candidate.beta) for candidate in candidates_for(network, effort, ARGUMENTS)]
    assert sorted(theirs) == sorted(ours)
    assert (1, 0.03) in ours


@pytest.mark.parametrize("scale", ["none", "fan_in"])
def test_learned_scales_are_tried_beside_those_given(scale: Scale, data: Dataset) -> None:
    network = hb.networks.BinaryMLP(2, (8,), scale=scale)
    found = candidates_for(network, "normal", ARGUMENTS)
    learned = replace(network, scale="learned")
    assert [candidate.network for candidate in found] == [learned, learned, network]
    assert len({candidate.name for candidate in found}) == 3
    first = found[0].definition(data)
    assert first.posterior == hb.Registers(learned, 1)
    assert (first.objective, first.steps) == (hb.ELBO(found[0].beta), 20)


def test_what_has_no_scale_to_be_learnt_stays_as_it_is() -> None:
    images = hb.networks.BinaryConvNet(64, 10)
    assert {candidate.network for candidate in candidates_for(images, "normal", ARGUMENTS)} == {images}
    number = Regression(hb.networks.BinaryMLP(3, (20,)), hb.Gaussian("learned"))
    first, *_, last = (candidate.network for candidate in candidates_for(number, "normal", ARGUMENTS))
    assert first == Regression(hb.networks.BinaryMLP(3, (20,), scale="learned"), hb.Gaussian("learned"))
    assert last == number


def test_the_choice_is_on_the_validation_split_or_else_on_folds(data: Dataset) -> None:
    network = hb.networks.BinaryMLP(2, (8,))
    on_split = choose_for_network(network, data, effort="quick", arguments=ARGUMENTS)
    assert on_split.choice is not None
    assert (on_split.choice.method, on_split.choice.refitted) == ("validation", False)
    assert on_split.choice.best.examples == len(data.validation)
    # What is trained in the end learns from the training split alone.
    assert on_split.data is data
    whole = hb.data.load("moons", size=100, seed=0, validation=0.0)
    on_folds = choose_for_network(network, whole, effort="quick", arguments=ARGUMENTS)
    assert on_folds.choice is not None
    assert (on_folds.choice.method, on_folds.choice.refitted) == ("folds", True)
    assert on_folds.choice.best.examples == len(whole.train)


def test_nothing_is_chosen_where_nothing_can_be_held_out(data: Dataset) -> None:
    few = hb.data.Split(data.train.x[:2], np.array([0, 1]))
    none = hb.data.Split(data.train.x[:0], data.train.y[:0])
    tiny = replace(data, train=few, validation=none, test=none)
    found = choose_for_network(hb.networks.BinaryMLP(2, (8,)), tiny, effort="normal", arguments=ARGUMENTS)
    assert found.choice is None
    assert found.definition.posterior == hb.Registers(hb.networks.BinaryMLP(2, (8,), scale="learned"), 1)
