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
