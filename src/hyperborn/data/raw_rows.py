"""Rows that were not preprocessed, told from features: both are arrays of numbers, and only one is predicted right.

What tells them is the range of each training feature. Rows are taken for raw ones where, as they are, they lie far
outside of these ranges, and would lie inside once they are preprocessed. Either alone is no proof: features of new
data may lie outside, and rows with means near 0 and scales near 1 are in range both ways (and then hardly differ).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float

from hyperborn._typing import Examples
from hyperborn.data.dataset import SPLITS, Dataset
from hyperborn.errors import UserError

NEAR = 0.5
"""A value within so many training ranges of the range counts as inside."""
FAR, FARTHEST = 5.0, 20.0
"""A few rows count as outside where each has a value so many training ranges beyond one of them, which long tails
sometimes have: two such values altogether, or one that is farthest. (Of 20,000 new rows of five lognormal features,
whose logarithms have a deviation of 2, two were taken for raw ones.)"""
MANY = 10
"""Rows from which on it is enough that most of them are not inside."""
AT_ONCE = 4096
"""Rows looked at together."""
MOST = 0.9
"""Rows that are to lie inside once they are preprocessed: new raw rows may have outliers, too."""


@dataclass(frozen=True, eq=False)
class FeatureRanges:
    """Ranges of the features in the training split of a data set. Features that are constant there tell nothing."""

    data: Dataset

    @cached_property
    def bounds(self) -> tuple[Float[np.ndarray, " features"], Float[np.ndarray, " features"]]:
        return self.data.train.x.min(axis=0), self.data.train.x.max(axis=0)

    def excess(self, x: Examples) -> Float[np.ndarray, "examples told"]:
        """How far each value lies beyond the range, in units of the range; negative inside of it."""
        low, high = self.bounds
        told = high > low
        middle, width = 0.5 * (low + high)[told], (high - low)[told]
        with np.errstate(over="ignore"):
            return np.abs(x[:, told] - middle) / width - 0.5

    def is_near(self, x: Examples) -> Bool[np.ndarray, " examples"]:
        """Whether all values of a row lie inside, or near enough."""
        blocks = (x[start : start + AT_ONCE] for start in range(0, len(x), AT_ONCE))
        return np.concatenate([(self.excess(rows) <= NEAR).all(axis=1) for rows in blocks])

    def check(self, x: Examples) -> None:
        """Raise a UserError for raw rows in place of features; of a size that fits, and finite.

        Rows that the data set itself has are never taken for raw ones.
        """
        if self.looks_raw(x):
            raise UserError(
                "x looks like raw rows, far outside of the features trained on until it is preprocessed; give raw rows "
                "to predict_table or predictions_of_table, or here as a data frame"
            )

    def looks_raw(self, x: Examples) -> bool:
        """Whether rows are far from the training features as they are, and near them once they are preprocessed."""
        preprocessing = self.data.preprocessing
        if not len(x) or x.shape[1] != len(preprocessing.raw_features):
            return False
        # Asked first, these spare the rest to nearly all that are features.
        if self.is_near(np.stack([x.min(axis=0), x.max(axis=0)])).all() or not self.is_outside(x):
            return False
        with np.errstate(over="ignore", invalid="ignore"):
            preprocessed = preprocessing.apply(x)
        return bool(self.is_near(preprocessed).mean() >= MOST) and not self.contains(x)

    def is_outside(self, x: Examples) -> bool:
        if len(x) >= MANY:
            return bool(self.is_near(x).mean() < 0.5)
        excess = self.excess(x)
        far = excess > FAR
        return bool(far.any(axis=1).all() and (far.sum() > 1 or excess.max(initial=0.0) > FARTHEST))

    def contains(self, x: Examples) -> bool:
        """Whether every row is one of the data set's, to the last bit."""
        known = np.concatenate([self.data.split(name).x for name in SPLITS])
        return bool(np.isin(row_bytes(x), row_bytes(known)).all())


def row_bytes(x: Examples) -> np.ndarray:
    """The bytes of each row as one value."""
    rows = np.ascontiguousarray(x, dtype=np.float64)
    return rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel()
