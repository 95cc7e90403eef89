"""Two-dimensional sets drawn from a seed: features ``x1`` and ``x2``, classes "0" and "1"."""

from collections.abc import Sequence

import numpy as np

from hyperborn.data.columns import numeric_columns
from hyperborn.data.labels import choose, select
from hyperborn.data.source import TARGET, Examples
from hyperborn.errors import UserError, is_number, whole_number

CLASSES = ("0", "1")
Drawn = tuple[np.ndarray, np.ndarray]
"""Features (examples, 2) and labels (examples,)."""

SIZES = {"gaussian": 200, "moons": 500, "circles": 500, "xor": 500}
LARGEST_NOISE = 1_000_000
LARGEST_SIZE = 10_000_000
"""Examples to draw; more would not fit into the memory of a small machine."""
NOISES = {"moons": 0.25, "circles": 0.15, "xor": 0.3}

GAUSSIAN_CENTRE = (-1.0, -2.0)
GAUSSIAN_MIXTURE = ((-2.0, 1.0), (1.0, 1.0), (2.0, -2.0))
GAUSSIAN_VARIANCE = 0.1
CIRCLES_FACTOR = 0.4


def load_toy(
    name: str, *, classes: Sequence[int | str] | None, size: int | None, noise: float | None, seed: int
) -> Examples:
    """A toy set of ``size`` examples, about half of each class.

    Raises:
        UserError: a size that is no whole number from 2 to 10,000,000, or a noise out of range.
    """
    size = SIZES[name] if size is None else whole_number("size", size, 2, LARGEST_SIZE)
    chosen = choose(CLASSES, classes)
    x, y = drawn(name, size, noise, seed)
    rows, y = select(y, chosen)
    names = tuple(CLASSES[index] for index in chosen)
    return Examples(numeric_columns(("x1", "x2")), TARGET, names, x[rows], y)


def drawn(name: str, size: int, noise: float | None, seed: int) -> Drawn:
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


def gaussian(size: int, seed: int) -> Drawn:
    """Class 0: one normal distribution, half the examples; class 1: an equal mixture of three (arXiv 2301.08292)."""
    random = np.random.default_rng(seed)
    first = size // 2
    which = random.integers(len(GAUSSIAN_MIXTURE), size=size - first)
    centres = np.concatenate([np.tile(GAUSSIAN_CENTRE, (first, 1)), np.asarray(GAUSSIAN_MIXTURE)[which]])
    x = centres + np.sqrt(GAUSSIAN_VARIANCE) * random.standard_normal((size, 2))
    return x, np.repeat(np.asarray([0, 1], dtype=np.int64), [first, size - first])


def xor(size: int, noise: float, seed: int) -> Drawn:
    """Four normal distributions around (±1, ±1); class 1 where the two signs differ."""
    centres = np.asarray([[-1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [1.0, -1.0]])
    blob = np.arange(size) % 4
    x = centres[blob] + noise * np.random.default_rng(seed).standard_normal((size, 2))
    return x, (blob % 2).astype(np.int64)
