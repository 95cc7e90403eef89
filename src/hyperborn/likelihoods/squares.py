"""Numbers as labels, and sums of squared errors of all pairs of codes in one product of matrices.

Σ_i (a_i + b_i)² = |a|² + 2 a·b + |b|², where a is the left code's output minus the label and b the right code's output.
"""

import numpy as np
from jaxtyping import Float

from hyperborn.arguments import type_and_shape
from hyperborn.errors import UserError

LEAST_SHARE = 1e-5
"""Sums below this share of |a|² + |b|² have lost digits to cancellation, and are computed again pair by pair."""
PAIRS_AT_ONCE = 2**16
"""Numbers in the temporary table of pairs that are computed again."""


def check_numbers(y: object, examples: int, owner: str) -> None:
    """Check labels that are numbers: an array (examples,) of finite floats.

    Raises:
        UserError: for anything else.
    """
    if not isinstance(y, np.ndarray) or y.ndim != 1 or y.dtype.kind != "f":
        raise UserError(
            f"labels = {type_and_shape(y)}: {owner} of a regression takes an array of floats, one an example"
        )
    if len(y) != examples:
        raise UserError(f"{examples} examples with {len(y)} labels; give one label an example")
    if not np.isfinite(y).all():
        raise UserError(f"label {int(np.argmin(np.isfinite(y)))} is NaN or infinite; remove or correct that example")


def pair_squares(
    left: Float[np.ndarray, "left examples"], right: Float[np.ndarray, "right examples"]
) -> Float[np.ndarray, "left right"]:
    """Σ_i (left_i + right_i)² of every pair of rows, to 1e-10 of itself."""
    own = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)
    total = 2 * (left @ right.T) + own
    rows, columns = np.nonzero(total < LEAST_SHARE * own)
    step = max(1, PAIRS_AT_ONCE // max(1, left.shape[1]))
    for first in range(0, len(rows), step):
        part = slice(first, first + step)
        total[rows[part], columns[part]] = ((left[rows[part]] + right[columns[part]]) ** 2).sum(axis=1)
    return total
