"""Built-in sets that need no file: two-dimensional ones drawn from a seed, and the small real ones of scikit-learn.

The drawn sets have the features ``x1`` and ``x2`` and the classes "0" and "1".
"""

from collections.abc import Sequence

import numpy as np

from hyperborn.data.columns import numeric_columns
from hyperborn.data.dataset import TARGET, RawExamples
from hyperborn.data.labels import chosen_classes, rows_of_classes
from hyperborn.errors import UserError, is_number, whole_number

TOY_CLASSES = ("0", "1")
Points = tuple[np.ndarray, np.ndarray]
"""Features (examples, 2) and labels (examples,)."""

SIZES = {"gaussian": 200, "moons": 500, "circles": 500, "xor": 500}
LARGEST_NOISE = 1_000_000
LARGEST_SIZE = 10_000_000
"""Most examples to draw: more would not fit into the memory of a small machine."""
NOISES = {"moons": 0.25, "circles": 0.15, "xor": 0.3}

GAUSSIAN_CENTRE = (-1.0, -2.0)
GAUSSIAN_MIXTURE = ((-2.0, 1.0), (1.0, 1.0), (2.0, -2.0))
GAUSSIAN_VARIANCE = 0.1
CIRCLES_FACTOR = 0.4

SCIKIT_NAMES = ("iris", "wine", "breast_cancer", "digits")
DIGITS_WIDTH = 8
DIGITS_BRIGHTEST = 16.0


def load_toy(
    name: str, *, classes: Sequence[int | str] | None, size: int | None, noise: float | None, seed: int
) -> RawExamples:
    """A toy set of ``size`` examples, about half of each class.

    Raises:
        UserError: a size that is no whole number from 2 to 10,000,000, or a noise out of range.
    """
    size = SIZES[name] if size is None else whole_number("size", size, 2, LARGEST_SIZE)
    chosen = chosen_classes(TOY_CLASSES, classes)
    x, y = toy_points(name, size, noise, seed)
    rows, y = rows_of_classes(y, chosen)
    names = tuple(TOY_CLASSES[index] for index in chosen)
    return RawExamples(numeric_columns(("x1", "x2")), TARGET, names, x[rows], y)


def toy_points(name: str, size: int, noise: float | None, seed: int) -> Points:
    """The points of a toy set; the noise is a standard deviation, by default that of `NOISES`."""
    if name == "gaussian":
        return gaussian(size, seed)
    noise = NOISES[name] if noise is None else noise
    if not (is_number(noise) and 0 <= noise <= LARGEST_NOISE):
        raise UserError(f"noise={noise!r} must be a number from 0 to {LARGEST_NOISE:,}")
    if name == "xor":
        return xor(size, float(noise), seed)
    from sklearn import datasets

    if name == "moons":
        x, y = datasets.make_moons(size, noise=float(noise), random_state=seed)
    else:
        x, y = datasets.make_circles(size, noise=float(noise), factor=CIRCLES_FACTOR, random_state=seed)
    return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.int64)


def gaussian(size: int, seed: int) -> Points:
    """Class 0: one normal distribution, half the examples; class 1: an equal mixture of three (arXiv 2301.08292)."""
    random = np.random.default_rng(seed)
    first = size // 2
    which = random.integers(len(GAUSSIAN_MIXTURE), size=size - first)
    centres = np.concatenate([np.tile(GAUSSIAN_CENTRE, (first, 1)), np.asarray(GAUSSIAN_MIXTURE)[which]])
    x = centres + np.sqrt(GAUSSIAN_VARIANCE) * random.standard_normal((size, 2))
    return x, np.repeat(np.asarray([0, 1], dtype=np.int64), [first, size - first])


def xor(size: int, noise: float, seed: int) -> Points:
    """Four normal distributions around (±1, ±1); class 1 where the two signs differ."""
    centres = np.asarray([[-1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [1.0, -1.0]])
    blob = np.arange(size) % 4
    x = centres[blob] + noise * np.random.default_rng(seed).standard_normal((size, 2))
    return x, (blob % 2).astype(np.int64)


def load_scikit(name: str, *, classes: Sequence[int | str] | None, pixels: int | None) -> RawExamples:
    """One of `SCIKIT_NAMES`; digits are scaled to [0, 1] and, with ``pixels``, mean-pooled to pixels × pixels.

    Raises:
        UserError: an unknown class, or pixels that do not divide 8.
    """
    from sklearn import datasets

    loaded = getattr(datasets, f"load_{name}")()
    x = np.asarray(loaded.data, dtype=np.float64)
    names = tuple(str(label) for label in loaded.target_names)
    features = tuple(str(feature) for feature in loaded.feature_names)
    chosen = chosen_classes(names, classes)
    rows, y = rows_of_classes(np.asarray(loaded.target, dtype=np.int64), chosen)
    x = x[rows]
    shape = None
    if name == "digits":
        width = DIGITS_WIDTH if pixels is None else checked_pixels(pixels)
        shape = (width, width)
        x, features = mean_pooled(x / DIGITS_BRIGHTEST, width), pixel_names(shape)
    labels = tuple(names[index] for index in chosen)
    return RawExamples(numeric_columns(features), TARGET, labels, x, y, image_shape=shape)


def checked_pixels(pixels: int) -> int:
    """The width of the images of digits, after a check that it divides that of the originals."""
    allowed = [width for width in range(1, DIGITS_WIDTH + 1) if DIGITS_WIDTH % width == 0]
    if isinstance(pixels, bool) or pixels not in allowed:
        raise UserError(f"pixels={pixels!r} must divide {DIGITS_WIDTH}; choose from: {', '.join(map(str, allowed))}")
    return int(pixels)


def mean_pooled(x: np.ndarray, width: int) -> np.ndarray:
    """Images (examples, 64) mean-pooled to (examples, width²), row-major."""
    block = DIGITS_WIDTH // width
    return x.reshape(-1, width, block, width, block).mean(axis=(2, 4)).reshape(len(x), width * width)


def pixel_names(shape: tuple[int, int]) -> tuple[str, ...]:
    """``pixel_row_column`` of images of this height and width, row-major."""
    height, width = shape
    return tuple(f"pixel_{row}_{column}" for row in range(height) for column in range(width))
