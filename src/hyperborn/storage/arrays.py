"""Arrays and plain values as bytes: the same content gives the same bytes, and nothing is ever pickled."""

import io
import json
import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from hyperborn.errors import UserError

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The one time stamp of every zip entry: the earliest there is."""

ENDING = ".npy"
END_OF_ZIP = b"PK\5\6"
REMEDY = "restore it from a copy, or make it again"

UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, tokenize.TokenError, EOFError, OSError),
    *(ValueError, TypeError, RuntimeError, OverflowError, MemoryError),
)
"""What the zip module and NumPy raise on bytes that are not what they seem."""


def arrays_to_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Arrays of any shapes as an uncompressed .npz that `numpy.load` reads; equal arrays give equal bytes.

    Raises:
        UserError: naming an array whose dtype would not come back as it is, or a name that cannot be stored.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            if not name or not name.isprintable() or name.endswith(ENDING):
                raise UserError(f"array name {name!r} cannot be stored; use printable ones that do not end in {ENDING}")
            entry = zipfile.ZipInfo(name + ENDING, EPOCH)
            entry.create_system = 3  # the zip module would else write down which system this is
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, array_to_bytes(arrays[name], name))
    return buffer.getvalue()


def arrays_from_bytes(data: bytes, source: str) -> dict[str, np.ndarray]:
    """The arrays in an .npz, by name. Compressed entries are refused, so that they take no more memory than the bytes.

    Raises:
        UserError: naming `source` if the bytes are not whole, are compressed, or hold pickled objects.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
                raise zipfile.BadZipFile("its entries are compressed, and hyperborn stores them as they are")
            # Entries that share their bytes could be many times larger than the file.
            if sum(entry.file_size for entry in entries) > len(data):
                raise zipfile.BadZipFile("overlapping entries")
            # The zip module does not compare the number of entries with the one written at the end (at most 65535).
            (count,) = struct.unpack_from("<H", data, data.rindex(END_OF_ZIP) + 10)
            if count != min(len(entries), 0xFFFF):
                raise zipfile.BadZipFile("lost entries")
            # An entry's checksum is verified when its last byte is read, so all of it is read before any is parsed.
            contents = {entry.filename: archive.read(entry) for entry in entries}
    except UNREADABLE as error:
        what = str(error) or type(error).__name__
        raise UserError(f"{source} is not a whole .npz file ({what}); {REMEDY}") from error
    if not all(name.endswith(ENDING) for name in contents):
        raise UserError(f"{source} holds an entry that is not an array; {REMEDY}")
    return {
        name.removesuffix(ENDING): array_from_bytes(entry, f"{source} ({name.removesuffix(ENDING)})")
        for name, entry in contents.items()
    }


def array_to_bytes(array: np.ndarray, name: str) -> bytes:
    """One array of any shape as .npy bytes, in C order.

    Raises:
        UserError: naming the array if its dtype would not come back as it is.
    """
    # Objects would be pickled; records and the extension types of JAX (bfloat16) would come back as raw bytes.
    if array.dtype.hasobject or np.dtype(array.dtype.str) != array.dtype:
        raise UserError(f"array {name!r} of dtype {array.dtype} cannot be stored; convert it to a plain number type")
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(array, order="C"), allow_pickle=False)
    return buffer.getvalue()


def array_from_bytes(data: bytes, source: str) -> np.ndarray:
    """The array in .npy bytes.

    Raises:
        UserError: naming `source` if they are not whole, or hold pickled objects.
    """
    buffer = io.BytesIO(data)
    try:
        array = np.lib.format.read_array(buffer, allow_pickle=False)
        if array.nbytes < array.size:
            raise ValueError("items without bytes, however many")
    except UNREADABLE as error:
        raise UserError(f"{source} is not a whole .npy array; {REMEDY}") from error
    if buffer.read(1):
        raise UserError(f"{source} has bytes after the end of its array; {REMEDY}")
    return array


def json_to_bytes(value: Any) -> bytes:
    """A value as JSON with sorted keys, indented, ending in a newline; floats come back to the last bit.

    Tuples become lists, NumPy scalars plain numbers.

    Raises:
        UserError: naming the key of a value that is not finite, or that JSON does not know.
    """
    return (json.dumps(plain(value), sort_keys=True, indent=2, allow_nan=False) + "\n").encode("ascii")


def json_from_bytes(data: bytes, source: str) -> Any:
    """The value in JSON bytes.

    Raises:
        UserError: naming `source` if they are not JSON, or hold a number that is not finite.
    """
    try:
        return plain(json.loads(data.decode("utf-8")))
    except UserError as error:
        raise UserError(f"{source}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{source} is not valid JSON ({error}); {REMEDY}") from error


def plain(value: Any, key: str = "") -> Any:
    """The value built of the types that JSON knows, each checked; `key` is its place, such as `state.rate`.

    Raises:
        UserError: naming the key of what JSON cannot hold.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise UserError(f"{key or 'the value'} is {value}, which JSON cannot hold; use a finite number or null")
        return value
    if isinstance(value, Mapping):
        for name in value:
            if not isinstance(name, str):
                raise UserError(f"{key or 'the value'} has the key {name!r}, which is not text; use a text key")
        return {name: plain(item, f"{key}.{name}" if key else name) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, f"{key}[{place}]") for place, item in enumerate(value)]
    raise UserError(f"{key or 'the value'} is a {type(value).__name__}, which JSON cannot hold; use plain values")
