"""Counts as bytes: bits packed eight to a byte, tallies beside them, compressed."""

import zlib
from collections.abc import Sequence

import numpy as np

from hyperborn.backends.batch import Counts
from hyperborn.errors import UserError
from hyperborn.storage import arrays_from_bytes, arrays_to_bytes

LEVEL = 1
"""Of compression: shots are near random, and more effort gains little."""


def packed(reply: Sequence[Counts]) -> bytes:
    """The counts of all points, in order; strings may be of any length, as a backend may return what it should not."""
    # What is no table is kept as a single row: a reply may be anything.
    tables = [point.bits if point.bits.ndim == 2 else point.bits.reshape(1, -1) for point in reply]
    tallies = np.concatenate([np.zeros(0, np.int64), *(point.counts.ravel() for point in reply)])
    # Most outcomes come a few times: a byte each is enough for most tables.
    extremes = tallies.min(initial=0), tallies.max(initial=0)
    kind = np.result_type(*map(np.min_scalar_type, extremes))
    arrays = {
        "shapes": np.array([table.shape for table in tables], np.int64).reshape(-1, 2),
        "bits": np.packbits(np.concatenate([np.zeros(0, np.uint8), *(table.ravel() for table in tables)])),
        "rows": np.array([point.counts.size for point in reply], np.int64),
        "counts": tallies.astype(kind),
    }
    return zlib.compress(arrays_to_bytes(arrays), LEVEL)


def unpacked(data: bytes, source: str) -> tuple[Counts, ...]:
    """The counts in bytes that `packed` made.

    Raises:
        UserError: naming `source` if they are not whole.
    """
    try:
        plain = zlib.decompress(data)
    except zlib.error as error:
        raise UserError(f"{source}: not whole ({error}); restore the file from a copy") from error
    arrays = arrays_from_bytes(plain, source)
    shapes, rows = arrays["shapes"], arrays["rows"]
    sizes = shapes.prod(axis=1)
    flat = np.unpackbits(arrays["bits"], count=int(sizes.sum()))
    # The last piece of each split is what is left after the last point: nothing.
    tables, tallies = np.split(flat, np.cumsum(sizes)), np.split(arrays["counts"].astype(np.int64), np.cumsum(rows))
    return tuple(
        Counts(table.reshape(shape), counts)
        for table, shape, counts in zip(tables[:-1], shapes, tallies[:-1], strict=True)
    )
