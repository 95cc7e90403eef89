"""Parquet files, through pyarrow where it is installed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np

from hyperborn.data.arrow_columns import PANDAS_INDEX, arrow_array, is_column_type, saved_categories, saved_index
from hyperborn.data.columns_to_read import ColumnsToRead
from hyperborn.data.frames import object_array, spelt_dates
from hyperborn.data.labels import counted, joined
from hyperborn.data.missing import is_missing
from hyperborn.data.tables import MOST_BYTES, MOST_CHARACTERS, MOST_VALUES, check_columns, check_values
from hyperborn.data.text_columns import spelling, text_form
from hyperborn.errors import UserError
from hyperborn.storage.bounded import check_size

AT_ONCE = 65_536
"""Rows decoded at once: a few bytes of a file may decode to gigabytes of text."""


@dataclass(frozen=True)
class ParquetColumns:
    """What was read of a Parquet file.

    Attributes:
        columns: by name.
        left_out: names of columns that were dropped, or are the index that pandas keeps beside the columns, and why.
        copied: columns to be written again, as text.
        selection: with names of the file's columns.
        categories: names of columns whose type says that they are categories.
    """

    columns: dict[str, np.ndarray]
    left_out: dict[str, str]
    copied: dict[str, np.ndarray]
    selection: ColumnsToRead
    categories: frozenset[str]


def read_parquet(file: BinaryIO | BytesIO, source: str, selection: ColumnsToRead) -> ParquetColumns:
    """The selected columns of a file.

    Numbers are float64 with NaN, dates datetime64[s] with NaT, text and truth values object arrays with None; what is
    kept as text, or as categories, is an object array whose whole numbers have all of their digits.

    Columns that are not selected may be of any type. The numbers of rows and bytes are checked before anything is read;
    the limits are those of `read_table`.

    Raises:
        UserError: pyarrow is missing, the file is over a limit, damaged or empty, or a column is of another type or
            named twice.
    """
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError as error:
        raise UserError(f'{source} needs pyarrow; install it with: pip install "hyperborn[parquet]"') from error
    try:
        schema = parquet.ParquetFile(file).schema_arrow
        check_columns(len(schema.names), source)
        present = [text_form(name) for name in schema.names]
        # As the table calls them, and as the file does.
        own_categories = saved_categories(schema)
        names = dict(zip(present, schema.names, strict=True))
        selection = selection.resolved(present, source)
        index = [name for name in map(text_form, saved_index(schema)) if not selection.asks_for(name)]
        chosen = {name: names[name] for name in selection.chosen(present, source) if name not in index}
        copied = {name: names[name] for name in selection.copied}
        left_out = (
            {} if selection.only is not None else dict.fromkeys(index, PANDAS_INDEX) | selection.dropped(list(names))
        )
        wanted = chosen | copied
        check_column_types({name: schema.field(own).type for name, own in wanted.items()}, source, selection)
        categories = frozenset(name for name, own in chosen.items() if own in own_categories)
        # Text with few different values stays one copy of each, with a number for each row.
        opened = parquet.ParquetFile(file, read_dictionary=list(wanted.values()))
        check_sizes(opened.metadata, frozenset(wanted.values()), source, selection)
        columns = contents(opened, chosen, source, replace(selection, text=selection.text | categories))
        as_text = contents(opened, copied, source, replace(selection, text=frozenset(copied)))
        spelt = {name: spelt_cells(cells) for name, cells in as_text.items()}
        return ParquetColumns(columns, left_out, spelt, selection, categories)
    except UserError:
        raise
    except (arrow.ArrowException, OSError, ValueError, MemoryError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{source} is damaged or not a Parquet file ({reason}); write it again") from error


def fewer(selection: ColumnsToRead) -> str:
    """The remedy for a table that is too large; columns that training had cannot be dropped."""
    return "take fewer rows" + (", or leave columns out with drop (--drop)" if selection.only is None else "")


def check_sizes(metadata: Any, chosen: frozenset[str], source: str, selection: ColumnsToRead) -> None:
    """Raise a UserError if the chosen columns hold nothing, or more than a table may have, going by the metadata."""
    if metadata.num_rows == 0:
        raise UserError(f"{source} has no rows; add examples")
    if metadata.num_rows * len(chosen) > MOST_VALUES:
        size = f"{metadata.num_rows:,} rows of {counted(len(chosen), 'column')}"
        raise UserError(f"{source} has {size}, over the limit of {MOST_VALUES:,} values; {fewer(selection)}")
    groups = [metadata.row_group(place) for place in range(metadata.num_row_groups)]
    if sum(group.total_byte_size for group in groups) > MOST_BYTES:
        parts = (group.column(place) for group in groups for place in range(group.num_columns))
        size = sum(part.total_uncompressed_size for part in parts if part.path_in_schema in chosen)
        check_size(source, size, MOST_BYTES, fewer(selection))


def contents(opened: Any, chosen: Mapping[str, str], source: str, selection: ColumnsToRead) -> dict[str, np.ndarray]:
    """The chosen columns of an open file, decoded piece by piece so that no piece is much larger than the limits."""
    pieces: dict[str, list[np.ndarray]] = {name: [] for name in chosen}
    rows = size = 0
    for batch in opened.iter_batches(AT_ONCE, columns=list(chosen.values())) if chosen else ():
        rows, size = rows + batch.num_rows, size + batch.nbytes
        # The metadata may be wrong, so the size is checked again.
        check_values(rows * len(chosen), source)
        check_size(source, size, MOST_BYTES, fewer(selection))
        for name, own in chosen.items():
            pieces[name].append(as_array(batch.column(own), name, source, selection))
    return {name: np.concatenate(parts) for name, parts in pieces.items()}


def spelt_cells(cells: np.ndarray) -> np.ndarray:
    """Values of any kind as text, which is as it is in the file; empty where one is missing."""
    return object_array(["" if is_missing(cell) else spelling(cell) for cell in cells.tolist()])


def check_column_types(kinds: Mapping[str, Any], source: str, selection: ColumnsToRead) -> None:
    """Raise a UserError that names every column of a type that is neither numbers, dates nor text."""
    faulty = {name: kind for name, kind in kinds.items() if not is_column_type(kind)}
    if faulty:
        held = joined(f"column {name!r} holds {kind}" for name, kind in faulty.items())
        one = len(faulty) == 1
        them = "it" if one else "them"
        raise UserError(
            f"{source}: {held}, which {'is' if one else 'are'} neither numbers, dates nor text; convert "
            f"{them}{selection.how_to_leave_out(list(faulty), them)}"
        )


def as_array(column: Any, name: str, source: str, selection: ColumnsToRead) -> np.ndarray:
    """A piece of a column as an array."""
    array = arrow_array(column, exact=name in selection.text)
    if array.dtype.kind == "M":
        return spelt_dates(array) if name in selection.text else array
    longest = max((len(cell) for cell in array if isinstance(cell, str)), default=0) if array.dtype == object else 0
    if longest > MOST_CHARACTERS:
        raise UserError(
            f"{source}: column {name!r} holds a text of {longest:,} characters, over the limit of "
            f"{MOST_CHARACTERS:,}; shorten it{selection.how_to_leave_out([name], 'the column')}"
        )
    return array
