"""Checks of the settings that several kinds of network have."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from hyperborn.errors import UserError, is_number, whole_number
from hyperborn.printable import shown

MOST_LAYERS = 32
"""Hidden layers, or convolutions: more take minutes to compile."""

LARGEST = 1_000_000
"""Weights beyond this, either way, would make logits overflow in layers that multiply."""

LARGEST_FEATURE = 1e15
"""Features beyond this, either way, make losses in float32 infinite, or gradients whose squares are."""


def checked_values(values: Any) -> tuple[float, float]:
    """The weights that bits 0 and 1 stand for, as floats.

    Raises:
        UserError: unless they are two distinct numbers, neither beyond LARGEST.
    """
    pair = values if isinstance(values, tuple | list) else ()
    if len(pair) != 2 or pair[0] == pair[1] or not all(is_number(value) and abs(value) <= LARGEST for value in pair):
        allowed = f"two distinct numbers from {-LARGEST:,} to {LARGEST:,}, such as (-1, 1)"
        raise UserError(f"values={values!r} must be {allowed}")
    return float(pair[0]), float(pair[1])


def layer_sizes(name: str, sizes: Any, size_name: str, example: str) -> tuple[int, ...]:
    """The sizes of layers, as whole numbers from 1 on.

    Raises:
        UserError: unless they are a tuple or list of such numbers, `MOST_LAYERS` at most.
    """
    if not isinstance(sizes, tuple | list):
        raise UserError(f"{name}={shown(sizes)} must list {example}")
    if len(sizes) > MOST_LAYERS:
        raise UserError(f"{name} lists {len(sizes):,} layers, over the limit of {MOST_LAYERS}; give fewer")
    return tuple(whole_number(size_name, size, 1) for size in sizes)


def check_magnitude(x: Float[np.ndarray, "examples features"], names: Sequence[str]) -> None:
    """Check that float32 arithmetic can take finite features; `names` are theirs.

    Raises:
        UserError: naming the first feature with a value beyond `LARGEST_FEATURE` either way.
    """
    too_large = np.argwhere(np.abs(x) > LARGEST_FEATURE)
    if len(too_large):
        row, column = too_large[0]
        raise UserError(
            f"feature {names[column]!r} has the value {x[row, column]:.6g}, and training takes values up to "
            f"{LARGEST_FEATURE:g} either way; standardise the features (standardize=True, --standardize true), or "
            "correct or rescale this one"
        )


def one_of(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    """Raise a UserError if the value of a setting is not one of those allowed."""
    if not isinstance(value, str) or value not in allowed:
        raise UserError(f"{name}={shown(value)} is unknown; choose one of {', '.join(allowed)}")
