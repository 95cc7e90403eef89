"""MNIST from a folder of its four idx files, plain or gzipped, which are checked before their contents are used."""

import gzip
import zlib
from collections.abc import Callable, Sequence
from math import prod
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from hyperborn._typing import Labels
from hyperborn.arguments import path_of
from hyperborn.data.built_in import pixel_names
from hyperborn.data.columns import numeric_columns
from hyperborn.data.dataset import TARGET, RawExamples
from hyperborn.data.labels import chosen_classes, rows_of_classes
from hyperborn.errors import UserError, whole_number
from hyperborn.storage import open_regular
from hyperborn.storage.bounded import check_size

DIGITS = tuple("0123456789")
WIDTH = 28
BRIGHTEST = 255.0
AT_ONCE = 4096
"""Images resized at once: about 25 MB of float64."""

GZIP = b"\x1f\x8b"
UNSIGNED_BYTE = 0x08
AGAIN = "fetch the file again"
MOST_BYTES = 256 * 2**20
"""Of the content once it is unzipped: 342,000 images of 28 x 28 pixels."""


def load_mnist(folder: str | Path | None, *, classes: Sequence[int | str] | None, pixels: int | None) -> RawExamples:
    """Training and official test examples of the chosen digits, in the order of the files, pixels in [0, 1].

    Each file holds at most 256 MiB once it is unzipped, which are 342,000 images.

    Raises:
        UserError: no folder, a missing, faulty or too large file, an unknown digit, or pixels out of range.
    """
    if folder is None:
        raise UserError("mnist needs the folder of its four idx files; give folder= (--folder)")
    folder = path_of("folder", folder, "a folder")
    if not is_folder(folder):
        raise UserError(f"{folder} is no folder; give that of the four idx files of MNIST (folder=, --folder)")
    width = WIDTH if pixels is None else whole_number("pixels", pixels, 1, WIDTH)
    chosen = chosen_classes(DIGITS, classes)
    x, y = pair_of_files(folder, "train", chosen, width)
    test = pair_of_files(folder, "t10k", chosen, width)
    names = tuple(DIGITS[index] for index in chosen)
    return RawExamples(numeric_columns(pixel_names(width)), TARGET, names, x, y, (*test, None))


def is_folder(path: Path) -> bool:
    """Whether there is a folder of this name, which may be too long for the system."""
    try:
        return path.is_dir()
    except OSError:
        return False


def pair_of_files(folder: Path, prefix: str, chosen: Sequence[int], width: int) -> tuple[np.ndarray, Labels]:
    """Pixels (examples, width²) and class indices of one pair of files."""
    images_path, labels_path = idx_file(folder, f"{prefix}-images", 3), idx_file(folder, f"{prefix}-labels", 1)
    images = read_idx(images_path, (None, WIDTH, WIDTH))
    labels = read_idx(labels_path, (None,))
    if len(images) != len(labels):
        raise UserError(f"{images_path} has {len(images)} images, {labels_path} {len(labels)} labels; fetch both again")
    if labels.max(initial=0) >= len(DIGITS):
        raise UserError(f"{labels_path} has the label {labels.max()}, which is no digit; fetch the file again")
    rows, y = rows_of_classes(labels.astype(np.int64), chosen)
    return resized(images[rows], width), y


def idx_file(folder: Path, stem: str, dimensions: int) -> Path:
    """The idx file of this stem under any of its usual names."""
    names = [f"{stem}{joint}idx{dimensions}-ubyte{end}" for joint in "-." for end in ("", ".gz")]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise UserError(
        f"{folder} has no file {names[0]} (nor {', '.join(names[1:])}); put the four files of MNIST there, or give "
        "their folder (folder=, --folder)"
    )


def resized(images: UInt8[np.ndarray, "examples 28 28"], width: int) -> Float[np.ndarray, "examples pixels"]:
    """Images resized to width × width and scaled to [0, 1], row-major.

    Bilinear interpolation with half-pixel centres and without antialiasing, as the quantum hypernetwork code resizes:
    for width 4 the sampling points fall on whole pixels and this is exactly ``images[:, 3::7, 3::7] / 255``.
    """
    centres = (np.arange(width) + 0.5) * (WIDTH / width) - 0.5
    low = np.floor(centres).astype(np.int64)
    high = np.minimum(low + 1, WIDTH - 1)
    part_high = centres - low
    result = np.empty((len(images), width * width))
    for start in range(0, len(images), AT_ONCE):
        block = images[start : start + AT_ONCE].astype(np.float64)
        rows = block[:, low] * (1 - part_high[:, None]) + block[:, high] * part_high[:, None]
        both = rows[:, :, low] * (1 - part_high) + rows[:, :, high] * part_high
        result[start : start + AT_ONCE] = both.reshape(len(block), -1) / BRIGHTEST
    return result


def read_idx(path: Path, shape: tuple[int | None, ...]) -> UInt8[np.ndarray, "..."]:
    """Unsigned bytes of an idx file of this shape, None standing for any length; at most 256 MiB.

    Raises:
        UserError: not a regular file, a wrong magic number, other dimensions, a size over the limit, a truncated or
            damaged file, or bytes after the end.
    """
    try:
        with open_regular(path) as file:
            zipped = file.read(2) == GZIP
            file.seek(0)
            if not zipped:
                return idx_content(file.read, path, shape)
            with gzip.open(file) as unzipped:
                return idx_content(unzipped.read, path, shape)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"{path} is truncated or damaged ({error}); {AGAIN}") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}; check its permissions") from error


def idx_content(read: Callable[[int], bytes], path: Path, shape: tuple[int | None, ...]) -> UInt8[np.ndarray, "..."]:
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
