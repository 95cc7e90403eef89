"""The small real sets that come with scikit-learn: nothing is downloaded."""

from collections.abc import Sequence

import numpy as np

from hyperborn.data.columns import numeric_columns
from hyperborn.data.labels import choose, select
from hyperborn.data.source import TARGET, Examples
from hyperborn.errors import UserError

NAMES = ("iris", "wine", "breast_cancer", "digits")
DIGITS_WIDTH = 8
DIGITS_BRIGHTEST = 16.0


def load_scikit(name: str, *, classes: Sequence[int | str] | None, pixels: int | None) -> Examples:
    """One of `NAMES`; digits are scaled to [0, 1] and, with ``pixels``, mean-pooled to pixels × pixels.

    Raises:
        UserError: an unknown class, or pixels that do not divide 8.
    """
    from sklearn import datasets

    loaded = getattr(datasets, f"load_{name}")()
    x = np.asarray(loaded.data, dtype=np.float64)
    names = tuple(str(label) for label in loaded.target_names)
    features = tuple(str(feature) for feature in loaded.feature_names)
    chosen = choose(names, classes)
    rows, y = select(np.asarray(loaded.target, dtype=np.int64), chosen)
    x = x[rows]
    if name == "digits":
        width = DIGITS_WIDTH if pixels is None else checked_pixels(pixels)
        x, features = pooled(x / DIGITS_BRIGHTEST, width), pixel_names(width)
    return Examples(numeric_columns(features), TARGET, tuple(names[index] for index in chosen), x, y)


def checked_pixels(pixels: int) -> int:
    allowed = [width for width in range(1, DIGITS_WIDTH + 1) if DIGITS_WIDTH % width == 0]
    if isinstance(pixels, bool) or pixels not in allowed:
        raise UserError(f"pixels={pixels!r} must divide {DIGITS_WIDTH}; choose from: {', '.join(map(str, allowed))}")
    return int(pixels)


def pooled(x: np.ndarray, width: int) -> np.ndarray:
    """Images (examples, 64) mean-pooled to (examples, width²), row-major."""
    block = DIGITS_WIDTH // width
    return x.reshape(-1, width, block, width, block).mean(axis=(2, 4)).reshape(len(x), width * width)


def pixel_names(width: int) -> tuple[str, ...]:
    """``pixel_row_column`` of square images, row-major."""
    return tuple(f"pixel_{row}_{column}" for row in range(width) for column in range(width))
