"""MNIST from a folder of its four idx files."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from hyperborn._typing import Labels
from hyperborn.data.columns import numeric_columns
from hyperborn.data.idx import read_idx
from hyperborn.data.labels import choose, select
from hyperborn.data.scikit import pixel_names
from hyperborn.data.source import TARGET, Examples
from hyperborn.errors import UserError, whole_number

DIGITS = tuple("0123456789")
WIDTH = 28
BRIGHTEST = 255.0
AT_ONCE = 4096
"""Images resized at once: about 25 MB of float64."""


def load_mnist(folder: str | Path | None, *, classes: Sequence[int | str] | None, pixels: int | None) -> Examples:
    """Training and official test examples of the chosen digits, in the order of the files, pixels in [0, 1].

    Each file holds at most 256 MiB once it is unzipped, which are 342,000 images.

    Raises:
        UserError: no folder, a missing, faulty or too large file, an unknown digit, or pixels out of range.
    """
    if folder is None:
        raise UserError("mnist needs the folder of its four idx files; give folder= (--folder)")
    folder = Path(folder)
    if not is_folder(folder):
        raise UserError(f"{folder} is no folder; give that of the four idx files of MNIST (folder=, --folder)")
    width = WIDTH if pixels is None else whole_number("pixels", pixels, 1, WIDTH)
    chosen = choose(DIGITS, classes)
    x, y = part(folder, "train", chosen, width)
    test = part(folder, "t10k", chosen, width)
    names = tuple(DIGITS[index] for index in chosen)
    return Examples(numeric_columns(pixel_names(width)), TARGET, names, x, y, test)


def is_folder(path: Path) -> bool:
    """Whether there is a folder of this name; one that is too long is none."""
    try:
        return path.is_dir()
    except OSError:
        return False


def part(folder: Path, prefix: str, chosen: Sequence[int], width: int) -> tuple[np.ndarray, Labels]:
    """Pixels (examples, width²) and class indices of one pair of files."""
    images_path, labels_path = found(folder, f"{prefix}-images", 3), found(folder, f"{prefix}-labels", 1)
    images = read_idx(images_path, (None, WIDTH, WIDTH))
    labels = read_idx(labels_path, (None,))
    if len(images) != len(labels):
        raise UserError(f"{images_path} has {len(images)} images, {labels_path} {len(labels)} labels; fetch both again")
    if labels.max(initial=0) >= len(DIGITS):
        raise UserError(f"{labels_path} has the label {labels.max()}, which is no digit; fetch the file again")
    rows, y = select(labels.astype(np.int64), chosen)
    return resized(images[rows], width), y


def found(folder: Path, stem: str, dimensions: int) -> Path:
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
