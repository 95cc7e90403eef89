"""The distinct rows of a table."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int, Shaped


class Distinct(NamedTuple):
    """Each row once, which of these every row of the table is, and how often each occurs."""

    rows: Shaped[np.ndarray, "distinct columns"]
    places: Int[np.ndarray, " rows"]
    counts: Int[np.ndarray, " distinct"]


def distinct_rows(table: Shaped[np.ndarray, "rows columns"]) -> Distinct:
    """The distinct rows in the order of their bytes, for rows of bits that of the bits.

    `numpy.unique` with an axis compares column by column, and took 9 s for 32 rows of 10^6 bits.
    """
    whole = np.dtype((np.void, table.dtype.itemsize * table.shape[1]))
    keys = np.ascontiguousarray(table).view(whole).reshape(-1)
    _, first, places, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    return Distinct(table[first], places, counts)
