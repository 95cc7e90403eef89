"""What a point's shots say of its distribution, mitigated or not."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits
from hyperborn.backends.batch import Counts
from hyperborn.errors import UserError


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


def most_frequent(outcomes: Outcomes, k: int) -> Bits:
    """Bits of the k networks with the largest shares.

    Raises:
        UserError: if not so many came out.
    """
    if not 1 <= k <= len(outcomes.bits):
        raise UserError(f"k={k} must be from 1 to {len(outcomes.bits)}, the number of networks that came out")
    return outcomes.bits[np.argsort(-outcomes.weights, kind="stable")[:k]]


def arrays_of(outcomes: Outcomes) -> dict[str, np.ndarray]:
    """Outcomes as named arrays."""
    return {
        "bits": np.packbits(outcomes.bits, axis=1),
        "weights": outcomes.weights,
        "shots": np.array(outcomes.shots),
    }


def outcomes_of(arrays: Mapping[str, np.ndarray], n: int) -> Outcomes:
    """The outcomes that `arrays_of` named, of networks of n weights.

    Raises:
        ValueError: if the arrays are not those of outcomes.
    """
    packed, weights = arrays["bits"], arrays["weights"]
    if packed.ndim != 2 or packed.shape != (len(weights), -(-n // 8)):
        raise ValueError(f"its outcomes are of shape {packed.shape}")
    return Outcomes(np.unpackbits(packed, axis=1, count=n), weights, int(arrays["shots"]))
