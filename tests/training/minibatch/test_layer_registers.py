from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.networks import BinaryMLP
from hyperborn.posteriors import Registers
from hyperborn.training.minibatch.local_reparameterization import LayerRegisters as Part
from hyperborn.training.minibatch.local_reparameterization import registers_by_layer

ARGUMENTS = st.fixed_dictionaries(
    {
        "n_features": st.integers(1, 9),
        "hidden": st.lists(st.integers(1, 9), max_size=3),
        "n_classes": st.integers(2, 4),
        "bias": st.booleans(),
    }
)


@given(ARGUMENTS, st.integers(1, 10))
def test_shares_lead_from_every_input_of_every_unit_to_its_weight(arguments: dict[str, Any], size: int) -> None:
    net = BinaryMLP(**arguments)
    posterior = Registers(net, size)
    layers = registers_by_layer(posterior, net)
    assert len(layers) == len(net.widths)
    positions = net.unpack(np.arange(net.n_weights))
    for number, shares in enumerate(layers, start=1):
        weights = positions[f"W{number}"]
        if net.bias:
            weights = np.concatenate([weights, positions[f"b{number}"][None]])
        found = np.full_like(weights, -1)
        for share in shares:
            places = posterior.groups[share.group].places[share.registers]
            assert share.size == posterior.groups[share.group].size
            found[share.inputs] = places.reshape(share.units, -1).T
        np.testing.assert_array_equal(found, weights)


@pytest.mark.parametrize("n_features", [2, 5])
def test_a_layer_takes_full_registers_and_then_the_rest(n_features: int) -> None:
    """Neurons of 3 and of 6 weights: groups of 4, 3 and 2, of which a neuron of 3 takes no part of the last."""
    net = BinaryMLP(n_features, (5,)) if n_features == 2 else BinaryMLP(5, (2,))
    first, second = registers_by_layer(Registers(net, 4), net)
    if n_features == 2:
        assert first == (Part(1, slice(0, 5), slice(0, 3), 5, 1),)
        assert second == (
            Part(0, slice(0, 1), slice(0, 4), 1, 1),
            Part(2, slice(0, 1), slice(4, 6), 1, 1),
        )
    else:
        assert first == (
            Part(0, slice(0, 2), slice(0, 4), 2, 1),
            Part(2, slice(0, 2), slice(4, 6), 2, 1),
        )
        assert second == (Part(1, slice(0, 1), slice(0, 3), 1, 1),)
