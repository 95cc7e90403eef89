"""Parquet files, through pyarrow where it is installed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from hyperborn.errors import UserError


def read_parquet(path: Path, wanted: Callable[[list[str]], list[str]] = list) -> dict[str, np.ndarray]:
    """Columns by name: float64 with NaN for numbers, object arrays with None for text and booleans.

    Of all the names, those that `wanted` picks; columns of any type may stand beside them.

    Raises:
        UserError: pyarrow is missing, the file is damaged or empty, or a column is of another type or named twice.
    """
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError as error:
        raise UserError(f'{path} needs pyarrow; install it with: pip install "hyperborn[parquet]"') from error
    try:
        table = parquet.ParquetFile(path).read()
    except (arrow.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{path} is damaged or not a Parquet file ({reason}); write it again") from error
    if table.num_rows == 0:
        raise UserError(f"{path} has no rows; add examples")
    names = table.column_names
    for place, name in enumerate(names):
        if name in names[:place]:
            raise UserError(f"{path}: column {name!r} is named twice; rename one")
    return {name: as_array(table.column(name), name, path) for name in wanted(names)}


def as_array(column: Any, name: str, path: Path) -> np.ndarray:
    """One Arrow column as an array of numbers or of text."""
    import pyarrow as arrow
    from pyarrow import types

    kind = column.type
    if types.is_dictionary(kind):
        kind = kind.value_type
        column = column.cast(kind)
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return column.cast(arrow.float64(), safe=False).to_numpy()
    if types.is_boolean(kind) or types.is_string(kind) or types.is_large_string(kind) or types.is_null(kind):
        return np.asarray(column.to_pylist(), dtype=object)
    raise UserError(
        f"{path}: column {name!r} holds {kind}, which is neither numbers nor text; convert it, or leave "
        f"it out with drop=({name!r},) (--drop {name})"
    )
