"""Data frames of pandas, Polars and PyArrow, and columns of them, as NumPy arrays; none of these is imported."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from hyperborn.data.arrow_columns import PANDAS_INDEX, arrow_array, saved_categories, saved_index
from hyperborn.data.labels import first_repeated
from hyperborn.data.missing import is_missing
from hyperborn.data.text_columns import text_form
from hyperborn.errors import UserError
from hyperborn.printable import shown

UNREADABLE = (TypeError, ValueError, LookupError, AttributeError, NotImplementedError)


def named_columns(source: object, what: str) -> dict[str, Any]:
    """Names of the columns of a mapping or a data frame, of which `what` says which: as in tables, and its own.

    Raises:
        UserError: for anything else, or two columns of one name.
    """
    keys = keys_of(source)
    if keys is None:
        raise UserError(f"{shown(source)} is no table; give a data frame, or a mapping from names to columns")
    names = {text_form(str(key)): key for key in keys}
    if len(names) < len(keys):
        name = first_repeated(text_form(str(key)) for key in keys)
        raise UserError(f"column {name!r} of {what} is named twice; rename one")
    return names


def has_named_columns(source: object) -> bool:
    """Whether this is a mapping or a data frame."""
    return keys_of(source) is not None


def keys_of(source: object) -> list[Any] | None:
    """What a mapping or a data frame calls its columns; None for anything else."""
    # In PyArrow `columns` holds the values, and `column_names` the names.
    named = getattr(source, "column_names", None)
    named = getattr(source, "columns", None) if named is None else named
    keys = source if isinstance(source, Mapping) else named
    return list(keys) if isinstance(keys, Iterable) else None


def index_of_frame(source: Any) -> dict[str, str]:
    """Names of the index of a pandas data frame, and why it is left out; none where it only counts the rows.

    In a PyArrow table that was made of a data frame, the index is among the columns.
    """
    if hasattr(source, "schema") and hasattr(source.schema, "pandas_metadata"):
        return dict.fromkeys(map(text_form, saved_index(source.schema)), PANDAS_INDEX)
    index: Any = getattr(source, "index", None)
    if not hasattr(index, "nlevels") or type(index).__name__ == "RangeIndex":
        return {}
    names = ["index" if name is None else text_form(str(name)) for name in index.names]
    # An index may repeat a column.
    return {name: PANDAS_INDEX for name in names if name not in map(str, source.columns)}


def column_of(source: Any, key: Any, what: str) -> Any:
    """A column of a mapping or a data frame, as it is.

    Raises:
        UserError: if it does not give its columns by their names.
    """
    try:
        return source[key]
    except (TypeError, ValueError, LookupError, AttributeError, NotImplementedError) as error:
        raise UserError(
            f"column {str(key)!r} of {what} cannot be read ({type(error).__name__}: {error}); give a "
            "hyperborn.data.Table of its values"
        ) from error


def categories_of_frame(source: Any, given: Mapping[str, Any]) -> frozenset[str]:
    """Names of the columns whose type says that they are categories, though not dates.

    `given` are the columns of the source, by the names that they have in tables. Of a PyArrow table its schema says it.
    """
    if hasattr(source, "schema") and hasattr(source.schema, "pandas_metadata"):
        return frozenset(map(text_form, saved_categories(source.schema))).intersection(given)
    return frozenset(name for name, values in given.items() if is_categories(values))


def is_categories(values: Any) -> bool:
    """Whether the type of a column of pandas or Polars says that it holds categories, though not dates."""
    dtype: Any = getattr(values, "dtype", None)
    if hasattr(dtype, "ordered") and hasattr(dtype, "categories"):
        return dtype.categories.dtype.kind != "M"
    return type(dtype).__name__ in ("Categorical", "Enum")


def column_array(values: Any, name: str, source: str, *, exact: bool = False) -> np.ndarray:
    """The values of one column, one-dimensional: float64, datetime64[s], or an object array with None or NaN.

    Args:
        values: a NumPy array (masked values are missing), a list, or a column of pandas, Polars or PyArrow.
        name: of the column, and
        source: of its table, for messages.
        exact: whether whole numbers are kept as they are, and so in an object array: float64 has 53 bits.

    Raises:
        UserError: values that are of different shapes, or not one-dimensional, or that cannot be read.
    """
    try:
        array = as_array(values, exact=exact)
    except UNREADABLE as error:
        if isinstance(values, list | tuple | np.ndarray):
            raise UserError(f"column {name!r} of {source} has values of different shapes; give one each row") from error
        raise UserError(
            f"column {name!r} of {source} cannot be read ({type(error).__name__}: {error}); "
            "give a hyperborn.data.Table of its values"
        ) from error
    if array.ndim != 1:
        raise UserError(f"column {name!r} of {source} has shape {array.shape}; a column has one dimension")
    if array.dtype.kind == "O":
        dates = dates_of_objects(array)
        array = array if dates is None else dates
    if array.dtype.kind == "M":
        dates = array.astype("datetime64[s]")
        return spelt_dates(dates) if exact else dates
    if array.dtype.kind in "iuf" and not exact:
        return array.astype(np.float64)
    return array.astype(str).astype(object) if array.dtype.kind == "S" else array.astype(object, copy=False)


def as_array(values: Any, *, exact: bool) -> np.ndarray:
    """A column as an array of whatever type NumPy makes of it; masked and missing values are None or NaN."""
    if isinstance(values, np.ma.MaskedArray):
        cells = values.data.astype(object)
        cells[np.ma.getmaskarray(values)] = None
        return cells
    if isinstance(values, np.ndarray):
        return values
    if hasattr(values, "to_pylist"):
        return arrow_array(values, exact=exact)
    if exact and hasattr(values, "to_list"):
        return object_array(values.to_list())
    dtype = getattr(values, "dtype", None)
    kind = getattr(dtype, "kind", None)
    if kind is None or isinstance(dtype, np.dtype):
        return np.asarray(values)
    # Of pandas' own types: categories, numbers and truth values that may be missing, text, dates with a time zone.
    if getattr(dtype, "tz", None) is not None or not hasattr(values, "to_numpy"):
        return object_array(list(values))
    if kind in "iuf" and not hasattr(dtype, "categories"):
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    return values.to_numpy(dtype=object)


def object_array(items: list[Any]) -> np.ndarray:
    """A list as an array of objects of one dimension, whatever the items are."""
    result = np.empty(len(items), dtype=object)
    result[:] = items
    return result


def dates_of_objects(cells: np.ndarray) -> np.ndarray | None:
    """Python's dates and times (those with a time zone in UTC) as datetime64[s]; None if there are others or none."""
    kinds = set(map(type, cells.tolist()))
    if not any(issubclass(kind, date | np.datetime64) for kind in kinds):
        return None
    items = [None if is_missing(cell) else cell for cell in cells.tolist()]
    if not all(item is None or isinstance(item, date | np.datetime64) for item in items):
        return None
    plain = [
        item.astimezone(UTC).replace(tzinfo=None) if isinstance(item, datetime) and item.tzinfo else item
        for item in items
    ]
    return np.asarray([np.datetime64("NaT") if item is None else np.datetime64(item, "s") for item in plain])


def spelt_dates(dates: np.ndarray) -> np.ndarray:
    """Dates as text, 2024-03-01, with the time of day where one is not midnight; None for NaT."""
    days = dates.astype("datetime64[D]")
    whole = bool((np.isnat(dates) | (days == dates)).all())
    text = np.datetime_as_string(days if whole else dates).astype(object)
    text[np.isnat(dates)] = None
    return text
