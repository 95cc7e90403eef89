"""Kinds of values in a configuration, and how text becomes one.

A description says what is allowed, in the words of an error message.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from hyperborn.objectives.divergences import DIVERGENCES, Divergence
from hyperborn.objectives.divergences.renyi import NEAREST
from hyperborn.objectives.objectives import OBJECTIVES
from hyperborn.training.estimators import ESTIMATORS

PARTS: Mapping[str, Mapping[str, type[Divergence]]] = {"divergence": DIVERGENCES}
"""Keys whose value is the name of a thing with options of its own."""


def listed(value: Any) -> Any:
    """Text such as "1,2" as a list."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def hidden_sizes(value: Any) -> Any:
    """Hidden layers from text such as "8,4", "none" or "auto", or from one number."""
    if isinstance(value, str):
        # A comma alone stays in the list, to be refused.
        return value if value == "auto" else [] if value in ("none", "0") else listed(value) or [value]
    return ([value] if value else []) if isinstance(value, int) else value


def names(value: Any) -> Any:
    """Class names from text, or from numbers."""
    parts = unless_all(listed(value))
    return [str(part) for part in parts] if isinstance(parts, list) else parts


def unless_all(value: Any) -> Any:
    """None for "all", which help and messages call the default."""
    return None if value in ("all", ["all"]) else value


def distinct(value: list[Any]) -> list[Any]:
    """The list, if no item is named twice."""
    if len(set(value)) < len(value):
        raise ValueError("an item is named twice")
    return value


def known(value: str) -> str:
    """The name of an objective, if there is one of this name."""
    if value not in OBJECTIVES:
        raise ValueError("no objective")
    return value


def known_divergence(value: str) -> str:
    """The name of a divergence, if there is one of this name."""
    if value not in DIVERGENCES:
        raise ValueError("no divergence")
    return value


def known_estimator(value: str) -> str:
    """The name of an estimator, if there is one of this name."""
    if value != "auto" and value not in ESTIMATORS:
        raise ValueError("no estimator")
    return value


def whole_or_two(value: Any) -> Any:
    """One or two numbers from text such as "1000" or "100,10000", or from a number."""
    return [value] if isinstance(value, int) else listed(value)


def not_one(value: float) -> float:
    """The number, if it is not 1 or as good as 1."""
    if abs(value - 1) < NEAREST:
        raise ValueError("one")
    return value


def either(names: Iterable[str], word: str = "or") -> str:
    """Such as "a, b or c"."""
    *others, last = names
    return f"{', '.join(others)} {word} {last}" if others else last


def no_truth(value: Any) -> Any:
    """The value, if it is not `true` or `false`, which would pass for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("a truth value")
    return value


def text(value: Any) -> str:
    """The value, if it is text that can be part of a path; pydantic itself would refuse a path that is not UTF-8."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("no text")
    return value


NotTruth = BeforeValidator(no_truth)

Text = Annotated[str, PlainValidator(text), Field(description="text")]
Count = Annotated[int, NotTruth, Field(ge=1, le=2**31 - 1, description="a whole number from 1 on")]
Share = Annotated[float, NotTruth, Field(ge=0, lt=1, description="a number from 0 on and below 1")]
Positive = Annotated[float, NotTruth, Field(gt=0, allow_inf_nan=False, description="a number above 0")]
NotNegative = Annotated[float, NotTruth, Field(ge=0, allow_inf_nan=False, description="a number from 0 on")]
Number = Annotated[float, NotTruth, Field(allow_inf_nan=False)]
Truth = Annotated[bool, Field(description="true or false")]
Error = Annotated[float, NotTruth, Field(ge=0, lt=1)]
Probability = Annotated[float, NotTruth, Field(gt=0, lt=1)]
Name = Annotated[str, AfterValidator(known)]
