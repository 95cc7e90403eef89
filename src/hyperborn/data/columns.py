"""What a raw column becomes: a number, 0/1 features of its categories, or the parts of a date.

Every kind may have one more feature that says where a value is missing, and a categorical column one that stands for
all rare categories. Statistics (medians, means, deviations) come later: see `hyperborn.data.preprocessing`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from hyperborn.data.dates import date_parts, example_of, read_dates
from hyperborn.data.labels import KnownLabels, counted, joined, truth_value
from hyperborn.data.numbers import like_number
from hyperborn.data.tables import Table
from hyperborn.data.text_columns import text_of
from hyperborn.errors import UserError

LARGEST_NUMBER = 1e100
"""Largest size of a number in a table: sums of larger ones could overflow."""

RARE = "(rare)"
"""Of a feature's name: any category that is not listed."""
MARK_OF_MISSING = "is missing"


@dataclass(frozen=True)
class Column:
    """A raw column: numeric, categorical with its categories (one 0/1 feature each, in this order), or a date.

    Attributes:
        name: in the table.
        categories: of a categorical column.
        parts: of a date, some of `DATE_PARTS`.
        rare: whether one more feature stands for every category that is not listed.
        missing: whether one more feature says that the value is missing.
        date_format: of a date that is text, one of `DATE_FORMATS`.
    """

    name: str
    categories: tuple[str, ...] | None = None
    parts: tuple[str, ...] | None = None
    rare: bool = False
    missing: bool = False
    date_format: str | None = None

    @property
    def kind(self) -> str:
        return "date" if self.parts is not None else "numeric" if self.categories is None else "categorical"

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features it becomes: its own, ``column=category`` for each category, ``column year``, ..."""
        missing = (f"{self.name} {MARK_OF_MISSING}",) if self.missing else ()
        if self.parts is not None:
            return (*(f"{self.name} {part}" for part in self.parts), *missing)
        if self.categories is None:
            return (self.name, *missing)
        listed = (*self.categories, *((RARE,) if self.rare else ()))
        return (*(f"{self.name}={category}" for category in listed), *missing)

    @property
    def n_imputed(self) -> int:
        """How many of its features, the first ones, are numbers that may be missing, and then are the median."""
        return len(self.parts) if self.parts is not None else 1 if self.categories is None else 0


def numeric_columns(names: Sequence[str]) -> tuple[Column, ...]:
    return tuple(Column(str(name)) for name in names)


def imputed_features(columns: Sequence[Column]) -> Int[np.ndarray, " imputed"]:
    """Places of the numbers that may be missing among the features of `matrix`."""
    marks = [place < column.n_imputed for column in columns for place in range(len(column.features))]
    return np.flatnonzero(marks)


def matrix(
    table: Table, columns: Sequence[Column], *, strict: bool, imputed: bool
) -> Float[np.ndarray, "examples raw"]:
    """Features of each row, float64, before any statistics; NaN where a number is missing and is to be imputed.

    If strict, missing categories and unknown ones are refused. Otherwise these count as rare, or, where the column has
    no feature for that, as none of the known ones.

    Raises:
        UserError: naming every column that is absent or of the wrong kind, or has infinite, missing or unknown values.
    """
    check_present(table.columns, columns, table.source)
    faults: list[str] = []
    blocks: list[np.ndarray] = []
    for column in columns:
        try:
            blocks.append(block_of(table, column, strict=strict, imputed=imputed))
        except UserError as error:
            faults.append(str(error))
    raise_together(faults)
    return np.concatenate(blocks, axis=1)


def raise_together(faults: Sequence[str]) -> None:
    """Raise one UserError for all the faults of a table, if there is any; the first dozen are written out."""
    if faults:
        more = f"; and {len(faults) - 12} more columns" if len(faults) > 12 else ""
        raise UserError("; ".join(faults[:12]) + more)


def check_present(given: Mapping[str, np.ndarray], columns: Sequence[Column], source: str) -> None:
    absent = [column.name for column in columns if column.name not in given]
    if absent:
        every = joined(column.name for column in columns)
        raise UserError(f"{source} has no column {joined(map(repr, absent), 3)}; it needs the columns: {every}")


def block_of(table: Table, column: Column, *, strict: bool, imputed: bool) -> Float[np.ndarray, "examples features"]:
    """The features of one column.

    Raises:
        UserError: if its values are not of the column's kind, or are missing and not imputed.
    """
    if column.parts is not None:
        features = date_parts(dates_of(table, column, strict=strict), column.parts)
        absent = np.isnan(features).any(axis=1)
    elif column.categories is None:
        # A column that may be missing was said to be numeric, or to be kept, even where all else is strict.
        features = checked_values(table, column.name, strict=strict and not column.missing)[:, None]
        absent = np.isnan(features[:, 0])
    else:
        features, absent = one_hot(table, column, strict=strict)
    if column.n_imputed and not imputed and absent.any():
        raise UserError(
            f"column {column.name!r} of {table.source} has {counted(int(absent.sum()), 'missing value')}; fill them "
            'in, or train with impute="median" (--impute median)'
        )
    return np.column_stack([features, absent]) if column.missing else features


def dates_of(table: Table, column: Column, *, strict: bool = False) -> np.ndarray:
    """The dates of a column, datetime64[s], NaT where one is missing or, unless strict, where there is no date.

    Raises:
        UserError: if strict, naming the first value that is no date in the format of the column.
    """
    values = table.columns[column.name]
    dates = read_dates(values, column.date_format, column.name)
    lost = np.flatnonzero(np.isnat(dates) & ~pd.isna(values))
    if strict and len(lost):
        raise UserError(
            f"column {column.name!r} of {table.source} must be dates{as_in_training(column)}, but row {lost[0] + 1} "
            f"holds {cell_of(values, int(lost[0]))!r}; correct it, or train without strict (--strict)"
        )
    return dates


def as_in_training(column: Column) -> str:
    """How dates of the column are written, by an example."""
    return "" if column.date_format is None else f" such as {example_of(column.date_format)}"


def cell_of(values: np.ndarray, row: int) -> str:
    """A cell as text."""
    return text_of(values[row : row + 1])[0]


def numbers_of(table: Table, name: str, *, strict: bool = True) -> Float[np.ndarray, " examples"]:
    """The numbers of a column, NaN where one is missing; text is read as numbers, or as truth values, 1 and 0.

    Unless strict, text counts as missing, if some cell is a number, or all have the same text.

    Raises:
        UserError: naming the first cell that is no number.
    """
    values = table.columns[name]
    numbers = None if values.dtype.kind == "M" else table.as_numbers(name)
    if numbers is None and values.dtype == object:
        numbers = truths_as_numbers(values)
        if numbers is None and not strict:
            numbers = table.as_numbers(name, text_is_missing=True)
            if numbers is None and pd.Series(values).nunique() == 1:
                # A file of one row, or a word for "missing" in each: of several, the column is another one.
                numbers = np.full(len(values), np.nan)
    if numbers is None:
        row = first_text(values) if values.dtype == object else 0
        raise UserError(
            f"column {name!r} of {table.source} must be numbers, but row {row + 1} holds {str(values[row])!r}"
        )
    return numbers


def truths_as_numbers(values: np.ndarray) -> Float[np.ndarray, " examples"] | None:
    """A column of text as 1 where it is true and 0 where it is false, NaN where it is missing; None for other text.

    Some programs write truth values as text, and others as numbers.
    """
    codes, distinct = pd.factorize(values)
    truths = [truth_value(text) for text in distinct]
    if not truths or None in truths:
        return None
    return np.asarray([*truths, np.nan], dtype=np.float64)[codes]


def first_text(values: np.ndarray) -> int:
    """Row of the first cell of a column of text that is no number."""
    return next((row for row, cell in enumerate(values) if cell is not None and not like_number(cell)), 0)


def checked_values(table: Table, name: str, *, strict: bool) -> Float[np.ndarray, " examples"]:
    """The numbers of a column, of a size that can be summed.

    Raises:
        UserError: if one is no number, infinite or too large.
    """
    values = numbers_of(table, name, strict=strict)
    infinite = int(np.isinf(values).sum())
    if infinite:
        raise UserError(
            f"column {name!r} of {table.source} has {counted(infinite, 'infinite value')}; "
            "correct them or remove their rows"
        )
    large = np.flatnonzero(np.abs(values) > LARGEST_NUMBER)
    if len(large):
        raise UserError(
            f"column {name!r} of {table.source} has the number {values[large[0]]:.6g} in row {large[0] + 1}, which is "
            f"too large; numbers may be up to {LARGEST_NUMBER:g} either way, so correct or rescale it"
        )
    return values


def one_hot(
    table: Table, column: Column, *, strict: bool
) -> tuple[Float[np.ndarray, "examples categories"], np.ndarray]:
    """A 0/1 feature of each category, and of the rare ones; and where a value is missing.

    Raises:
        UserError: if strict, for a missing value where training had none, or an unknown category.
    """
    assert column.categories is not None
    codes, values = pd.factorize(text_of(table.columns[column.name]))
    absent = codes < 0
    if strict and not column.missing and absent.any():
        raise UserError(
            f"column {column.name!r} of {table.source} has {counted(int(absent.sum()), 'missing value')} and, being "
            "text, no median; fill them in, remove their rows, or train without strict (--strict)"
        )
    places = category_places(values, column.categories)
    unknown = np.flatnonzero(places < 0)
    if strict and not column.rare and len(unknown):
        row = int(np.flatnonzero(codes == unknown[0])[0])
        raise UserError(
            f"column {column.name!r} of {table.source}, row {row + 1}: unknown category "
            f"{values[unknown[0]]!r}; the known ones are {joined(column.categories)}"
        )
    width = len(column.categories) + column.rare
    # The place of what has no feature of its own; without one of the rare, its row of zeros is left as it is.
    other = len(column.categories) if column.rare else -1
    found = np.append(np.where(places < 0, other, places), -1 if column.missing else other)[codes]
    encoded = np.zeros((len(codes), width))
    rows = np.flatnonzero(found >= 0)
    encoded[rows, found[rows]] = 1.0
    return encoded, absent


def category_places(values: Iterable[str], categories: Sequence[str]) -> Int[np.ndarray, " values"]:
    """Place of each value among the categories, as `KnownLabels` finds it; -1 for none."""
    known = KnownLabels(categories)
    found = [known.index(value) for value in values]
    return np.asarray([-1 if place is None else place for place in found], dtype=np.int64)
