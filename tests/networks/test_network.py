from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.networks import BinaryMLP
from hyperborn.networks.network import memory_blocks

ARGUMENTS = st.fixed_dictionaries(
    {
        "n_features": st.integers(1, 4),
        "hidden": st.lists(st.integers(1, 4), max_size=3),
        "n_classes": st.integers(2, 4),
        "bias": st.booleans(),
        "output_scales": st.sampled_from([(1.0,), (1, 2, 4, 8)]),
    }
)


@given(ARGUMENTS)
def test_neurons_and_layers_name_every_weight_once(arguments: dict[str, Any]) -> None:
    net = BinaryMLP(**arguments)
    for parts in (net.neurons, net.layers):
        assert sorted(np.concatenate(parts).tolist()) == list(range(net.n_weights))


def test_a_neuron_is_its_column_and_its_bias() -> None:
    net = BinaryMLP(2, (3,))
    assert [neuron.tolist() for neuron in net.neurons] == [[0, 3, 6], [1, 4, 7], [2, 5, 8], [9, 10, 11, 12]]
    assert [layer.tolist() for layer in net.layers] == [list(range(9)), [9, 10, 11, 12]]
    assert [neuron.tolist() for neuron in BinaryMLP(2, (2,), bias=False).neurons] == [[0, 2], [1, 3], [4, 5]]


def test_bits_of_the_scale_are_neurons_and_a_layer_of_their_own() -> None:
    net = BinaryMLP(1, (), output_scales=(1, 2, 4, 8))
    assert [neuron.tolist() for neuron in net.neurons] == [[0, 1], [2], [3]]
    assert [layer.tolist() for layer in net.layers] == [[0, 1], [2, 3]]


@given(ARGUMENTS, st.integers(0, 2**32 - 1))
def test_only_its_own_weights_change_a_neuron(arguments: dict[str, Any], seed: int) -> None:
    """In a network without hidden layers, each output is a sum over one neuron's weights."""
    net = BinaryMLP(**arguments | {"hidden": (), "output_scales": (1.0,)})
    random = np.random.default_rng(seed)
    weights, x = random.choice([-1.0, 1.0], net.n_weights), random.normal(size=(3, net.n_features))
    assert len(net.neurons) == net.n_outputs
    for output, neuron in enumerate(net.neurons):
        changed = weights.copy()
        changed[neuron] *= -1
        difference = net.forward(changed, x) - net.forward(weights, x)
        np.testing.assert_array_equal(np.delete(difference, output, axis=1), 0)
        np.testing.assert_allclose(difference[:, output], -2 * net.forward(weights, x)[:, output], rtol=1e-9, atol=1e-9)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 20_000))
def test_blocks_cover_every_pair_once_within_the_memory(networks: int, examples: int, memory: int) -> None:
    net = BinaryMLP(4, (3,))
    seen = np.zeros((networks, examples), dtype=int)
    for rows, columns in memory_blocks(net, networks, examples, memory=memory, beside=5):
        seen[rows, columns] += 1
        height, width = rows.stop - rows.start, columns.stop - columns.start
        floats = height * width * (net.working_floats + 5) + height * net.n_weights
        assert 8 * floats <= memory or (height == 1 and (width == 1 or 8 * width * (net.working_floats + 5) <= memory))
    assert (seen == 1).all()
