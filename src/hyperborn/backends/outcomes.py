"""What a point's shots say of its distribution, mitigated or not."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits
from hyperborn.backends.batch import Counts


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Distinct rows of bits, weight 0 first, their weights (not negative, adding up to 1) and the shots behind them."""

    bits: Bits
    weights: Float[np.ndarray, " networks"]
    shots: int

    @classmethod
    def of(cls, counts: Counts) -> "Outcomes":
        """Counts as relative frequencies."""
        return cls(counts.bits, counts.counts / counts.shots, counts.shots)
