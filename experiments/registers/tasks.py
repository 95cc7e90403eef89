"""The data sets, and the network that every method learns on each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hyperborn as hb

MNIST = Path(__file__).parents[3] / "shared" / "reference" / "mnist"
"""Where MNIST's files lie, unless a folder is named."""


MANY = 8
"""Features from which hidden layers are normalised."""


@dataclass(frozen=True)
class Task:
    """A data set (arguments of `hb.data.load`), hidden layers, epochs and seeds of splits and starts."""

    name: str
    hidden: tuple[int, ...]
    seeds: int
    steps: int
    tuning_steps: int
    """Steps of the fits that a setting is chosen by, on the first seed's validation split."""
    data: Mapping[str, Any] = field(default_factory=dict)

    def load(self, seed: int) -> tuple[hb.networks.BinaryMLP, hb.data.Dataset]:
        data = hb.data.load(**{"name": self.name, **self.data}, seed=seed)
        network = hb.networks.BinaryMLP(
            data.n_features,
            self.hidden,
            data.n_classes,
            bias=False,
            scale="learned",
            # Over two features the deviation of a layer is the length of the example, which must not be lost.
            normalization="layer" if data.n_features >= MANY else "none",
        )
        return network, data


def tasks(mnist: Path = MNIST) -> tuple[Task, ...]:
    """All tasks; that of MNIST needs its files."""
    return (
        Task("moons", (64, 64), 5, 1000, 1000),
        Task("wine", (64, 64), 5, 1000, 1000),
        Task("breast_cancer", (64, 64), 5, 1000, 1000),
        Task("digits", (64, 64), 5, 1500, 1500),
        Task("mnist", (128,), 1, 4000, 800, {"folder": mnist, "standardize": False}),
    )
