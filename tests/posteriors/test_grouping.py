from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.posteriors.grouping import GROUPINGS, groups_of

ARGUMENTS = st.fixed_dictionaries(
    {
        "n_features": st.integers(1, 6),
        "hidden": st.lists(st.integers(1, 5), max_size=2),
        "n_classes": st.integers(2, 4),
        "bias": st.booleans(),
        "output_scales": st.sampled_from([(1.0,), (1, 2, 4, 8)]),
    }
)


def plain_layers(net: BinaryMLP) -> list[list[list[int]]]:
    """Weights of each neuron of each layer, counted one by one."""
    layers, start, sizes = [], 0, [net.n_features, *net.hidden, net.n_outputs]
    for inputs, units in pairwise(sizes):
        rows = inputs + 1 if net.bias else inputs
        layers.append([[start + row * units + unit for row in range(rows)] for unit in range(units)])
        start += rows * units
    scale_bits = [[start + bit] for bit in range(net.n_weights - start)]
    return [*layers, scale_bits] if scale_bits else layers


@given(ARGUMENTS, st.integers(1, 7), st.sampled_from(GROUPINGS), st.integers(0, 3))
def test_groupings_name_every_weight_once(arguments: dict[str, Any], size: int, grouping: str, seed: int) -> None:
    net = BinaryMLP(**arguments)
    groups = groups_of(net, size, grouping, seed)
    assert sorted(np.concatenate([places.reshape(-1) for places in groups]).tolist()) == list(range(net.n_weights))
    sizes = [places.shape[1] for places in groups]
    assert sizes == sorted(set(sizes), reverse=True)
    assert sizes[0] <= size


@given(ARGUMENTS, st.integers(1, 7), st.sampled_from(GROUPINGS))
def test_registers_keep_to_their_neuron_or_layer_and_waste_nothing(
    arguments: dict[str, Any], size: int, grouping: str
) -> None:
    net = BinaryMLP(**arguments)
    layers = plain_layers(net)
    runs = {
        "neuron": [neuron for layer in layers for neuron in layer],
        "layer": [[place for neuron in layer for place in neuron] for layer in layers],
        "random": [list(range(net.n_weights))],
    }[grouping]
    registers = [set(row) for places in groups_of(net, size, grouping, 0) for row in places.tolist()]
    for run in runs:
        own = sorted(len(register) for register in registers if register <= set(run))
        rest = [len(run) % size] if len(run) % size else []
        assert own == [*rest, *[size] * (len(run) // size)]


def listed(groups: list[Any]) -> list[list[list[int]]]:
    return [places.tolist() for places in groups]


def test_registers_of_a_neuron_and_of_a_layer() -> None:
    net = BinaryMLP(2, (3,))
    neurons = groups_of(net, 2, "neuron", 0)
    assert listed(neurons) == [[[0, 3], [1, 4], [2, 5], [9, 10], [11, 12]], [[6], [7], [8]]]
    layers = groups_of(net, 4, "layer", 0)
    assert listed(layers) == [[[0, 1, 2, 3], [4, 5, 6, 7], [9, 10, 11, 12]], [[8]]]


@pytest.mark.parametrize("grouping", ["neuron", "layer"])
def test_weights_alone_are_taken_in_their_order(grouping: str) -> None:
    assert listed(groups_of(7, 3, grouping, 0)) == [[[0, 1, 2], [3, 4, 5]], [[6]]]


def test_a_random_grouping_goes_by_its_seed() -> None:
    first, again, other = (listed(groups_of(30, 4, "random", seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert first != listed(groups_of(30, 4, "neuron", 0))


def test_given_registers_are_kept_with_the_order_of_their_weights() -> None:
    given_registers = ((4, 0), (3,), (2, 1), (5,))
    assert listed(groups_of(6, 4, given_registers, 0)) == [[[4, 0], [2, 1]], [[3], [5]]]


@pytest.mark.parametrize(
    ("grouping", "message"),
    [
        ("neurons", "grouping = 'neurons': give neuron, layer, random, or the positions of each register"),
        ([[0, 1], [2]], "give neuron, layer, random, or a tuple of tuples of positions"),
        (((0, 1), 2), "a tuple of tuples"),
        (((0, 1),), "names weight 2 nowhere: name each of 0 to 2 once"),
        (((0, 1), (1, 2)), "names weight 1 more than once"),
        (((0, 1, 2, 3),), "position=3 must be a whole number from 0 to 2"),
        (((0, -1, 1, 2),), "position=-1 must be"),
        (((0, 1.0, 2),), "position=1.0 must be"),
        (((0, True, 2),), "position=True must be"),
        (((0, "1", 2),), "position='1' must be"),
        (((0, 1, 2), ()), "a register of 0 weights: give each 1 to 10"),
        ((), "names weight 0 nowhere"),
    ],
)
def test_a_faulty_grouping_is_named(grouping: Any, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        groups_of(3, 2, grouping, 0)
    assert "\n" not in str(caught.value)


def test_a_given_register_must_not_be_too_large() -> None:
    with pytest.raises(UserError, match="a register of 11 weights: give each 1 to 10"):
        groups_of(12, 4, (tuple(range(11)), (11,)), 0)
