"""What shots say of a distribution."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits
from hyperborn.backends.batch import Counts


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Distinct rows of bits with their shares, which sum to 1, and the number of shots that these came from."""

    bits: Bits
    weights: Float[np.ndarray, " networks"]
    shots: int

    @classmethod
    def of(cls, counts: Counts) -> "Outcomes":
        """The shares of plain counts."""
        return cls(counts.bits, counts.counts / counts.shots, counts.shots)
