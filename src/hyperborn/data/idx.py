"""Idx files of images and of labels, plain or gzipped, which are checked before their contents are used.

The format is that of MNIST (http://yann.lecun.com/exdb/mnist): a magic number, the dimensions, and a byte a pixel or
label.
"""

import gzip
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, UInt8

from hyperborn.arguments import path_of
from hyperborn.data.built_in import pixel_names
from hyperborn.data.columns import numeric_columns
from hyperborn.data.dataset import TARGET, RawExamples
from hyperborn.data.labels import chosen_classes, counted, joined, rows_of_classes
from hyperborn.data.tables import MOST_COLUMNS, Table
from hyperborn.errors import UserError, whole_number
from hyperborn.storage import open_regular
from hyperborn.storage.bounded import check_size

ENDINGS = ("-ubyte", ".ubyte", ".idx", ".idx3")
"""Of names of idx files, beside .gz."""

BRIGHTEST = 255.0
AT_ONCE = 4096
"""Images resized at once: about 25 MB of float64 for 28 x 28 pixels."""

GZIP = b"\x1f\x8b"
UNSIGNED_BYTE = 0x08
AGAIN = "fetch the file again"
MOST_BYTES = 256 * 2**20
"""Of the content once it is unzipped: 342,000 images of 28 x 28 pixels."""


def is_idx(path: Path) -> bool:
    """Whether a file has the name of an idx file."""
    return path.name.lower().removesuffix(".gz").endswith(ENDINGS)


@dataclass(frozen=True)
class Pairs:
    """A pair of files of images and labels to learn from, and perhaps another one for the test split."""

    images: str | Path
    labels: str | Path | None
    test_images: str | Path | None = None
    test_labels: str | Path | None = None


def load_idx(pairs: Pairs, *, classes: Sequence[int | str] | None, pixels: int | None) -> RawExamples:
    """Examples of a user's own idx files, in their order, pixels in [0, 1].

    Classes are the labels that occur in the first pair, from small to large. Each file holds at most 256 MiB once it is
    unzipped, and an image at most 100,000 pixels.

    Args:
        pairs: the files.
        classes: which labels and in which order; all of them for None.
        pixels: resize images to pixels × pixels, at most their shorter side; None keeps them.

    Raises:
        UserError: a missing, faulty or too large file, files that do not fit each other, an unknown class, or pixels
            out of range.
    """
    if pairs.labels is None:
        raise UserError(without_labels(pairs.images))
    if (pairs.test_images is None) != (pairs.test_labels is None):
        given, other = ("test_labels", "test_file") if pairs.test_images is None else ("test_file", "test_labels")
        flag = other.replace("_", "-")
        raise UserError(f"{given} goes with {other} where data are images; give the idx file of it (--{flag} FILE)")
    images, labels = pair_of_files(path_of("name", pairs.images, "a file"), path_of("labels", pairs.labels, "a file"))
    known = np.unique(labels)
    if len(known) < 2:
        raise UserError(f"{pairs.labels} has the one label {joined(map(str, known))}; two classes or more are needed")
    names = tuple(str(label) for label in known)
    chosen = chosen_classes(names, classes)
    shape = shape_of(images, pixels, str(pairs.images))

    def examples(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows, y = rows_of_classes(np.searchsorted(known, labels), chosen)
        return resized(images[rows], shape), y

    test = None
    if pairs.test_images is not None and pairs.test_labels is not None:
        test_path = path_of("test_file", pairs.test_images, "a file")
        labels_path = path_of("test_labels", pairs.test_labels, "a file")
        test_images, test_labels = pair_of_files(test_path, labels_path)
        if test_images.shape[1:] != images.shape[1:]:
            sizes = [" x ".join(map(str, found.shape[1:])) for found in (test_images, images)]
            raise UserError(f"{test_path} has images of {sizes[0]} pixels, and {pairs.images} of {sizes[1]}")
        unknown = np.setdiff1d(test_labels, known)
        if len(unknown):
            raise UserError(
                f"{labels_path} has the label {unknown[0]}, which {pairs.labels} has not; correct or remove its images"
            )
        test = (*examples(test_images, test_labels), None)
    return RawExamples(
        numeric_columns(pixel_names(shape)),
        TARGET,
        tuple(names[index] for index in chosen),
        *examples(images, labels),
        test,
        image_shape=shape,
    )


def table_of_images(path: Path, names: Sequence[str]) -> Table:
    """The images of a file as a table with the columns of earlier ones, named as `pixel_names` does.

    Images of another size are resized, and a note of the table says so.

    Raises:
        UserError: as `read_idx`, or if the names are not those of pixels.
    """
    shape = shape_of_names(path, names)
    return table_of(read_idx(path, (None, None, None)), shape, path, {})


def table_of_labelled_images(path: Path, labels: str | Path | None, names: Sequence[str], target: str) -> Table:
    """As `table_of_images`, with the labels of another file as the column of this name, which is text.

    Raises:
        UserError: without labels, as `pair_of_files`, or if the names are not those of pixels.
    """
    if labels is None:
        raise UserError(without_labels(path))
    shape = shape_of_names(path, names)
    images, found = pair_of_files(path, path_of("labels", labels, "a file"))
    return table_of(images, shape, path, {target: found.astype(str).astype(object)})


def table_of(
    images: UInt8[np.ndarray, "images height width"],
    shape: tuple[int, int],
    path: Path,
    more: Mapping[str, np.ndarray],
) -> Table:
    """The pixels of images as columns once they are resized to this shape, and columns of text beside them."""
    own = images.shape[1:]
    if not prod(own):
        raise UserError(f"{path} has images of {own[0]} x {own[1]} pixels; {AGAIN}")
    note = f"{path}: images of {own[0]} x {own[1]} pixels are resized to the {shape[0]} x {shape[1]} of earlier ones"
    columns = dict(zip(pixel_names(shape), resized(images, shape).T, strict=True))
    return Table({**columns, **more}, str(path), frozenset(more), notes=() if own == shape else (note,))


def shape_of_names(path: Path, names: Sequence[str]) -> tuple[int, int]:
    """Height and width of images whose pixels have these names.

    Raises:
        UserError: if they are the names of something else.
    """
    parts = names[-1].split("_")
    height, width = (int(part) + 1 if part.isdecimal() else 0 for part in parts[-2:]) if len(parts) == 3 else (0, 0)
    if not 0 < height * width == len(names) or tuple(names) != pixel_names((height, width)):
        raise UserError(f"{path} holds images, and the columns that are needed are {joined(names, 4)}; give a table")
    return height, width


def without_labels(images: str | Path) -> str:
    """What is said of images without a file of labels."""
    return f"{images} holds images alone; give the idx file of their labels as well (--labels FILE)"


def shape_of(images: UInt8[np.ndarray, "images height width"], pixels: int | None, name: str) -> tuple[int, int]:
    """Height and width of the images of a file once they are resized, if they are.

    Raises:
        UserError: if they have no pixels or too many, or `pixels` is out of range.
    """
    height, width = images.shape[1:]
    if not height * width:
        raise UserError(f"{name} has images of {height} x {width} pixels; {AGAIN}")
    if pixels is not None:
        pixels = whole_number("pixels", pixels, 1, min(height, width))
        height = width = pixels
    if height * width > MOST_COLUMNS:
        raise UserError(
            f"{name} has images of {height} x {width} pixels, over the limit of {MOST_COLUMNS:,}; reduce them "
            f"(--pixels {min(height, width, int(MOST_COLUMNS**0.5))} or fewer)"
        )
    return height, width


def pair_of_files(
    images_path: Path, labels_path: Path, shape: tuple[int | None, int | None] = (None, None)
) -> tuple[UInt8[np.ndarray, "images height width"], Int[np.ndarray, " images"]]:
    """Images and labels of a pair of files; images of this height and width, None standing for any.

    Raises:
        UserError: as `read_idx`, or if there are not as many labels as images.
    """
    images, labels = read_idx(images_path, (None, *shape)), read_idx(labels_path, (None,))
    if len(images) != len(labels):
        raise UserError(
            f"{images_path} has {counted(len(images), 'image')}, {labels_path} {counted(len(labels), 'label')}; give "
            "two files that belong together, or fetch both again"
        )
    return images, labels.astype(np.int64)


def resized(
    images: UInt8[np.ndarray, "images height width"], shape: tuple[int, int]
) -> Float[np.ndarray, "images pixels"]:
    """Images resized to this height and width and scaled to [0, 1], row-major.

    Bilinear interpolation with half-pixel centres and without antialiasing, as the quantum hypernetwork code resizes:
    for 28 x 28 pixels and a width of 4 the sampling points fall on whole pixels and this is exactly
    ``images[:, 3::7, 3::7] / 255``.
    """
    (up, down, below), (left, right, beside) = map(sampling_points, images.shape[1:], shape)
    result = np.empty((len(images), prod(shape)))
    for start in range(0, len(images), AT_ONCE):
        block = images[start : start + AT_ONCE].astype(np.float64)
        if block.shape[1:] != shape:
            rows = block[:, up] * (1 - below[:, None]) + block[:, down] * below[:, None]
            block = rows[:, :, left] * (1 - beside) + rows[:, :, right] * beside
        result[start : start + AT_ONCE] = block.reshape(len(block), -1) / BRIGHTEST
    return result


def sampling_points(
    size: int, wanted: int
) -> tuple[Int[np.ndarray, " wanted"], Int[np.ndarray, " wanted"], Float[np.ndarray, " wanted"]]:
    """Of each wanted pixel along a side: the pixels on both sides of it, and the second one's part."""
    centres = (np.arange(wanted) + 0.5) * (size / wanted) - 0.5
    low = np.floor(centres).astype(np.int64)
    return low, np.minimum(low + 1, size - 1), centres - low


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
        reason = error.strerror or error
        raise UserError(f"{path} cannot be read: {reason}; check the path and its permissions") from error


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
