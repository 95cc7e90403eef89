"""What scikit-learn's callers hand over, checked in its own words, as tables, labels and weights of ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Real, UInt64
from pandas.util import hash_array
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    assert_all_finite,
    check_array,
    check_consistent_length,
    column_or_1d,
    validate_data,
)

from hyperborn.data.frames import column_of, has_named_columns, named_columns
from hyperborn.data.tables import MOST_VALUES, Table
from hyperborn.errors import UserError
from hyperborn.training.definition import LARGEST_SEED

MOST_TIMES = 10
"""Whole-number weights repeat rows while these are at most so many times as many; beyond, they are weights."""

SOURCE = "X"
"""What tables of features are called in messages."""


@dataclass(frozen=True)
class FittedColumns:
    """The columns that an estimator was fitted to: their names, and whether a data frame gave them."""

    names: tuple[str, ...]
    named: bool


@dataclass(frozen=True, eq=False)
class Features:
    """The features that an estimator is fitted to.

    Attributes:
        table: their columns.
        names: of all columns, in their order, with those that reading left out.
        named: whether they are a data frame's, whose columns are looked at; those of a matrix are all kept.
    """

    table: Table
    names: tuple[str, ...]
    named: bool


@dataclass(frozen=True, eq=False)
class Examples:
    """Features, labels and weights of as many examples, in an order that depends on nothing but what they hold."""

    table: Table
    y: Real[np.ndarray, " examples"]
    weights: Float[np.ndarray, " examples"] | None


def features_of(estimator: BaseEstimator, x: Any) -> Features:
    """The features that an estimator is fitted to.

    Of data frames every column as it is, of text, numbers or dates; of arrays and sparse matrices columns of numbers,
    in which NaN is a missing value. The estimator keeps `n_features_in_` and `feature_names_in_`.

    Args:
        estimator: that is fitted.
        x: a data frame (pandas, Polars, PyArrow), an array, lists, or a sparse matrix of up to `MOST_VALUES` values
            altogether, zeros included: it is made dense.

    Raises:
        ValueError, TypeError: in scikit-learn's words, for what is no table, or infinite values; a UserError for a
            sparse matrix that is too large, or a column that cannot be read.
    """
    if is_frame(x):
        validate_data(estimator, x, skip_check_array=True)
        table = Table.of(x)
        check_rows(estimator, x)
        return Features(table, tuple(named_columns(x, SOURCE)), True)
    matrix = matrix_of(estimator, x, reset=True)
    columns = {f"x{place + 1}": values for place, values in enumerate(np.ascontiguousarray(matrix.T))}
    return Features(Table(columns, SOURCE), tuple(columns), False)


def columns_of(estimator: BaseEstimator, x: Any, fitted: FittedColumns) -> Any:
    """Features to predict, as a data frame or a mapping with the names of the columns that were fitted.

    Columns are told by their names where both had some, which need not be text; else by their places.

    Raises:
        ValueError, TypeError: in scikit-learn's words, as `features_of`, and for other columns than were fitted.
    """
    if not is_frame(x):
        return dict(zip(fitted.names, np.ascontiguousarray(matrix_of(estimator, x, reset=False).T), strict=True))
    validate_data(estimator, x, reset=False, skip_check_array=True)
    check_rows(estimator, x)
    keys = named_columns(x, SOURCE)
    if fitted.named and set(keys) != set(fitted.names):
        unseen, missing = sorted(set(keys) - set(fitted.names)), sorted(set(fitted.names) - set(keys))
        raise ValueError(
            "The feature names should match those that were passed during fit.\nFeature names unseen at fit time:\n- "
            + "\n- ".join(unseen)
            + "\nFeature names seen at fit time, yet now missing:\n- "
            + "\n- ".join(missing)
        )
    if fitted.named:
        return x
    return {name: column_of(x, key, SOURCE) for name, key in zip(fitted.names, keys.values(), strict=True)}


def matrix_of(estimator: BaseEstimator, x: Any, *, reset: bool) -> Float[np.ndarray, "rows columns"]:
    """Features without names as float64, NaN where one is missing.

    Raises:
        ValueError, TypeError: as `features_of`.
    """
    if sparse.issparse(x) and np.prod(x.shape, dtype=float) > MOST_VALUES:
        rows, columns = x.shape
        raise UserError(
            f"X is sparse, and dense it would have {rows * columns:,} values ({rows:,} x {columns:,}), over the limit "
            f"of {MOST_VALUES:,}; reduce its columns first, with sklearn.decomposition.TruncatedSVD for example"
        )
    numbers: dict[str, Any] = {"accept_sparse": ["csr", "csc"], "dtype": np.float64, "ensure_all_finite": "allow-nan"}
    try:
        given: Any = validate_data(estimator, x, reset=reset, **numbers)
    except ValueError as error:
        if "could not convert string" in str(error):
            raise ValueError(
                f"{error}; text goes in columns of a data frame: give a data frame, or let what is in front give one, "
                'with set_output(transform="pandas")'
            ) from error
        raise
    return given.toarray() if sparse.issparse(given) else given


def is_frame(x: Any) -> bool:
    """Whether this has columns with names: a data frame, not a sparse matrix that is a mapping of places.

    Raises:
        UserError: for one of Polars that is not collected yet.
    """
    if type(x).__name__ == "LazyFrame":
        raise UserError("X is a LazyFrame, whose values are not there yet; give X.collect()")
    return not sparse.issparse(x) and has_named_columns(x)


def check_rows(estimator: BaseEstimator, frame: Any) -> None:
    """Raise scikit-learn's ValueError for a data frame without rows."""
    if not len(frame):
        columns = len(named_columns(frame, SOURCE))
        raise ValueError(
            f"Found array with 0 sample(s) (shape=(0, {columns})) while a minimum of 1 is required by "
            f"{type(estimator).__name__}."
        )


def labels_of(estimator: BaseEstimator, y: Any, rows: int) -> np.ndarray:
    """One label for each of so many rows.

    Raises:
        ValueError: in scikit-learn's words, for no labels, labels of another number or with NaN.
    """
    if y is None:
        raise ValueError(
            f"This {type(estimator).__name__} estimator requires y to be passed, but the target y is None."
        )
    labels = column_or_1d(y, warn=True)
    missing = np.flatnonzero(pd.isna(labels)) if labels.dtype == object else np.zeros(0, np.int64)
    if len(missing):
        raise UserError(f"Input y contains a missing label (NaN) in row {missing[0]}; remove such rows")
    assert_all_finite(labels, input_name="y", estimator_name=type(estimator).__name__)
    check_consistent_length(np.empty(rows), labels)
    return labels


def weights_of(sample_weight: Any, rows: int) -> Float[np.ndarray, " rows"] | None:
    """Weights as float64; None where each example counts once.

    Raises:
        ValueError: for another number of weights, negative or infinite ones, or nothing but zeros.
    """
    if sample_weight is None:
        return None
    given = [sample_weight] * rows if np.isscalar(sample_weight) else sample_weight
    numbers: dict[str, Any] = {"ensure_2d": False, "dtype": np.float64, "input_name": "sample_weight"}
    weights: Any = check_array(given, **numbers)
    if weights.shape != (rows,):
        raise ValueError(f"sample_weight.shape == {weights.shape}, expected {(rows,)}!")
    if (weights < 0).any():
        raise ValueError("Negative values in data passed to `sample_weight`.")
    if not weights.any():
        raise ValueError("The sample weights are all zero; give some example a positive weight")
    return weights


def in_one_order(
    table: Table, y: Real[np.ndarray, " examples"], weights: Float[np.ndarray, " examples"] | None
) -> Examples:
    """The examples that count, in an order of what they hold, whatever order they came in.

    So a fit does not depend on the order of rows, and a row with a whole number as its weight is as good as so many
    rows, to the last bit, as scikit-learn demands (while rows become no more than `MOST_TIMES` as many).
    """
    if weights is not None:
        kept = np.flatnonzero(weights)
        table, y, weights = table.rows(kept), y[kept], weights[kept]
        whole = bool((weights == np.floor(weights)).all())
        if whole and weights.sum() <= MOST_TIMES * len(weights):
            places = np.repeat(np.arange(len(weights)), weights.astype(np.int64))
            table, y, weights = table.rows(places), y[places], None
    order = np.argsort(content_hashes([*table.columns.values(), y, *([] if weights is None else [weights])]))
    return Examples(table.rows(order), y[order], None if weights is None else weights[order])


def content_hashes(columns: Sequence[np.ndarray]) -> UInt64[np.ndarray, " rows"]:
    """A number of 64 bits for each row that depends on its values alone."""
    found = np.zeros(len(columns[0]), np.uint64)
    for values in columns:
        plain = values.astype("datetime64[s]").astype(np.int64) if values.dtype.kind == "M" else values
        found = found * np.uint64(0x9E3779B97F4A7C15) + hash_array(plain)  # pyright: ignore[reportCallIssue]
    return found


def seed_of(random_state: Any) -> int:
    """The seed of a fit: a whole number as it is, else one that scikit-learn's generator draws.

    Raises:
        ValueError: in scikit-learn's words, for what is neither.
    """
    if isinstance(random_state, int | np.integer) and 0 <= random_state <= LARGEST_SEED:
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))
