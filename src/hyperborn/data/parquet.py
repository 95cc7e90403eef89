"""Parquet files, through pyarrow where it is installed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from hyperborn.data.labels import counted, first_repeated
from hyperborn.data.tables import MOST_BYTES, MOST_CHARACTERS, MOST_VALUES, check_columns, check_values
from hyperborn.errors import UserError
from hyperborn.storage import open_regular
from hyperborn.storage.bounded import check_size

FEWER = "take fewer rows, or leave columns out with drop (--drop)"
AT_ONCE = 65_536
"""Rows decoded at once: a few bytes of a file may decode to gigabytes of text."""


def read_parquet(path: Path, wanted: Callable[[list[str]], list[str]] = list) -> dict[str, np.ndarray]:
    """Columns by name: float64 with NaN for numbers, object arrays with None for text and booleans.

    `wanted` picks from all the names those to read; the other columns may be of any type. The numbers of rows and bytes
    are checked before anything is read; the limits are those of `read_table`.

    Raises:
        UserError: pyarrow is missing, the file is no regular one, is over a limit, damaged or empty, or a column is of
            another type or named twice.
    """
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError as error:
        raise UserError(f'{path} needs pyarrow; install it with: pip install "hyperborn[parquet]"') from error
    with open_regular(path) as file:
        try:
            # Text with few different values stays one copy of each, with a number for each row.
            names = parquet.ParquetFile(file).schema_arrow.names
            check_columns(len(names), path)
            if (name := first_repeated(names)) is not None:
                raise UserError(f"{path}: column {name!r} is named twice; rename one")
            chosen = wanted(names)
            source = parquet.ParquetFile(file, read_dictionary=chosen)
            check_sizes(source.metadata, frozenset(chosen), path)
            return contents(source, chosen, path)
        except UserError:
            raise
        except (arrow.ArrowException, OSError, ValueError, MemoryError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise UserError(f"{path} is damaged or not a Parquet file ({reason}); write it again") from error


def check_sizes(metadata: Any, chosen: frozenset[str], path: Path) -> None:
    """Raise a UserError if the chosen columns hold nothing, or more than a table may have, going by the metadata."""
    if metadata.num_rows == 0:
        raise UserError(f"{path} has no rows; add examples")
    if metadata.num_rows * len(chosen) > MOST_VALUES:
        size = f"{metadata.num_rows:,} rows of {counted(len(chosen), 'column')}"
        raise UserError(f"{path} has {size}, over the limit of {MOST_VALUES:,} values; {FEWER}")
    groups = [metadata.row_group(place) for place in range(metadata.num_row_groups)]
    if sum(group.total_byte_size for group in groups) > MOST_BYTES:
        parts = (group.column(place) for group in groups for place in range(group.num_columns))
        size = sum(part.total_uncompressed_size for part in parts if part.path_in_schema in chosen)
        check_size(path, size, MOST_BYTES, FEWER)


def contents(source: Any, chosen: list[str], path: Path) -> dict[str, np.ndarray]:
    """The chosen columns of an open file, decoded piece by piece so that no piece is much larger than the limits."""
    for name in chosen:
        check_column_type(source.schema_arrow.field(name).type, name, path)
    pieces: dict[str, list[np.ndarray]] = {name: [] for name in chosen}
    rows = size = 0
    for batch in source.iter_batches(AT_ONCE, columns=chosen) if chosen else ():
        rows, size = rows + batch.num_rows, size + batch.nbytes
        # The metadata may be wrong, so the size is checked again.
        check_values(rows * len(chosen), path)
        check_size(path, size, MOST_BYTES, FEWER)
        for name in chosen:
            pieces[name].append(as_array(batch.column(name), name, path))
    return {name: np.concatenate(parts) for name, parts in pieces.items()}


def check_column_type(kind: Any, name: str, path: Path) -> None:
    """Raise a UserError for a column of a type that is neither numbers nor text."""
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    if not (is_numeric_type(kind) or is_text_type(kind) or types.is_boolean(kind) or types.is_null(kind)):
        raise UserError(
            f"{path}: column {name!r} holds {kind}, which is neither numbers nor text; convert it, or leave "
            f"it out with drop=({name!r},) (--drop {name})"
        )


def is_numeric_type(kind: Any) -> bool:
    from pyarrow import types

    return types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)


def is_text_type(kind: Any) -> bool:
    from pyarrow import types

    return types.is_string(kind) or types.is_large_string(kind)


def as_array(column: Any, name: str, path: Path) -> np.ndarray:
    """A piece of an Arrow column as an array of numbers or of text; equal texts in a dictionary are one object."""
    import pyarrow as arrow
    from pyarrow import types

    if types.is_dictionary(column.type):
        values = as_array(column.dictionary, name, path)
        absent = np.array([None], object) if values.dtype == object else np.array([np.nan])
        values = np.concatenate([values, absent])
        return values[column.indices.fill_null(len(values) - 1).to_numpy(zero_copy_only=False)]
    if is_numeric_type(column.type):
        return column.cast(arrow.float64(), safe=False).to_numpy(zero_copy_only=False)
    result = np.empty(len(column), dtype=object)
    result[:] = column.to_pylist()
    longest = max((len(text) for text in result if isinstance(text, str)), default=0)
    if longest > MOST_CHARACTERS:
        raise UserError(
            f"{path}: column {name!r} holds a text of {longest:,} characters, over the limit of "
            f"{MOST_CHARACTERS:,}; shorten it, or leave the column out with drop=({name!r},) (--drop {name})"
        )
    return result
