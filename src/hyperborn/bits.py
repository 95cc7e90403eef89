"""Bit strings: their indices, the weights they stand for, and which of them are distinct.

Weight i is qubit i and weight 0 is the most significant bit of an index, so that index order is the order of
``itertools.product([0, 1], repeat=n)``.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Shaped, UInt8

from hyperborn.errors import UserError

LARGEST_INDEXED = 62
"""Most bits whose index fits a signed 64-bit integer with room to add one."""

LARGEST_TABLE = 20
"""Most bits of which a method that could do without a table makes one of all 2^n networks: 8 MiB of float64."""

LARGEST_ENUMERATED = 24
"""Most bits of which a table may hold a number for each of the 2^n networks: 128 MiB of float64."""


def check_enumerable(n: int, remedy: str) -> None:
    """Raise a UserError, with what to do instead, if the networks of n weights are too many for a table."""
    if n > LARGEST_ENUMERATED:
        raise UserError(f"{n} weights make 2^{n} networks, over the limit of {LARGEST_ENUMERATED} weights; {remedy}")


def bits_of(indices: Int[np.ndarray, " networks"], n: int) -> UInt8[np.ndarray, "networks {n}"]:
    """Bits of each index, most significant first; shape (networks, n), dtype uint8."""
    shifts = np.arange(n - 1, -1, -1, dtype=np.int64)
    return ((np.asarray(indices, dtype=np.int64)[:, None] >> shifts) & 1).astype(np.uint8)


def index_of(bits: UInt8[np.ndarray, "*networks n"]) -> Int[np.ndarray, "*networks"]:
    """Index of each row of bits, dtype int64; for two dimensions the inverse of `bits_of`.

    Raises:
        UserError: if a row has more than 62 bits.
    """
    n = bits.shape[-1]
    if n > LARGEST_INDEXED:
        raise UserError(f"{n} bits do not fit a 64-bit index; keep networks of over {LARGEST_INDEXED} bits as bit rows")
    places = np.int64(1) << np.arange(n - 1, -1, -1, dtype=np.int64)
    return bits.astype(np.int64) @ places


def values_of(
    bits: UInt8[np.ndarray, "networks n"], values: tuple[float, float] = (-1.0, 1.0)
) -> Float[np.ndarray, "networks n"]:
    """Weights of each row of bits: bit 0 the low value, bit 1 the high one; float64."""
    low, high = values
    return low + (high - low) * bits.astype(np.float64)


def bit_string(bits: UInt8[np.ndarray, " n"]) -> str:
    """One row of bits as text, weight 0 first."""
    return "".join(str(int(bit)) for bit in bits)


class Distinct(NamedTuple):
    """Each row once, which of these every row of the table is, and how often each occurs."""

    rows: Shaped[np.ndarray, "distinct columns"]
    places: Int[np.ndarray, " rows"]
    counts: Int[np.ndarray, " distinct"]


def distinct_rows(table: Shaped[np.ndarray, "rows columns"]) -> Distinct:
    """The distinct rows in the order of `row_keys`.

    `numpy.unique` with an axis compares column by column, and took 9 s for 32 rows of 10^6 bits.
    """
    _, first, places, counts = np.unique(row_keys(table), return_index=True, return_inverse=True, return_counts=True)
    return Distinct(table[first], places, counts)


def row_keys(table: Shaped[np.ndarray, "rows columns"]) -> Shaped[np.ndarray, " rows"]:
    """A key of each row, equal for equal rows, that `numpy.unique` sorts by the rows' bytes, first column first.

    Rows of bits (uint8, at most 1) get their index or, over 62 bits, a key of n/8 bytes, which is two to four times as
    fast as to compare all of their bytes. Keys of two tables are comparable if both hold bits, or neither does.
    """
    if table.dtype == np.uint8 and table.max(initial=0) <= 1:
        if table.shape[1] <= LARGEST_INDEXED:
            return index_of(table)
        table = np.packbits(table, axis=1)
    whole = np.dtype((np.void, table.dtype.itemsize * table.shape[1]))
    return np.ascontiguousarray(table).view(whole).reshape(-1)
