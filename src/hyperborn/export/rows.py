"""Raw rows of numbers, as an exported network takes them: a number a column, of a categorical column an index.

Index k of a categorical column with K categories is category k, index K any other category, index K + 1 no value. A
number that is missing is NaN.
"""

from itertools import pairwise

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Examples
from hyperborn.data.columns import Column
from hyperborn.data.preprocessing import Preprocessing
from hyperborn.errors import UserError

LARGEST_RAW = 1e18
"""Largest size of a raw number that exports take: of larger ones, sums in float32 would be infinite."""

Rows = Float[np.ndarray, "rows columns"]


def check_columns(preprocessing: Preprocessing) -> None:
    """Raise a UserError for a column whose cells are no numbers and no categories."""
    dates = [column.name for column in preprocessing.columns if column.parts is not None]
    if dates:
        raise UserError(
            f"column {dates[0]!r} is a date, which a row of numbers cannot hold; train without it (drop, --drop), or "
            "on a column of numbers made of it, such as the days since a day"
        )


def takes_missing(column: Column, preprocessing: Preprocessing) -> bool:
    """Whether a row may have no value in this column."""
    if column.categories is None:
        return preprocessing.medians is not None
    return column.missing or not preprocessing.strict


def takes_others(column: Column, preprocessing: Preprocessing) -> bool:
    """Whether a row may have another category than those that are known."""
    return column.rare or not preprocessing.strict


def places_of(preprocessing: Preprocessing) -> list[slice]:
    """Where the features of each column lie in the raw matrix."""
    ends = np.cumsum([0, *(len(column.features) for column in preprocessing.columns)])
    return [slice(int(first), int(last)) for first, last in pairwise(ends)]


def features_of_rows(preprocessing: Preprocessing, rows: Rows) -> Examples:
    """Preprocessed features of raw rows, (examples, features).

    Raises:
        UserError: for a row that cannot be predicted; it names the row, from 0 on, and the column.
    """
    blocks: list[np.ndarray] = []
    for place, column in enumerate(preprocessing.columns):
        own = rows[:, place]
        refused = refused_rows(own, column, preprocessing)
        if refused.any():
            row = int(np.flatnonzero(refused)[0])
            raise UserError(f"row {row}, column {column.name!r}: {own[row]:g} is no value of it")
        if column.categories is None:
            blocks.append(own[:, None])
            absent = np.isnan(own)
        else:
            count = len(column.categories)
            absent = own == count + 1
            listed = count + column.rare
            codes = np.where(absent, -1 if column.missing else count, own).astype(np.int64)
            blocks.append((codes[:, None] == np.arange(listed)).astype(np.float64))
        if column.missing:
            blocks.append(absent[:, None].astype(np.float64))
    return preprocessing.apply(np.concatenate(blocks, axis=1))


def refused_rows(own: Float[np.ndarray, " examples"], column: Column, preprocessing: Preprocessing) -> np.ndarray:
    """Which cells of a column are no values of it."""
    if column.categories is None:
        return (np.abs(own) > LARGEST_RAW) | (np.isnan(own) & (not takes_missing(column, preprocessing)))
    count = len(column.categories)
    allowed = [*range(count)]
    allowed += [count] * takes_others(column, preprocessing) + [count + 1] * takes_missing(column, preprocessing)
    return ~np.isin(own, allowed)


def rows_of_features(preprocessing: Preprocessing, x: Examples) -> Rows:
    """Raw rows that become these features, as near as raw rows can: the inverse of `features_of_rows`.

    What an imputed value was before is not known: it stays the median, unless its column says that it was missing.
    """
    raw = x
    if preprocessing.pca_mean is not None and preprocessing.pca_components is not None:
        raw = preprocessing.pca_mean + raw @ preprocessing.pca_components
    if preprocessing.means is not None and preprocessing.scales is not None:
        raw = preprocessing.means + preprocessing.scales * raw
    rows = np.empty((len(x), len(preprocessing.columns)))
    for place, (column, features) in enumerate(zip(preprocessing.columns, places_of(preprocessing), strict=True)):
        own = raw[:, features]
        if column.categories is None:
            missing = column.missing and preprocessing.medians is not None
            rows[:, place] = np.where(missing & (own[:, -1] > 0.5), np.nan, own[:, 0])
        else:
            count = len(column.categories)
            # None of the known ones is a category that was not listed, or one that is missing without a mark.
            found = np.where(own.max(axis=1) > 0.5, own.argmax(axis=1), count)
            marked = column.missing and not column.rare
            absent = found == count if marked else found == own.shape[1] - 1
            rows[:, place] = np.where(column.missing & absent, count + 1, found)
    return rows
