"""The tasks, networks of an even number of weights, and the posteriors that are fitted to them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import hyperborn as hb
from hyperborn.circuits import AllPairs, ChosenPairs, ProductState
from hyperborn.posteriors import Posterior


@dataclass(frozen=True)
class Task:
    """A data set (arguments of `hb.data.load`) and what makes its network besides the number of features."""

    name: str
    data: dict[str, Any]
    network: dict[str, Any]

    def load(self, seed: int) -> tuple[hb.networks.BinaryMLP, hb.data.Dataset]:
        data = hb.data.load(**self.data, seed=seed)
        return hb.networks.BinaryMLP(data.n_features, **self.network), data


TASKS = (
    Task("moons, 60", {"name": "moons", "size": 100}, {"hidden": (3,), "output_scales": (1.0, 4.0)}),
    Task("wine, 78", {"name": "wine", "classes": (0, 1)}, {"hidden": ()}),
    Task("breast cancer, 341", {"name": "breast_cancer", "components": 11}, {"hidden": ()}),
)
"""Of 14, 14 and 12 weights; the number in a name counts training examples."""

FAMILIES: dict[str, Callable[[int], Posterior]] = {
    "product state": lambda n: hb.Register(ProductState(n)),
    "AllPairs, depth 4": lambda n: hb.Register(AllPairs(n, 4)),
    "MultiBasis, no pairs": lambda n: hb.MultiBasis(ChosenPairs(n // 2, (), 1)),
    "MultiBasis, AllPairs, depth 4": lambda n: hb.MultiBasis(AllPairs(n // 2, 4)),
    "MultiBasis, AllPairs, depth 16": lambda n: hb.MultiBasis(AllPairs(n // 2, 16)),
}

OBJECTIVES = (hb.ELBO(), hb.MLE())
SEEDS = (0, 1, 2)
