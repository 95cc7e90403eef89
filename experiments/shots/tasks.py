"""The data sets, the network that is learnt on each, and what is known exactly of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

import hyperborn as hb
from hyperborn.circuits import AllPairs, ChosenPairs, Circuit
from hyperborn.circuits.pairs import line_pairs
from hyperborn.training.exact import ExactProblem

SPREAD = 0.1
"""Deviation of the first angles: with the default of 0.02, runs of so few steps stay at the saddle they start from."""


@dataclass(frozen=True)
class Task:
    """A data set (arguments of `hb.data.load`) and a network of few weights on it; splits are the same in all runs."""

    name: str
    hidden: tuple[int, ...]
    bias: bool
    arguments: Mapping[str, Any] = field(hash=False)

    @cached_property
    def data(self) -> hb.data.Dataset:
        return hb.data.load(**self.arguments)

    @cached_property
    def network(self) -> hb.networks.BinaryMLP:
        return hb.networks.BinaryMLP(self.data.n_features, self.hidden, self.data.n_classes, bias=self.bias)

    @cached_property
    def exact(self) -> hb.ExactPosterior:
        """The exact posterior, with the energies of all networks."""
        return hb.ExactPosterior(hb.energies(self.network, self.data.train))

    def circuit(self, pairs: str = "all") -> Circuit:
        """One layer of phases, of all pairs of qubits or of neighbours on a line."""
        n = self.network.n_weights
        return AllPairs(n, 1) if pairs == "all" else ChosenPairs(n, line_pairs(n), 1)


MOONS = {"name": "moons", "size": 500, "noise": 0.25, "validation": 0.28, "test": 0.6}
CANCER = {"name": "breast_cancer", "components": 11, "validation": 0.1, "test": 0.7}
IRIS = {"name": "iris", "classes": (1, 2), "validation": 0.1, "test": 0.4}

MAIN = (
    Task("moons", (2,), True, MOONS),
    Task("iris", (2,), True, IRIS | {"components": 3}),
    Task("breast cancer", (), True, CANCER),
)
"""9, 11 and 12 weights."""

FEW = Task("iris, 5 weights", (), True, IRIS)
WIDE = Task("moons, 61 weights", (15,), True, MOONS)


def task_named(name: str) -> Task:
    return next(task for task in (*MAIN, FEW, WIDE) if task.name == name)


def exactly(task: Task, result: hb.Result) -> dict[str, float]:
    """What the noise-free circuit is at the trained angles: gap, expected energy and loss (nats)."""
    q = result.probabilities
    return {
        "gap": task.exact.compared(q)["elbo_gap"],
        "energy": float(q @ task.exact.energies),
        "loss": ExactProblem(result.definition, task.exact).loss(q),
    }


def tested(result: hb.Result) -> dict[str, float]:
    """Scores on the test split, not recalibrated: what the shots of the result predict, or all networks."""
    return result.metrics("test", calibrated=False)


def seconds_of(result: hb.Result) -> float:
    return float(np.sum(list(result.seconds.values())))
