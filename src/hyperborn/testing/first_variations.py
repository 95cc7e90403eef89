"""First variations of functionals of q beside finite differences, and what usually is wrong with them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from hyperborn.testing.contract import broken

STEP = 1e-4
"""Step of finite differences, as a share of q(w)."""

TOLERANCE = 1e-6
"""Of derivatives, relative to the largest one."""


def check_first_variation(
    part: Any, value: Callable[[Any], Any], q: Float[np.ndarray, " states"], variation: Float[np.ndarray, " states"]
) -> None:
    """Check that r(w) is the derivative of a value by q(w), for all w; both in float64.

    The value is asked for at q that do not add up to 1, where its formula holds as well.

    Raises:
        ContractError: if it is not, with what can be told of the difference.
    """
    checked = "first variation beside finite differences of the value"
    slopes = np.empty(len(q))
    for place, share in enumerate(q):
        shift = STEP * share * np.eye(1, len(q), place)[0]
        slopes[place] = (float(value(q + shift)) - float(value(q - shift))) / (2 * STEP * share)
    tolerance = TOLERANCE * (1 + np.abs(slopes).max())
    error = variation - slopes
    if not np.abs(error).max() > tolerance and np.isfinite(variation).all():
        return
    if np.abs(error - error.mean()).max() <= tolerance:
        cause = "a term that is the same for all networks, such as the + 1 of KL's log q - log p + 1; training hides it"
        raise broken(part, checked, f"it is off by {error.mean():+.6g} at every network", cause)
    ratio = float(variation @ slopes / (slopes @ slopes))
    if np.abs(variation - ratio * slopes).max() <= tolerance:
        sign = "it has the wrong sign" if ratio < 0 else f"it is {ratio:.6g} times the derivative"
        cause = "a sign" if ratio < 0 else "a factor, such as the 2 of the derivative of a quadratic form"
        raise broken(part, checked, sign, cause)
    place = int(np.abs(error).argmax())
    raise broken(
        part,
        checked,
        f"at network {place}, where q = {q[place]:.3g}, it is {variation[place]:.8g}, not {slopes[place]:.8g}",
        "a term that was not differentiated, or q held fixed where it stands a second time",
    )
