"""Small tasks, and their energies by plain NumPy."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import hyperborn as hb
import oracle
from hyperborn.data import Dataset
from hyperborn.data.dataset import Split

Task = tuple[hb.networks.BinaryMLP, Dataset]
Tasks = Callable[..., Task]
Plain = Callable[[hb.networks.BinaryMLP, Dataset], np.ndarray]


def shortened(data: Dataset, examples: int) -> Dataset:
    """The data with so many training examples, in random order: some sets are sorted by class."""
    rows = np.random.default_rng(0).permutation(len(data.train))[:examples]
    return replace(data, train=Split(data.train.x[rows], data.train.y[rows]))


@pytest.fixture
def task() -> Tasks:
    """A network with its data: 9 weights on two features, by default."""

    def make(
        name: str = "moons", *, seed: int = 0, examples: int = 30, hidden: tuple[int, ...] = (2,), **settings: object
    ) -> Task:
        data = shortened(hb.data.load(name, seed=seed), examples)
        return hb.networks.BinaryMLP(data.n_features, hidden, data.n_classes, **settings), data

    return make


@pytest.fixture
def plain_energies() -> Plain:
    """Energies (nats) of all networks, one by one."""

    def compute(net: hb.networks.BinaryMLP, data: Dataset) -> np.ndarray:
        return np.array(
            [
                oracle.nll(
                    oracle.mlp_logits(bits, data.train.x, net.hidden, net.n_outputs, values=net.values), data.train.y
                )
                for bits in oracle.all_bits(net.n_weights)
            ]
        )

    return compute
