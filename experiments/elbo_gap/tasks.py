"""The tasks: data sets of several sizes, and networks of 13 to 18 weights."""

from dataclasses import dataclass
from typing import Any

import hyperborn as hb


@dataclass(frozen=True)
class Task:
    """A data set (arguments of `hb.data.load`) and the hidden layers of the network."""

    name: str
    data: dict[str, Any]
    hidden: tuple[int, ...]

    def load(self) -> tuple[hb.networks.BinaryMLP, hb.data.Dataset]:
        data = hb.data.load(**self.data)
        return hb.networks.BinaryMLP(n_features=data.n_features, hidden=self.hidden), data


TASKS = (
    Task("moons, 20", {"name": "moons", "size": 32}, (3,)),
    Task("moons, 300", {"name": "moons", "size": 500}, (3,)),
    Task("circles, 60", {"name": "circles", "size": 100}, (3,)),
    Task("xor, 38", {"name": "xor", "size": 64}, (3,)),
    Task("Gaussians, 120", {"name": "gaussian", "size": 200}, (3,)),
    Task("iris, 60", {"name": "iris", "classes": (1, 2)}, (2,)),
    Task("wine, 78", {"name": "wine", "classes": (0, 1), "components": 4}, (2,)),
    Task("Gaussians, 120, 17 bits", {"name": "gaussian", "size": 200}, (4,)),
    Task("digits 3/8, 17 bits", {"name": "digits", "classes": (3, 8), "pixels": 4}, ()),
    Task("breast cancer, 18 bits", {"name": "breast_cancer", "components": 17}, ()),
)
"""The number in a name counts training examples."""
