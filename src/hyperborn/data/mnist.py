"""MNIST from a folder of its four idx files, plain or gzipped."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hyperborn._typing import Labels
from hyperborn.arguments import path_of
from hyperborn.data.built_in import pixel_names
from hyperborn.data.columns import numeric_columns
from hyperborn.data.dataset import TARGET, RawExamples
from hyperborn.data.idx import pair_of_files, resized
from hyperborn.data.labels import chosen_classes, rows_of_classes
from hyperborn.errors import UserError, whole_number

DIGITS = tuple("0123456789")
WIDTH = 28


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
    shape = (width, width)
    x, y = examples_of(folder, "train", chosen, shape)
    test = examples_of(folder, "t10k", chosen, shape)
    names = tuple(DIGITS[index] for index in chosen)
    return RawExamples(numeric_columns(pixel_names(shape)), TARGET, names, x, y, (*test, None), image_shape=shape)


def is_folder(path: Path) -> bool:
    """Whether there is a folder of this name, which may be too long for the system."""
    try:
        return path.is_dir()
    except OSError:
        return False


def examples_of(folder: Path, prefix: str, chosen: Sequence[int], shape: tuple[int, int]) -> tuple[np.ndarray, Labels]:
    """Pixels (examples, height · width) and class indices of one pair of files."""
    images_path, labels_path = idx_file(folder, f"{prefix}-images", 3), idx_file(folder, f"{prefix}-labels", 1)
    images, labels = pair_of_files(images_path, labels_path, (WIDTH, WIDTH))
    if labels.max(initial=0) >= len(DIGITS):
        raise UserError(
            f"{labels_path} has the label {labels.max()}, which is no digit; fetch the file again, or give files of "
            "other classes as IMAGES --labels LABELS"
        )
    rows, y = rows_of_classes(labels, chosen)
    return resized(images[rows], shape), y


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
