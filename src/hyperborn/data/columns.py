"""From the columns of a table to a matrix of numbers: numeric columns as they are, categories one-hot."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from hyperborn.data.labels import counted, index_of_label, joined, label_spelling, parsed_number, spellings
from hyperborn.data.tables import Table, read_table
from hyperborn.errors import UserError

MOST_CATEGORIES = 50
"""Most values of a text column; a column with more is an identifier or free text, and refused."""

FEW_CATEGORIES = 12
"""A column with at most this many values may be mostly numbers ("3+" children), or have a new value in each row."""
MOSTLY = 0.5
NEARLY_ALL = 0.9

LARGEST_NUMBER = 1e100
"""Largest size of a number in a table: sums of larger ones could overflow."""
FRAME = "the data frame"
"""Name of a data frame in messages."""

IMPUTE = 'train with impute="median" (--impute median)'
FILL_IN = f"fill them in, or {IMPUTE}"


@dataclass(frozen=True)
class Column:
    """A raw column: numeric, or categorical with its categories (one 0/1 feature each, in this order)."""

    name: str
    categories: tuple[str, ...] | None = None

    @property
    def kind(self) -> str:
        return "numeric" if self.categories is None else "categorical"

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features it becomes: its own, or ``column=category`` for each category."""
        if self.categories is None:
            return (self.name,)
        return tuple(f"{self.name}={category}" for category in self.categories)


def numeric_columns(names: Sequence[str]) -> tuple[Column, ...]:
    return tuple(Column(str(name)) for name in names)


def inferred(table: Table, names: Sequence[str], rows: Sequence[int] | None = None) -> tuple[Column, ...]:
    """The kind of each named column, with the categories of text in alphabetical order.

    `rows` are the places of the table's rows in its source, for messages; if absent, those in the table.

    Raises:
        UserError: a column without any value, or text that does not look like categories.
    """
    columns = []
    for name in names:
        values = table.columns[name]
        if values.dtype != object:
            if np.isnan(values).all():
                raise UserError(
                    f"column {name!r} of {table.source} has no values; remove the column (drop=, --drop {name})"
                )
            columns.append(Column(name))
            continue
        categories = tuple(sorted({value for value in values if value is not None}))
        if not categories:
            raise UserError(
                f"column {name!r} of {table.source} has no values; remove the column (drop=, --drop {name})"
            )
        check_categories(values, categories, name, table.source, range(len(table)) if rows is None else rows)
        columns.append(Column(name, categories))
    return tuple(columns)


def check_categories(
    values: np.ndarray, categories: Sequence[str], name: str, source: str, rows: Sequence[int]
) -> None:
    """Raise a UserError for text that does not look like categories."""
    if len(categories) <= FEW_CATEGORIES:
        return
    present = [value for value in values if value is not None]
    leave_out = f"leave the column out with drop=({name!r},) (--drop {name})"
    if sum(like_number(value) for value in present) >= MOSTLY * len(present):
        strange = next(place for place, cell in enumerate(values) if cell is not None and not like_number(cell))
        raise UserError(
            f"column {name!r} of {source} is numbers but for some rows, the first of which is row {rows[strange] + 1} "
            f"with {values[strange]!r}; correct them, or empty these cells and {IMPUTE}, or {leave_out}"
        )
    if len(categories) > min(MOST_CATEGORIES, NEARLY_ALL * len(present)):
        raise UserError(
            f"column {name!r} of {source} is text with {len(categories)} different values in {len(present)} rows, too "
            f"many for categories (is it an identifier, or a date?); {leave_out}"
        )


def like_number(cell: str) -> bool:
    """Whether a text is a number, with a point or a comma."""
    return parsed_number(cell.replace(",", ".")) is not None


def raw_table(
    source: Table | str | PathLike[str] | Mapping[str, ArrayLike] | ArrayLike, columns: Sequence[Column]
) -> Table:
    """A table with these columns: as it is, from a file, from a data frame, or from raw rows in this order.

    A data frame is a mapping from names to values, or an object with named columns, as those of pandas, Polars and
    PyArrow are. Raw rows have the shape (examples, columns). Columns that are not needed are not read.

    Raises:
        UserError: a file that cannot be read, a data frame whose columns cannot, or rows of another shape.
    """
    names = [column.name for column in columns]
    if isinstance(source, Table):
        return source
    if isinstance(source, str | PathLike):
        return read_table(source, only=names)
    if (present := frame_columns(source)) is not None:
        return Table({name: frame_column(source, present[name], name) for name in names if name in present}, FRAME)
    try:
        rows = source if isinstance(source, np.ndarray) else np.asarray(source, dtype=object)
    except ValueError as error:
        raise UserError(f"the raw rows are no table ({error}); give as many values in every row") from error
    if rows.ndim != 2 or rows.shape[1] != len(names):
        raise UserError(
            f"raw rows of shape {rows.shape} must be (examples, {len(names)}), with the columns: {joined(names)}"
        )
    return Table({name: rows[:, place] for place, name in enumerate(names)}, "the raw rows")


def frame_columns(source: object) -> dict[str, Any] | None:
    """Names of the columns of a data frame, as text and as the frame has them; None for anything else."""
    if isinstance(source, Mapping):
        return {str(name): name for name in source}
    # In PyArrow `columns` holds the values, and `column_names` the names.
    named = getattr(source, "column_names", None)
    named = getattr(source, "columns", None) if named is None else named
    return {str(name): name for name in named} if isinstance(named, Iterable) else None


def frame_column(source: Any, key: Any, name: str) -> np.ndarray:
    """The values of one column of a data frame.

    Raises:
        UserError: if they cannot be read.
    """
    try:
        # Of a masked array, the mask is kept.
        return np.asanyarray(source[key])
    except (TypeError, ValueError, LookupError, AttributeError, NotImplementedError) as error:
        raise UserError(
            f"column {name!r} of {FRAME} cannot be read ({type(error).__name__}: {error}); "
            "give a hyperborn.data.Table of its values"
        ) from error


def numeric_features(columns: Sequence[Column]) -> Int[np.ndarray, " numeric"]:
    """Places of the numeric columns among the features of `matrix`."""
    kinds = [column.categories is None for column in columns for _ in column.features]
    return np.flatnonzero(kinds)


def matrix(table: Table, columns: Sequence[Column], *, impute: bool) -> Float[np.ndarray, "examples raw"]:
    """Features of each row, float64, before any statistics; NaN where a number is missing and is to be imputed.

    Raises:
        UserError: a column that is absent or of the wrong kind, infinite or missing values, an unknown category.
    """
    check_present(table.columns, columns, table.source)
    blocks = [
        numeric_values(table, column.name, impute=impute)[:, None]
        if column.categories is None
        else one_hot(table, column.name, column.categories)
        for column in columns
    ]
    return np.concatenate(blocks, axis=1)


def check_present(given: Mapping[str, np.ndarray], columns: Sequence[Column], source: str) -> None:
    absent = [column.name for column in columns if column.name not in given]
    if absent:
        every = joined(column.name for column in columns)
        raise UserError(f"{source} has no column {joined(map(repr, absent), 3)}; it needs the columns: {every}")


def numeric_values(table: Table, name: str, *, impute: bool) -> Float[np.ndarray, " examples"]:
    values = table.columns[name]
    if values.dtype == object:
        row = next(row for row, cell in enumerate(values) if cell is not None and parsed_number(cell) is None)
        raise UserError(f"column {name!r} of {table.source} must be numbers, but row {row + 1} holds {values[row]!r}")
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
    missing = int(np.isnan(values).sum())
    if missing and not impute:
        raise UserError(f"column {name!r} of {table.source} has {counted(missing, 'missing value')}; {FILL_IN}")
    return values


def one_hot(table: Table, name: str, categories: Sequence[str]) -> Float[np.ndarray, "examples categories"]:
    values = table.columns[name]
    missing = sum(value is None for value in values) if values.dtype == object else int(np.isnan(values).sum())
    if missing:
        raise UserError(
            f"column {name!r} of {table.source} has {counted(missing, 'missing value')} and, being text, no median; "
            "fill them in, or remove their rows"
        )
    known = spellings(categories)
    encoded = np.zeros((len(values), len(categories)))
    for row, value in enumerate(values):
        index = index_of_label(value, known)
        if index is None:
            raise UserError(
                f"column {name!r} of {table.source}, row {row + 1}: unknown category "
                f"{label_spelling(value)!r}; the known ones are {joined(categories)}"
            )
        encoded[row, index] = 1.0
    return encoded
