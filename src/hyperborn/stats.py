"""Numbers that carry their error."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Estimate:
    """A mean of n independent values and its standard error; the error of a single value is unknown (None)."""

    mean: float
    standard_error: float | None
    n: int

    @classmethod
    def of(cls, values: Float[np.ndarray, " n"]) -> "Estimate":
        """The estimate from values of shape (n,), n at least 1."""
        n = len(values)
        error = float(np.std(values, ddof=1) / np.sqrt(n)) if n > 1 else None
        return cls(float(np.mean(values)), error, n)


def jackknife_error(values: Float[np.ndarray, " groups"]) -> float:
    """The standard error of a statistic of all data, from its values (at least 2) without each group of the data.

    The delete-a-group jackknife (Shao and Tu, "The Jackknife and Bootstrap", 1995, chapter 2): the groups are equally
    large, and drawn at random.
    """
    groups = len(values)
    return float(np.sqrt((groups - 1) / groups * ((values - values.mean()) ** 2).sum()))
