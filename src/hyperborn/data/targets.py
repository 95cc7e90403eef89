"""Targets that are numbers: how one is told from classes, and how it is standardised."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float

from hyperborn.data.columns import LARGEST_NUMBER
from hyperborn.data.labels import counted, joined, parsed_number
from hyperborn.errors import UserError, is_number

Task: TypeAlias = Literal["auto", "classification", "regression"]
TASKS: tuple[Task, ...] = ("auto", "classification", "regression")

MOST_FRACTIONS = 20
"""Most distinct numbers with a fraction in a target that is taken for classes."""
MOST_CLASSES = 1000
"""Most classes: every example has a probability of each."""
MANY_CLASSES = 20
"""More classes than this that are numbers may be meant as a number."""
FEW_NUMBERS = 10
"""A target of more distinct numbers than this may be one of regression."""
REGRESS = "leave out task (--task) and classes (--classes) for a regression"
"""What is advised where numbers are no classes."""
RARE = 2
"""Examples of a class up to which it cannot be split into three parts."""


@dataclass(frozen=True)
class TargetScaling:
    """Mean and standard deviation of the training targets, by which ``y`` is standardised.

    Raises:
        UserError: unless they are finite and the deviation is positive.
    """

    mean: float
    deviation: float

    def __post_init__(self) -> None:
        if not is_number(self.mean) or not is_number(self.deviation) or self.deviation <= 0:
            raise UserError(f"target of mean {self.mean!r} and standard deviation {self.deviation!r} cannot be scaled")

    def standardised(self, values: Float[np.ndarray, " examples"]) -> Float[np.ndarray, " examples"]:
        return (values - self.mean) / self.deviation

    def restored(self, y: Float[np.ndarray, " examples"]) -> Float[np.ndarray, " examples"]:
        """Standardised numbers in the units of the target again."""
        return self.mean + self.deviation * y


def fitted_scaling(values: Float[np.ndarray, " train"]) -> TargetScaling:
    """The scaling of training targets.

    Raises:
        UserError: if they are all the same.
    """
    deviation = float(values.std())
    # A constant target is found by its range: its computed deviation may be a rounding error instead of zero.
    if np.ptp(values) == 0 or deviation == 0:
        raise UserError(
            f"the target is {values[0]:g} in all {counted(len(values), 'training example')}: there is nothing to "
            "regress; choose another target, or add examples"
        )
    return TargetScaling(float(values.mean()), deviation)


def is_regression(values: np.ndarray, task: str, classes: Sequence[int | str] | None, what: str) -> bool:
    """Whether a target column is taken for numbers; `what` names it.

    "auto" takes a column of numbers for classes where it can be: at most `MOST_FRACTIONS` distinct numbers with a
    fraction, at most `MOST_CLASSES` distinct ones, and not most of them so rare that they cannot be split.

    Raises:
        UserError: for an unknown task, classes of a regression, or text as its target.
    """
    if task not in TASKS:
        raise UserError(f"task={task!r} is unknown; choose one of {', '.join(TASKS)}")
    text = values.dtype == object
    if task == "regression":
        if classes is not None:
            raise UserError(
                "classes (--classes) do not go with task regression, whose target is a number; leave one out"
            )
        if text:
            cell = next((value for value in values if value is not None), "")
            raise UserError(
                f"{what} holds text such as {cell!r}, and task regression takes numbers; choose another target, or "
                "task classification (--task)"
            )
        return True
    if task == "classification" or classes is not None or text:
        return False
    distinct, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    fractions = int((distinct != np.floor(distinct)).sum())
    rare = len(distinct) > FEW_NUMBERS and 2 * int((counts <= RARE).sum()) > len(distinct)
    return fractions > MOST_FRACTIONS or len(distinct) > MOST_CLASSES or rare


def may_be_number(classes: Sequence[str]) -> bool:
    """Whether a target that was taken for classes may be meant as a number: many classes, all of them numbers."""
    return len(classes) > MANY_CLASSES and all(is_number(parsed_number(name)) for name in classes)


def checked_numbers(values: np.ndarray, what: str) -> Float[np.ndarray, " examples"]:
    """The numbers of a target column, which `what` names.

    Raises:
        UserError: if one is text, missing, infinite or too large.
    """
    if values.dtype == object:
        cells = [value for value in values if value is not None]
        raise UserError(f"{what} must be numbers, and holds text: {joined(cells, 3)}; correct it, or remove its rows")
    missing = int(np.isnan(values).sum())
    if missing:
        raise UserError(
            f"{what} has {counted(missing, 'missing value')}; fill them in or remove their rows (targets are never "
            "imputed)"
        )
    large = values[~(np.abs(values) <= LARGEST_NUMBER)]
    if len(large):
        raise UserError(f"{what} has the value {large[0]:g}; numbers may be up to {LARGEST_NUMBER:g} either way")
    return values
