"""A table of named columns, from a CSV or Parquet file, from a data frame, or from arrays."""

import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from hyperborn.arguments import path_of
from hyperborn.data.columns_to_read import ColumnsToRead
from hyperborn.data.frames import categories_of_frame, column_array, column_of, index_of_frame, named_columns
from hyperborn.data.missing import is_missing
from hyperborn.data.row_index import row_index
from hyperborn.data.text_columns import Typed, numbers_of_text, text_column, text_form, typed_columns
from hyperborn.errors import UserError
from hyperborn.printable import shown
from hyperborn.storage import open_regular, read_bounded
from hyperborn.storage.bounded import check_size

__all__ = ["Table", "is_missing", "read_table", "real_numbers"]

DECIMALS = (None, ".", ",")
TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".tab", ".dat", ".data")
SUFFIXES = (*TEXT_SUFFIXES, *(f"{suffix}.gz" for suffix in TEXT_SUFFIXES), ".parquet")
STANDARD_INPUT = "-"
STANDARD_INPUT_NAME = "standard input"
PARQUET = b"PAR1"
"""The first bytes of a Parquet file."""

MOST_BYTES = 512 * 2**20
"""Largest text file, and largest uncompressed size of the columns of a Parquet file."""
MOST_COLUMNS = 100_000
MOST_VALUES = 50_000_000
"""Rows times columns: MNIST as a CSV file has 47 million."""
MOST_CHARACTERS = 131_072
"""Longest value; it is the limit of Python's csv module."""


FEWER = "take fewer rows or columns"


@dataclass(frozen=True, eq=False)
class Table:
    """Columns by name, all of one length, where they came from, and how they were read.

    Columns are normalised. One of numbers, or of text that can be read as numbers, becomes float64 with NaN where a
    value is missing; one of dates datetime64[s] with NaT; any other an object array of text with None, stripped and
    composed (Unicode's NFC), in which truth values are "True" and "False". Numbers may have thousands separators, and a
    percent or currency sign that every value of the column has; dates that are text stay text. What counts as missing
    is in `hyperborn.data.missing`.

    Attributes:
        columns: given as arrays (masked values are missing), lists, or columns of pandas, Polars or PyArrow.
        source: what the table is called in messages.
        text: names of columns that are kept as text, with numbers as the source spells them, or in full ("007", "1E2").
        left_out: names of columns that reading left out, with the reason.
        notes: what is worth saying of how columns were read.
        decimal: of numbers as the source writes them, a point or a comma.
        copied: columns that were asked for to be written again, as they are written: object arrays of text.
        known: categories (or classes) of columns that earlier data had. These columns are kept as text, and what looks
            like a missing value and is a category is none.
        categories: names of columns that are categories though they may be spelt with digits: by their type (pandas'
            ``category``), or as codes with zeros in front. They are kept as text.

    Raises:
        UserError: for columns that are not a mapping, one that is not one-dimensional, or lengths that differ.
    """

    columns: Mapping[str, np.ndarray]
    source: str = "table"
    text: frozenset[str] = frozenset()
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    decimal: str = "."
    copied: Mapping[str, np.ndarray] = field(default_factory=dict)
    known: Mapping[str, Collection[str]] = field(default_factory=dict)
    categories: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not isinstance(self.columns, Mapping):
            raise UserError(f"columns={shown(self.columns)} must map names to values, such as {{'height': [1, 2]}}")
        selection = selected((), None, self.text, known=self.known)
        named = named_columns(self.columns, self.source)
        given = {name: self.columns[key] for name, key in named.items()}
        categories = categories_of_frame(self.columns, given) | self.categories
        typed = typed_values(given, self.source, selection, self.decimal, categories)
        typed.copied = dict(self.copied)
        set_fields(self, typed, self.source, selection, self.left_out, self.notes)

    @classmethod
    def of(
        cls,
        source: Any,
        *,
        text: Collection[str] = (),
        only: Collection[str] | None = None,
        known: Mapping[str, Collection[str]] | None = None,
        decimal: str | None = None,
    ) -> "Table":
        """The table of a mapping from names to values, or of a data frame of pandas, Polars or PyArrow.

        The index of a pandas data frame is left out: silently if it is row numbers. So is a column ``Unnamed: 0`` of
        row numbers or values that are all different, unless `only` or `text` names it.

        Args:
            source: a table is given back as it is.
            text: names of columns to keep as text.
            only: names of the columns to take, if the source has them; all for None.
            known: categories of columns that earlier data had.
            decimal: "." or ",", of numbers that are text and could have either.

        Raises:
            UserError: for anything else, two columns of one name, or a column that cannot be read.
        """
        if isinstance(source, Table):
            return source
        what = "the table" if isinstance(source, Mapping) else "the data frame"
        present = named_columns(source, what)
        selection = selected((), only, text, known=known or {}).resolved(list(present), what)
        index = {name: why for name, why in index_of_frame(source).items() if not selection.asks_for(name)}
        given = {
            name: column_of(source, present[name], what)
            for name in selection.chosen(list(present), what)
            if name not in index
        }
        typed = typed_values(given, what, selection, decimal, categories_of_frame(source, given))
        return made(typed, what, selection, index if only is None else {})

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def __repr__(self) -> str:
        return f"Table({self.source!r}, {len(self)} rows, columns {list(self.columns)})"

    def rows(self, rows: np.ndarray) -> "Table":
        """The table of these rows, by index. Columns stay what they are."""
        columns = {name: values[rows] for name, values in self.columns.items()}
        part = object.__new__(Table)
        copied = {name: cells[rows] for name, cells in self.copied.items()}
        typed = Typed(columns, [], "," if self.decimal == "," else ".", categories=self.categories, copied=copied)
        selection = ColumnsToRead(text=self.text, known=self.known)
        set_fields(part, typed, self.source, selection, self.left_out, self.notes)
        return part

    def as_numbers(self, name: str, *, text_is_missing: bool = False) -> Float[np.ndarray, " rows"] | None:
        """A column as numbers: of text, where every value is a number, and None where one is not.

        Args:
            name: of the column.
            text_is_missing: whether text that is no number counts as missing; None then says that there is no number.
        """
        values = self.columns[name]
        if values.dtype != object:
            return values if values.dtype.kind == "f" else None
        return numbers_of_text(values, "," if self.decimal == "," else ".", text_is_missing=text_is_missing)


def selected(
    drop: Collection[str],
    only: Collection[str] | None,
    text: Collection[str],
    keep: Collection[str] = (),
    copied: Sequence[str] = (),
    known: Mapping[str, Collection[str]] | None = None,
) -> ColumnsToRead:
    """The selection of columns by names, in the form that names have in tables."""
    dropped, kept, wanted, as_text = (frozenset(map(text_form, names)) for names in (drop, keep, only or (), text))
    categories = {text_form(name): frozenset(names) for name, names in (known or {}).items()}
    return ColumnsToRead(
        dropped,
        kept,
        None if only is None else wanted,
        as_text.union(categories),
        tuple(map(text_form, copied)),
        categories,
    )


def made(typed: Typed, source: str, selection: ColumnsToRead, left_out: Mapping[str, str]) -> Table:
    """The table of columns that are normalised, without those that are an index of the rows."""
    found = row_index(typed.columns, selection)
    for name in found:
        del typed.columns[name]
    table = object.__new__(Table)
    set_fields(table, typed, source, selection, {**typed.left_out, **left_out, **found}, ())
    return table


def set_fields(
    table: Table,
    typed: Typed,
    source: str,
    selection: ColumnsToRead,
    left_out: Mapping[str, str],
    notes: tuple[str, ...],
) -> None:
    """Set the fields of a frozen table, whose columns are normalised and checked."""
    lengths = {len(values) for values in (*typed.columns.values(), *typed.copied.values())}
    if len(lengths) > 1:
        raise UserError(f"the columns of {source} have different lengths: {sorted(lengths)}")
    fields = {
        "columns": typed.columns,
        "source": source,
        "text": frozenset(selection.text & typed.columns.keys()),
        "left_out": dict(left_out),
        # Columns that were read before say the same again.
        "notes": tuple(dict.fromkeys((*notes, *typed.notes))),
        "decimal": typed.decimal,
        "copied": dict(typed.copied),
        "known": selection.known,
        "categories": frozenset(typed.categories & typed.columns.keys()),
    }
    for name, value in fields.items():
        object.__setattr__(table, name, value)


def typed_values(
    given: Mapping[str, Any],
    source: str,
    selection: ColumnsToRead,
    decimal: str | None,
    categories: frozenset[str],
) -> Typed:
    """Columns of arrays, lists or data frames, normalised."""
    as_text = selection.text | categories
    raw = {name: column_array(values, name, source, exact=name in as_text) for name, values in given.items()}
    return typed_arrays(raw, selection, decimal, categories)


def typed_arrays(
    raw: Mapping[str, np.ndarray], selection: ColumnsToRead, decimal: str | None, categories: frozenset[str]
) -> Typed:
    """Columns that are arrays, normalised: what is not numbers or dates is looked at as text."""
    columns = {
        name: text_column(values, selection.known.get(name)) if values.dtype == object else values
        for name, values in raw.items()
    }
    return typed_columns(columns, text=selection.text, categories=categories, decimal="," if decimal == "," else None)


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


def read_table(
    path: str | PathLike[str],
    *,
    drop: Collection[str] = (),
    keep: Collection[str] = (),
    only: Collection[str] | None = None,
    text: Collection[str] = (),
    copied: Sequence[str] = (),
    known: Mapping[str, Collection[str]] | None = None,
    encoding: str | None = None,
    header: bool = True,
    decimal: str | None = None,
    usual_decimal: str | None = None,
) -> Table:
    """Read a .csv, .tsv, .txt, .tab, .dat or .data file, plain or .gz, a .parquet file, or ``-``, standard input.

    What separates the fields (comma, semicolon, tab or bar), decimal commas and the encoding are found. Columns without
    a name are called ``Unnamed: k``; an index of the rows, which pandas and R write, is left out.

    A table has at most 100,000 columns, 50 million values (rows times columns) and 131,072 characters a value. A text
    file has at most 512 MiB, and so have the columns of a Parquet file once they are uncompressed. Of a Parquet file
    only the values and bytes of the columns to be read count.

    Memory holds the bytes of a text file, 8 bytes a value and each distinct text of a column once: a million rows of 8
    columns of numbers and 4 of categories, 176 MiB, took 2 s of processor time and 0.4 GiB.

    Args:
        path: of the file, which must be a regular file, not a pipe or a device.
        drop: names of columns to leave out unread; what is no name of a column is several with commas between them.
        keep: names of columns to read even if they look like an index.
        only: names of the columns to read, if the file has them; all for None.
        text: names of columns to keep as text, spelt as in the file.
        copied: names of columns that must be there and are read as they are written as well, whatever `only` says;
            "all" for all.
        known: categories of columns that earlier data had: these columns are kept as text, and what looks like a
            missing value and is a category is none.
        encoding: of a text file, as Python calls it; else UTF-8, UTF-16 where the file says so by its first bytes, or
            Western European, which a note says.
        header: whether the first line of a text file names the columns; else they are x1, x2, ...
        decimal: "." or ",", the decimal sign of the numbers of a text file, where "1,234" or "1.234" could be either.
        usual_decimal: the same of earlier files, where neither `decimal` nor this file settles it.

    Raises:
        UserError: what is no path, an unknown suffix, a missing or unreadable file, a folder, a pipe or a device, a
            table that is over a limit or damaged (with the line number), a column to drop that is not there, no column
            that is left, a first line that looks like data, or numbers that have the other decimal sign.
    """
    path = path_of("path", path, "a table")
    if decimal not in DECIMALS:
        raise UserError(f"decimal={shown(decimal)} must be a point or a comma (--decimal . or --decimal ,)")
    selection = selected(drop, only, text, keep, copied, known)
    source = STANDARD_INPUT_NAME if str(path) == STANDARD_INPUT else str(path)
    try:
        if source != str(path):
            content = standard_input(sys.stdin.buffer)
            check_size(source, len(content), MOST_BYTES, FEWER)
            if content.startswith(PARQUET):
                return table_of_parquet(BytesIO(content), source, selection, decimal)
        else:
            check_suffix(path)
            if path.suffix.lower() == ".parquet":
                with open_regular(path) as file:
                    return table_of_parquet(file, source, selection, decimal)
            content = read_bounded(path, MOST_BYTES, remedy=FEWER)
        from hyperborn.data.delimited import read_delimited
        from hyperborn.data.encodings import unzipped

        content = unzipped(content, source, MOST_BYTES, FEWER)
        typed, selection = read_delimited(
            content, source, selection, encoding=encoding, header=header, decimal=decimal, usual_decimal=usual_decimal
        )
        return made(typed, source, selection, {})
    except FileNotFoundError as error:
        raise UserError(f"there is no file {path}; check the path") from error
    except OSError as error:
        raise UserError(
            f"{source} cannot be read: {error.strerror or error}; check the path and its permissions"
        ) from error
    except MemoryError as error:
        raise UserError(f"{source} does not fit into memory; take fewer rows or columns") from error


@lru_cache(maxsize=1)
def standard_input(stream: BinaryIO | BytesIO) -> bytes:
    """What standard input holds, of which a byte over the limit is enough.

    It can be read once, and is asked for again where one command loads its data several times.
    """
    return stream.read(MOST_BYTES + 1)


def table_of_parquet(file: BinaryIO | BytesIO, source: str, selection: ColumnsToRead, decimal: str | None) -> Table:
    """The table of an open Parquet file."""
    from hyperborn.data.parquet import read_parquet

    found = read_parquet(file, source, selection)
    typed = typed_arrays(found.columns, found.selection, decimal, found.categories)
    typed.copied = found.copied
    return made(typed, source, found.selection, found.left_out)


def check_suffix(path: Path) -> None:
    """Raise a UserError for a folder, or a file of a kind that is not read."""
    if path.is_dir():
        raise UserError(f"{path} is a folder; give a file ending in {', '.join(SUFFIXES)}")
    if not path.name.lower().endswith(SUFFIXES):
        raise UserError(
            f"{path} has the suffix {path.suffix!r}; files are read by suffix: {', '.join(SUFFIXES)}; rename it if it "
            f"is one of these, or give it as standard input ({STANDARD_INPUT})"
        )


def check_columns(count: int, source: str) -> None:
    """Raise a UserError for more columns than a table may have."""
    if count > MOST_COLUMNS:
        raise UserError(
            f"{source} has {count:,} columns, over the limit of {MOST_COLUMNS:,}; leave some out of the file"
        )


def check_values(count: int, source: str) -> None:
    """Raise a UserError for more values (rows times columns) than a table may have."""
    if count > MOST_VALUES:
        raise UserError(f"{source} has over {MOST_VALUES:,} values (rows times columns), the limit; take fewer rows")
