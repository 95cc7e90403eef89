"""A function of the user's that is told how training goes, and may stop it."""

import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float

from hyperborn.errors import UserError
from hyperborn.printable import shown

Callback: TypeAlias = Callable[
    [int, Float[np.ndarray, " restarts"], Float[np.ndarray, "restarts ..."]],
    bool | None,
]
"""Takes the steps done, the loss of every restart (nats) and its parameters (radians); True stops the training."""

REMEDY = "a function of (step, losses, parameters) that returns True to stop"


def check_callback(callback: Any) -> None:
    """Check, before any work, that a callback can be called with what it will be told; None is no callback.

    Raises:
        UserError: for anything else.
    """
    if callback is None:
        return
    if not callable(callback):
        raise UserError(f"callback = {shown(callback)}: give {REMEDY}, or None")
    try:
        signature = inspect.signature(callback)
    except (TypeError, ValueError):
        return  # Functions written in C do not all say what they take.
    try:
        signature.bind(0, None, None)
    except TypeError as error:
        raise UserError(f"callback = {shown(callback)} cannot be called ({error}); give {REMEDY}") from error


def asks_to_stop(
    callback: Callback, step: int, losses: Float[np.ndarray, " restarts"], parameters: Float[np.ndarray, "..."]
) -> bool:
    """Tell a callback, and whether it wants the training to stop.

    Raises:
        UserError: if it returns anything but True, False or None; what it raises itself goes on as it is.
    """
    # Copies: training goes on from its own.
    answer: Any = callback(step, losses.copy(), parameters.copy())
    if answer is not None and not isinstance(answer, bool | np.bool):
        raise UserError(
            f"the callback returned {shown(answer)} at step {step}: return True to stop, else False or None"
        )
    return bool(answer)
