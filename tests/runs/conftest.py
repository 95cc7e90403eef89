"""One tiny run for all tests of run folders, so that its programs are compiled once and then found in the cache."""

from collections.abc import Callable
from typing import Any

import pytest

import hyperborn as hb
from hyperborn.data import Dataset
from hyperborn.training.definition import Definition

Define = Callable[..., Definition]


@pytest.fixture(scope="session")
def data() -> Dataset:
    return hb.data.load("moons", size=40)


@pytest.fixture(scope="session")
def define() -> Define:
    """A definition on 9 bits; keywords replace its parts."""

    def definition(**parts: Any) -> Definition:
        network = hb.networks.BinaryMLP(2, hidden=(2,))
        posterior = hb.Register(hb.circuits.Brickwork(network.n_weights, depth=2))
        training = {"steps": 300, "restarts": 4, "spread": 0.1, "optimizer": hb.Adam(0.1)}
        aim = {"objective": hb.ELBO(), "estimator": hb.Exact()}
        plain = {"plateau": None, "annealing": None}
        return Definition(**({"network": network, "posterior": posterior} | training | aim | plain | parts))

    return definition
