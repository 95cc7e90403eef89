"""One tiny problem for all tests of training, so that its programs are compiled once and then found in the cache."""

from collections.abc import Callable, Iterator

import jaxtyping
import pytest

import hyperborn as hb
from hyperborn.data import Dataset
from hyperborn.posteriors import ExactPosterior
from hyperborn.training.definition import Definition
from tiny_run import tiny_data, tiny_definition

Define = Callable[..., Definition]


@pytest.fixture(scope="session")
def data() -> Dataset:
    return tiny_data()


@pytest.fixture(scope="session")
def define() -> Define:
    """Makes a definition on 9 bits; keywords replace its parts."""
    return tiny_definition


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
