"""What callers take for features: arrays of them, or raw rows with names, which become features here."""

from collections.abc import Mapping
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike

from hyperborn._typing import Examples
from hyperborn.data.columns import LARGEST_NUMBER
from hyperborn.data.frames import has_named_columns
from hyperborn.data.raw_rows import FeatureRanges
from hyperborn.data.tables import Table, real_numbers
from hyperborn.data.user_files import raw_table
from hyperborn.errors import UserError
from hyperborn.networks import Network

Rows: TypeAlias = Table | Mapping[str, ArrayLike] | ArrayLike
"""A table or data frame, or an array."""


def features_of(network: Network, x: Rows, ranges: FeatureRanges) -> Examples:
    """Features from a table or data frame of raw rows, or from an array of features, float64.

    `ranges` are those of the data that the network was trained on.

    Raises:
        UserError: if columns of a table do not fit, or an array is none of features that fit the network.
    """
    if isinstance(x, Table) or has_named_columns(x):
        preprocessing = ranges.data.preprocessing
        return array_of_features(network, preprocessing.transform(raw_table(x, preprocessing)))
    features = array_of_features(network, cast(ArrayLike, x))
    ranges.check(features)
    return features


def array_of_features(network: Network, x: ArrayLike) -> Examples:
    """Whatever a caller takes for features as a float64 table that fits the network.

    Raises:
        UserError: if x is no table of finite numbers with as many columns as the network has features.
    """
    remedy = f"give numbers of shape (examples, {network.n_features}), as data.test.x holds them, or raw rows to "
    remedy += "predict_table"
    try:
        table = real_numbers(x)
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(f"x is no table of numbers ({error}); {remedy}") from error
    if table.ndim != 2:
        raise UserError(f"x has shape {table.shape}; {remedy}")
    network.check_features(table)
    large = np.argwhere(np.abs(table) > LARGEST_NUMBER)
    if len(large):
        row, column = large[0]
        raise UserError(
            f"x[{row}, {column}] = {table[row, column]:.6g}: give numbers up to {LARGEST_NUMBER:g} either way"
        )
    return table
