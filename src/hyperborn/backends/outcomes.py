"""The distribution that the shots of a point show, mitigated or not."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits
from hyperborn.backends.batch import Counts
from hyperborn.bits import distinct_rows
from hyperborn.errors import whole_number

STORED_SUM_TOLERANCE = 1e-6
"""By how much the sum of stored weights may differ from 1."""


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
    """Bits of the k networks with the largest weights.

    Raises:
        UserError: if k is not a whole number, or there are fewer networks.
    """
    whole_number("k", k, 1, len(outcomes.bits), why=", the number of observed networks")
    return outcomes.bits[np.argsort(-outcomes.weights, kind="stable")[:k]]


def outcome_arrays(outcomes: Outcomes) -> dict[str, np.ndarray]:
    """Outcomes as named arrays."""
    return {
        "bits": np.packbits(outcomes.bits, axis=1),
        "weights": outcomes.weights,
        "shots": np.array(outcomes.shots),
    }


def outcomes_of(arrays: Mapping[str, np.ndarray], n: int) -> Outcomes:
    """The outcomes in the arrays of `outcome_arrays`, for networks of n weights.

    Raises:
        ValueError: if the arrays are not those of outcomes.
    """
    packed, weights, shots = arrays["bits"], arrays["weights"], arrays["shots"]
    if packed.dtype != np.uint8 or weights.ndim != 1 or packed.shape != (len(weights), -(-n // 8)):
        raise ValueError(f"its outcomes are of shape {packed.shape}, their weights of shape {weights.shape}")
    if weights.dtype.kind != "f" or not (weights >= 0).all() or abs(weights.sum() - 1) > STORED_SUM_TOLERANCE:
        raise ValueError("the weights of its outcomes are negative or do not add up to 1")
    if shots.ndim or shots.dtype.kind not in "ui" or shots < 1:
        raise ValueError(f"its outcomes are of {shots} shots")
    bits = np.unpackbits(packed, axis=1, count=n)
    if len(distinct_rows(bits).rows) < len(bits):
        raise ValueError("one of its outcomes occurs twice")
    return Outcomes(bits, weights, int(shots))
