"""The posterior that serves where none is chosen."""

import pytest

import hyperborn as hb
from hyperborn.networks import BinaryMLP
from hyperborn.posteriors.default import COMFORTABLE_WEIGHTS, fits_one_register


@pytest.mark.parametrize(("n_weights", "depth"), [(3, 4), (10, 4), (11, 8), (18, 8)])
def test_few_weights_are_one_register(n_weights: int, depth: int) -> None:
    network = BinaryMLP(n_weights, hidden=(), bias=False)
    assert hb.default_posterior(network) == hb.Register(hb.circuits.AllPairs(n_weights, depth))


def test_more_weights_are_registers_of_the_network() -> None:
    network = BinaryMLP(COMFORTABLE_WEIGHTS + 1, hidden=(), bias=False)
    assert not fits_one_register(network)
    assert hb.default_posterior(network) == hb.Registers(network)


def test_side_parameters_need_registers_however_few_the_weights() -> None:
    network = BinaryMLP(3, hidden=(), bias=False, scale="learned")
    assert hb.default_posterior(network) == hb.Registers(network)
