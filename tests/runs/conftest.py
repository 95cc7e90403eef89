"""One tiny run for all tests of run folders, so that its programs are compiled once and then found in the cache."""

from collections.abc import Callable

import pytest

from hyperborn.data import Dataset
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
