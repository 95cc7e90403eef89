"""Columns that number or name the rows, such as the index that pandas and R write before the others."""

import re

import numpy as np

from hyperborn.data.columns_to_read import ColumnsToRead

UNNAMED = re.compile(r"Unnamed: 0(\.\d+)*")
"""What pandas calls an index that was written and read again, once or more often."""
UNNAMED_INDEX = "an index without a name"


def row_index(columns: dict[str, np.ndarray], selection: ColumnsToRead) -> dict[str, str]:
    """Names of columns that are an index of the rows, and why they are left out; none that is asked for by name.

    Such are columns called ``Unnamed: 0`` (as the first is that has no name) whose values are all different, or number
    the rows anew in each of several parts.
    """
    return {
        name: UNNAMED_INDEX
        for name, values in columns.items()
        if UNNAMED.fullmatch(name) and not selection.asks_for(name) and are_row_numbers(values)
    }


def are_row_numbers(values: np.ndarray) -> bool:
    """Whether values are all different, or whole numbers that count up by one and start again now and then."""
    if values.dtype == object:
        return None not in values.tolist() and len(set(values.tolist())) == len(values)
    if values.dtype.kind != "f" or np.isnan(values).any():
        return False
    if len(np.unique(values)) == len(values):
        return True
    steps = np.diff(values)
    starts = values[1:][steps != 1]
    return len(values) > 2 and bool((starts == values[0]).all()) and bool((steps == 1).mean() > 0.5)
