"""A table of named columns, from a CSV or Parquet file or from arrays."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from hyperborn.arguments import path_of
from hyperborn.data.labels import joined, nearest_name, parsed_number
from hyperborn.errors import UserError
from hyperborn.printable import shown

MISSING = frozenset({"", "NA", "<NA>", "NaN", "nan", "null", "None", "?"})
"""Texts of cells without a value."""

SUFFIXES = (".csv", ".tsv", ".txt", ".parquet")

MOST_BYTES = 512 * 2**20
"""Largest text file, and largest uncompressed size of the columns of a Parquet file."""
MOST_COLUMNS = 100_000
MOST_VALUES = 50_000_000
"""Rows times columns: MNIST as a CSV file has 47 million."""
MOST_CHARACTERS = 131_072
"""Longest value; it is the limit of Python's csv module."""


@dataclass(frozen=True, eq=False)
class Table:
    """Columns by name, all of one length, and where they came from (for messages).

    Columns are normalised: a column of numbers, or of text that can be read as numbers, becomes float64 with NaN where
    a value is missing; any other becomes an object array of stripped text with None where a value is missing.

    Raises:
        UserError: for columns that are not a mapping, one that is not one-dimensional, or lengths that differ.
    """

    columns: Mapping[str, np.ndarray]
    source: str = "table"

    def __post_init__(self) -> None:
        if not isinstance(self.columns, Mapping):
            raise UserError(f"columns={shown(self.columns)} must map names to values, such as {{'height': [1, 2]}}")
        columns = {name: normalised_column(values, name, self.source) for name, values in self.columns.items()}
        lengths = {len(values) for values in columns.values()}
        if len(lengths) > 1:
            raise UserError(f"the columns of {self.source} have different lengths: {sorted(lengths)}")
        object.__setattr__(self, "columns", columns)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def __repr__(self) -> str:
        return f"Table({self.source!r}, {len(self)} rows, columns {list(self.columns)})"

    def rows(self, rows: np.ndarray) -> "Table":
        """The table of these rows, by index."""
        return Table({name: values[rows] for name, values in self.columns.items()}, self.source)


def real_numbers(x: ArrayLike) -> Float[np.ndarray, "..."]:
    """An array of numbers, or anything that NumPy makes one of, as float64.

    Raises:
        TypeError: if it holds text, complex numbers or masked values.
        ValueError: if its rows differ in length, or an item is no number.
    """
    if np.ma.is_masked(x):
        raise TypeError("some of its values are masked")
    values = np.asarray(x)
    if values.dtype.kind not in "biufO":
        raise TypeError(f"its values are of type {values.dtype}")
    return values.astype(np.float64, copy=False)


def normalised_column(values: np.ndarray, name: str, source: str) -> np.ndarray:
    """One column as float64 with NaN, or as an object array of text with None; masked values are missing ones."""
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(object), None)
    try:
        values = np.asarray(values)
    except ValueError as error:
        raise UserError(f"column {name!r} of {source} has values of different shapes; give one each row") from error
    if values.ndim != 1:
        raise UserError(f"column {name!r} of {source} has shape {values.shape}; a column has one dimension")
    if values.dtype.kind in "iuf":
        return values.astype(np.float64)
    return from_text([None if is_missing(value) else str(value) for value in values.tolist()], name, source)


def is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and bool(np.isnan(value)))


def from_text(cells: Sequence[str | None], name: str, source: str) -> np.ndarray:
    """A column of text: float64 where every cell is a number or missing, else text.

    Raises:
        UserError: numbers with a decimal or thousands comma, which would otherwise become categories.
    """
    stripped = [None if cell is None or cell.strip() in MISSING else cell.strip() for cell in cells]
    numbers = [np.nan if cell is None else parsed_number(cell) for cell in stripped]
    if None not in numbers:
        return np.asarray(numbers, dtype=np.float64)
    present = [cell for cell in stripped if cell is not None]
    with_comma = [cell for cell in present if "," in cell]
    if with_comma and all(parsed_number(cell.replace(",", "")) is not None for cell in present):
        raise UserError(
            f"column {name!r} of {source} writes numbers with a comma ({with_comma[0]!r}); write a decimal point, and "
            "no thousands separator"
        )
    column = np.empty(len(stripped), dtype=object)
    column[:] = stripped
    return column


def read_table(path: str | PathLike[str], *, drop: Sequence[str] = (), only: Collection[str] | None = None) -> Table:
    """Read a .csv, .tsv or .txt file (delimiter found by itself) or a .parquet file.

    A table has at most 100,000 columns, 50 million values (rows times columns) and 131,072 characters a value. A text
    file has at most 512 MiB, and so have the columns of a Parquet file once they are uncompressed. Of a Parquet file
    only the values and bytes of the columns to be read count.

    Args:
        path: of the file, which must be a regular file, not a pipe or a device.
        drop: names of columns to leave out unread.
        only: names of the columns to read, if the file has them; all for None.

    Raises:
        UserError: what is no path, an unknown suffix, a missing or unreadable file, a folder, a pipe or a device, a
            table that is over a limit or damaged (with the line number), a column to drop that is not there, or no
            column that is left.
    """
    path = path_of("path", path, "a table")
    left_out, kept = frozenset(drop), None if only is None else frozenset(only)

    def wanted(names: list[str]) -> list[str]:
        check_dropped(drop, names, path)
        if left_out.issuperset(names):
            raise UserError(f"drop names every column of {path}, and nothing is left; name fewer (--drop)")
        return [name for name in names if name not in left_out and (kept is None or name in kept)]

    try:
        if path.is_dir():
            raise UserError(f"{path} is a folder; give a file ending in {', '.join(SUFFIXES)}")
        if path.suffix.lower() not in SUFFIXES:
            raise UserError(f"{path} has the suffix {path.suffix!r}; files are read by suffix: {', '.join(SUFFIXES)}")
        if path.suffix.lower() == ".parquet":
            from hyperborn.data.parquet import read_parquet

            return Table(read_parquet(path, wanted), str(path))
        from hyperborn.data.delimited import read_delimited

        return Table(read_delimited(path, wanted), str(path))
    except FileNotFoundError as error:
        raise UserError(f"there is no file {path}; check the path") from error
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror or error}; check the path and its permissions"
        ) from error
    except MemoryError as error:
        raise UserError(f"{path} does not fit into memory; take fewer rows or columns") from error


def check_columns(count: int, path: Path) -> None:
    """Raise a UserError for more columns than a table may have."""
    if count > MOST_COLUMNS:
        raise UserError(f"{path} has {count:,} columns, over the limit of {MOST_COLUMNS:,}; leave some out of the file")


def check_values(count: int, path: Path) -> None:
    """Raise a UserError for more values (rows times columns) than a table may have."""
    if count > MOST_VALUES:
        raise UserError(f"{path} has over {MOST_VALUES:,} values (rows times columns), the limit; take fewer rows")


def check_dropped(drop: Sequence[str], names: Sequence[str], path: Path) -> None:
    """Raise a UserError for the first column to drop that is none of these names."""
    known = frozenset(names)
    for name in drop:
        if name not in known:
            raise UserError(
                f"{path} has no column {name!r} to drop, the nearest is {nearest_name(name, names)!r}; its columns "
                f"are: {joined(names)}"
            )
