"""What every loader hands over: examples of the chosen classes, before they are split and before any statistics."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from hyperborn._typing import Labels
from hyperborn.data.columns import Column


@dataclass(frozen=True, eq=False)
class Examples:
    """Raw examples; ``test`` holds the official test examples of a set that has them, which are then not drawn."""

    columns: tuple[Column, ...]
    target: str
    classes: tuple[str, ...]
    x: Float[np.ndarray, "examples raw"]
    y: Labels
    test: tuple[Float[np.ndarray, "test raw"], Int[np.ndarray, " test"]] | None = None


TARGET = "target"
"""Name of the target column of the built-in sets, for tables that follow."""
