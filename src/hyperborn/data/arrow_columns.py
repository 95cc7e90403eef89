"""Columns of PyArrow, of a file or in memory, as NumPy arrays."""

import re
from typing import Any

import numpy as np

PANDAS_INDEX = "the index of a pandas data frame"
"""Why such a column is left out."""
INDEX_LEVEL = re.compile(r"__index_level_\d+__")
ABSENT = {"f": np.nan, "M": np.datetime64("NaT"), "O": None}
"""What stands for a missing value in arrays of each kind."""


def is_numeric_type(kind: Any) -> bool:
    from pyarrow import types

    return types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)


def is_date_type(kind: Any) -> bool:
    from pyarrow import types

    return types.is_date(kind) or types.is_timestamp(kind)


def is_text_type(kind: Any) -> bool:
    from pyarrow import types

    return types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)


def is_column_type(kind: Any) -> bool:
    """Whether a type is one of numbers, truth values, dates or text, or a dictionary of these."""
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    plain = types.is_boolean(kind) or types.is_null(kind)
    return plain or is_numeric_type(kind) or is_date_type(kind) or is_text_type(kind)


def arrow_array(column: Any, *, exact: bool = False) -> np.ndarray:
    """A column, in one piece or in many, as an array of float64 with NaN, datetime64[s] with NaT, or objects with None.

    Equal texts in a dictionary are one object. Times with a time zone are in UTC. If `exact`, whole numbers and
    decimals are kept as Python's, in an object array.

    Raises:
        TypeError: for values of another type, such as lists.
    """
    import pyarrow as arrow
    from pyarrow import types

    if not is_column_type(column.type):
        raise TypeError(f"it holds {column.type}, which is neither numbers, dates nor text")
    if isinstance(column, arrow.ChunkedArray):
        pieces = [arrow_array(piece, exact=exact) for piece in column.chunks]
        return np.concatenate(pieces) if pieces else np.empty(0)
    kind = column.type
    if types.is_dictionary(kind):
        values = arrow_array(column.dictionary, exact=exact)
        values = np.concatenate([values, np.asarray([ABSENT[values.dtype.kind]], dtype=values.dtype)])
        return values[column.indices.fill_null(len(values) - 1).to_numpy(zero_copy_only=False)]
    if is_date_type(kind):
        return column.cast(arrow.timestamp("s", getattr(kind, "tz", None)), safe=False).to_numpy(zero_copy_only=False)
    if is_numeric_type(kind) and not exact:
        return column.cast(arrow.float64(), safe=False).to_numpy(zero_copy_only=False)
    result = np.empty(len(column), dtype=object)
    result[:] = column.to_pylist()
    return result


def saved_index(schema: Any) -> list[str]:
    """Names of the columns that hold the index of a pandas data frame, going by its own note or their names."""
    noted = (schema.pandas_metadata or {}).get("index_columns", [])
    # Of row numbers, pandas notes the range and writes no column.
    known = {name for name in noted if isinstance(name, str)}
    return [name for name in schema.names if name in known or INDEX_LEVEL.fullmatch(name)]


def saved_categories(schema: Any) -> frozenset[str]:
    """Names of the columns that were categories in a pandas data frame, by its own note, though not of dates.

    A dictionary alone may be only a way of storing numbers.
    """
    noted = (schema.pandas_metadata or {}).get("columns", [])
    names = {column.get("field_name") for column in noted if column.get("pandas_type") == "categorical"}
    fields = [schema.field(name) for name in schema.names if name in names]
    return frozenset(field.name for field in fields if not is_date_type(getattr(field.type, "value_type", field.type)))
