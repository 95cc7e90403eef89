"""The prior of the real numbers that a network may learn beside its bits."""

from dataclasses import dataclass
from typing import final

import jax
import numpy as np
from jaxtyping import Array, Float


@final
@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class SidePrior:
    """Independent normal distributions of a network's m side parameters, by their means and precisions (1 / variance).

    A pytree of arrays: programs that have compiled with one serve all others of as many side parameters.
    """

    mean: Float[np.ndarray | Array, " m"]
    precision: Float[np.ndarray | Array, " m"]

    @classmethod
    def standard(cls, n_side: int) -> "SidePrior":
        """Standard normal distributions."""
        return cls(np.zeros(n_side, np.float32), np.ones(n_side, np.float32))

    def penalty(self, side: Float[np.ndarray | Array, " m"]) -> Float[np.ndarray | Array, ""] | float:
        """Minus the log density (nats) without its constant."""
        return 0.5 * (self.precision * (side - self.mean) ** 2).sum()
