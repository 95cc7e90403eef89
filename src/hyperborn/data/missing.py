"""What stands for "there is no value", in text and among Python's objects: one list for files, arrays and data frames.

Three lists, by how sure a spelling is. `MISSING` counts in every column: nobody names a category so. A lone ``-``
counts in every column that has no ``+`` (the classes of some tables are + and -). `MISSING_NUMBERS` count, in upper or
lower case, where the rest of the column are numbers: in text "none" is a category (of hair colours, say), and "Na" is
sodium.
"""

from typing import Any

MISSING = frozenset(
    {
        *("", "?", ".", "--"),
        *("NA", "<NA>", "N/A", "n/a", "#N/A", "#NA"),
        *("NaN", "nan", "NAN", "NaT"),
        *("NULL", "Null", "null"),
    }
)
"""Texts of cells without a value, in a column of any kind."""

DASH, PLUS = "-", "+"
"""A dash is a missing value, unless the column has a plus as well."""

MISSING_NUMBERS = frozenset({DASH, "none", "na", "missing", *(spelling.casefold() for spelling in MISSING)})
"""Texts, in lower case, of cells without a value in a column whose other cells are numbers."""

USUAL = MISSING - {"?", ".", "--"}
"""Those that every program writes and no note needs to mention."""


def is_missing(value: Any) -> bool:
    """Whether an object is None, NaN (of a float, a decimal or a date), or pandas' NA; never so for text."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError, ArithmeticError):
        # pandas' NA compares to NA, which is neither true nor false; a signalling NaN refuses to compare.
        return True
