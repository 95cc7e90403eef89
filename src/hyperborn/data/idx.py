"""Files in the idx format of MNIST, plain or gzipped, checked before they are believed."""

import gzip
import zlib
from collections.abc import Callable
from math import prod
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from hyperborn.errors import UserError
from hyperborn.storage import open_regular
from hyperborn.storage.bounded import check_size

GZIP = b"\x1f\x8b"
UNSIGNED_BYTE = 0x08
AGAIN = "fetch the file again"
MOST_BYTES = 256 * 2**20
"""Of the content once it is unzipped: 342,000 images of 28 x 28 pixels."""


def read_idx(path: Path, shape: tuple[int | None, ...]) -> UInt8[np.ndarray, "..."]:
    """Unsigned bytes of an idx file of this shape, None standing for any length; at most 256 MiB.

    Raises:
        UserError: no regular file, a wrong magic number, other dimensions, a size over the limit, a truncated or
            damaged file, or bytes after the end.
    """
    try:
        with open_regular(path) as file:
            zipped = file.read(2) == GZIP
            file.seek(0)
            if not zipped:
                return content(file.read, path, shape)
            with gzip.open(file) as unzipped:
                return content(unzipped.read, path, shape)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"{path} is truncated or damaged ({error}); {AGAIN}") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}; check its permissions") from error


def content(read: Callable[[int], bytes], path: Path, shape: tuple[int | None, ...]) -> UInt8[np.ndarray, "..."]:
    expected = UNSIGNED_BYTE << 8 | len(shape)
    magic = int.from_bytes(read(4), "big")
    if magic != expected:
        raise UserError(f"{path} has the magic number {magic}, not {expected}: not the idx file its name says; {AGAIN}")
    header = read(4 * len(shape))
    if len(header) < 4 * len(shape):
        raise UserError(f"{path} is truncated within its header; {AGAIN}")
    lengths = tuple(int(length) for length in np.frombuffer(header, dtype=">u4"))
    if any(wanted not in (None, length) for length, wanted in zip(lengths, shape, strict=True)):
        wanted = " x ".join("any" if length is None else str(length) for length in shape)
        raise UserError(f"{path} has dimensions {' x '.join(map(str, lengths))}, not {wanted}; {AGAIN}")
    check_size(path, prod(lengths), MOST_BYTES, f"the header announces {' x '.join(map(str, lengths))}; {AGAIN}")
    # In pieces, so that a damaged header asks for no more than the file holds.
    size, pieces = prod(lengths), []
    while size > 0 and (piece := read(min(size, 1 << 24))):
        pieces.append(piece)
        size -= len(piece)
    if size > 0:
        raise UserError(f"{path} is truncated: {size} of {prod(lengths)} bytes are missing; {AGAIN}")
    if read(1):
        raise UserError(f"{path} goes on after its {prod(lengths)} bytes; {AGAIN}")
    return np.frombuffer(b"".join(pieces), dtype=np.uint8).reshape(lengths)
