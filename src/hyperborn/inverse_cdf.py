"""Draws from tables of probabilities, by their cumulative sums."""

import numpy as np
from jaxtyping import Float, Int


def inverse_cdf(sums: Float[np.ndarray, "..."], uniforms: Float[np.ndarray, "..."]) -> Int[np.ndarray, "..."]:
    """The outcome that each uniform number in [0, 1) selects, of the shape of `uniforms`.

    No outcome of probability 0 is selected, not even after rounding. The sums may end at any positive total.

    Args:
        sums: cumulative sums of weights that are not negative, of shape (outcomes,), or (outcomes, columns) with a
            distribution in each column.
        uniforms: of shape (draws,), or (draws, columns).
    """
    total = sums[-1]
    # Rounding could make a product equal to the total, which is beyond the last outcome.
    places = np.minimum(uniforms * total, np.nextafter(total, 0.0))
    if sums.ndim == 1:
        return np.searchsorted(sums, places, side="right")
    return (sums <= places[:, None]).sum(axis=1)
