"""One tiny problem for all tests of training, so that its programs are compiled once and then found in the cache."""

from collections.abc import Callable, Iterator
from typing import Any

import jaxtyping
import pytest

import hyperborn as hb
from hyperborn.data import Dataset
from hyperborn.posteriors import ExactPosterior
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


@pytest.fixture(scope="session")
def exact(data: Dataset, define: Define) -> ExactPosterior:
    """The exact posterior of the definitions' network and prior."""
    return ExactPosterior(hb.energies(define().network, data.train))


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Types of calls are not checked, as where no tests run: what is refused is refused by the code itself."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
