"""Counts as bytes: bits packed eight to a byte, tallies beside them, compressed."""

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from hyperborn.backends.batch import Counts, no_table
from hyperborn.errors import UserError
from hyperborn.storage import arrays_from_bytes, arrays_to_bytes

LEVEL = 1
"""Of compression: shots are near random, and more effort gains little."""

LARGEST = 2**31
"""Bytes of one job's counts before compression; a few forged ones could else fill the memory."""


def is_storable(reply: Any) -> bool:
    """Whether `counts_from_bytes` gives back what `counts_to_bytes` makes of a reply, which may be anything."""
    return isinstance(reply, list | tuple) and all(
        no_table(point) is None and not ((point.bits < 0) | (point.bits > 1)).any() for point in reply
    )


def counts_to_bytes(reply: Sequence[Counts]) -> bytes:
    """The counts of all points, in order; strings may be of any length, as a backend may return what it should not."""
    tallies = np.concatenate([np.zeros(0, np.int64), *(point.counts.astype(np.int64) for point in reply)])
    # Most outcomes come a few times: a byte each is enough for most tables.
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
    """The counts in bytes that `counts_to_bytes` made.

    Raises:
        UserError: naming `source` if they are not whole, or of more than `LARGEST` bytes.
    """
    expander = zlib.decompressobj()
    try:
        plain = expander.decompress(data, LARGEST)
        if not expander.eof or expander.unused_data:
            raise ValueError("cut off, or too long")
        arrays = arrays_from_bytes(plain, source)
        shapes, rows, tallies = arrays["shapes"], arrays["rows"], arrays["counts"]
        if shapes.ndim != 2 or shapes.shape[1] != 2 or not np.array_equal(shapes[:, 0], rows):
            raise ValueError(f"tables of shapes {shapes.shape} for rows of shape {rows.shape}")
        if shapes.min(initial=0) < 0 or shapes.dtype.kind != "i" or tallies.dtype.kind not in "ui":
            raise ValueError("sizes that are none")
        # Sums of Python's integers, which have no end.
        cells, n_rows = sum(int(height) * int(width) for height, width in shapes), sum(map(int, rows))
        if arrays["bits"].shape != (-(-cells // 8),) or tallies.shape != (n_rows,):
            raise ValueError(f"{cells} bits and {n_rows} counts do not fit")
        flat = np.unpackbits(arrays["bits"], count=cells)
    except (zlib.error, KeyError, TypeError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{source}: not whole ({error}); restore the file from a copy") from error
    # The last piece of each split is what is left after the last point: nothing.
    tables, counts = np.split(flat, np.cumsum(shapes.prod(axis=1))), np.split(tallies.astype(np.int64), np.cumsum(rows))
    return tuple(
        Counts(table.reshape(shape), ones) for table, shape, ones in zip(tables[:-1], shapes, counts[:-1], strict=True)
    )
