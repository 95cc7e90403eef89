"""Counts as compressed bytes, with eight bits of outcomes to a byte."""

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from hyperborn.backends.batch import Counts, no_table
from hyperborn.errors import UserError
from hyperborn.storage import arrays_from_bytes, arrays_to_bytes

LEVEL = 1
"""Level of compression: shots are almost random, and a higher level gains little."""

MOST_UNPACKED = 2**31
"""Most bytes of one job's counts before compression: a small forged file could otherwise fill the memory."""


def is_storable(reply: Any) -> bool:
    """Whether a reply, which may be any object, is unchanged after `counts_to_bytes` and `counts_from_bytes`."""
    return isinstance(reply, list | tuple) and all(
        no_table(point) is None and not ((point.bits < 0) | (point.bits > 1)).any() for point in reply
    )


def counts_to_bytes(reply: Sequence[Counts]) -> bytes:
    """The counts of all points, in order; rows may have any width, as a backend may return wrong ones."""
    tallies = np.concatenate([np.zeros(0, np.int64), *(point.counts.astype(np.int64) for point in reply)])
    # Most outcomes occur a few times, so that a byte for each is enough in most tables.
    extremes = tallies.min(initial=0), tallies.max(initial=0)
    kind = np.result_type(*map(np.min_scalar_type, extremes))
    arrays = {
        "shapes": np.array([point.bits.shape for point in reply], np.int64).reshape(-1, 2),
        "bits": np.packbits(np.concatenate([np.zeros(0, np.uint8), *(point.bits.ravel() for point in reply)])),
        "rows": np.array([point.counts.size for point in reply], np.int64),
        "counts": tallies.astype(kind),
    }
    return zlib.compress(arrays_to_bytes(arrays), LEVEL)


def counts_from_bytes(data: bytes, source: str) -> tuple[Counts, ...]:
    """The counts in bytes of `counts_to_bytes`.

    Raises:
        UserError: with `source` in its message, if the bytes are damaged or hold more than `MOST_UNPACKED` bytes.
    """
    expander = zlib.decompressobj()
    try:
        plain = expander.decompress(data, MOST_UNPACKED)
        if not expander.eof or expander.unused_data:
            raise ValueError("cut off, or too long")
        arrays = arrays_from_bytes(plain, source)
        shapes, rows, tallies = arrays["shapes"], arrays["rows"], arrays["counts"]
        if shapes.ndim != 2 or shapes.shape[1] != 2 or not np.array_equal(shapes[:, 0], rows):
            raise ValueError(f"tables of shapes {shapes.shape} for rows of shape {rows.shape}")
        if shapes.min(initial=0) < 0 or shapes.dtype.kind != "i" or tallies.dtype.kind not in "ui":
            raise ValueError("impossible sizes")
        # Python's integers do not overflow.
        cells, n_rows = sum(int(height) * int(width) for height, width in shapes), sum(map(int, rows))
        if arrays["bits"].shape != (-(-cells // 8),) or tallies.shape != (n_rows,):
            raise ValueError(f"{cells} bits and {n_rows} counts do not fit")
        flat = np.unpackbits(arrays["bits"], count=cells)
    except (zlib.error, KeyError, TypeError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{source}: damaged ({error}); restore the file from a copy") from error
    # The last piece of each split, after the last point, is empty.
    tables, counts = np.split(flat, np.cumsum(shapes.prod(axis=1))), np.split(tallies.astype(np.int64), np.cumsum(rows))
    return tuple(
        Counts(table.reshape(shape), ones) for table, shape, ones in zip(tables[:-1], shapes, counts[:-1], strict=True)
    )
