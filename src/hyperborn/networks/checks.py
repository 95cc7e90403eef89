"""Checks of the settings that several kinds of network have."""

from typing import Any

from hyperborn.errors import UserError, is_number

LARGEST = 1_000_000
"""Weights beyond this, either way, would make logits overflow in layers that multiply."""


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


def one_of(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    """Raise a UserError if the value of a setting is not one of those allowed."""
    if value not in allowed:
        raise UserError(f"{name}={value!r} is unknown; choose one of {', '.join(allowed)}")
