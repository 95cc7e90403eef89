"""The type checker that the tests put on hyperborn: it checks all calls but those that make dataclasses.

A dataclass checks its arguments itself, so that a mistake is a `UserError`, and JAX builds pytrees of placeholders.
"""

from collections.abc import Callable
from dataclasses import is_dataclass
from functools import wraps
from typing import Any

from beartype import beartype


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with its arguments and its result checked, unless it makes a dataclass."""
    strict = beartype(function)
    if function.__name__ != "__init__":
        return strict

    @wraps(function)
    def constructor(self: object, *arguments: Any, **named: Any) -> Any:
        return None if is_dataclass(self) else strict(self, *arguments, **named)

    return constructor
