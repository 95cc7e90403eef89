"""Derivatives by central finite differences."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float, Int

STEP = 1e-5
"""Step of angles (radians)."""


def finite_differences(
    value: Callable[[np.ndarray], Any],
    at: Float[np.ndarray, " numbers"],
    steps: float | Float[np.ndarray, " numbers"] = STEP,
    places: Int[np.ndarray, " places"] | None = None,
) -> Float[np.ndarray, " derivatives"]:
    """Derivatives of a value by the numbers that it is taken at.

    Args:
        value: a function of these numbers.
        at: the numbers.
        steps: of each of them, or of all.
        places: those by which to differentiate; all, if absent.
    """
    own = np.broadcast_to(steps, at.shape)
    found = []
    for place in range(len(at)) if places is None else places:
        shift = own * (np.arange(len(at)) == place)
        found.append((float(value(at + shift)) - float(value(at - shift))) / (2 * own[place]))
    return np.array(found)
