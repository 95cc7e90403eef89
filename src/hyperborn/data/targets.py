"""Targets that are numbers: how one is told from classes, and how it is standardised."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from jaxtyping import Float

from hyperborn.data.columns import LARGEST_NUMBER
from hyperborn.data.labels import counted, is_code, parsed_number
from hyperborn.data.numbers import like_number
from hyperborn.errors import UserError, is_number

Task: TypeAlias = Literal["auto", "classification", "regression"]
TASKS: tuple[Task, ...] = ("auto", "classification", "regression")

MOST_CLASS_NUMBERS = 20
"""Most distinct numbers in a target that is taken for classes, where they do not number the classes."""
ROWS_A_CLASS = 5
"""Fewest rows of each number where whole numbers from 0 or 1 on are taken for classes."""
MOST_CLASSES = 1000
"""Most classes: every example has a probability of each."""
MANY_CLASSES = 1000
"""Distinct labels that are looked at for codes."""
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


def is_regression(
    labels: np.ndarray,
    numbers: Float[np.ndarray, " examples"] | None,
    task: str,
    classes: Sequence[int | str] | None,
    what: str,
) -> bool:
    """Whether a target column is taken for numbers; `what` names it.

    `labels` are its cells as text, `numbers` the same as numbers, None where some are text. "auto" takes numbers for
    classes if they are few: at most `MOST_CLASS_NUMBERS` distinct ones, of which most occur more than twice. Codes with
    zeros in front are classes, and so are the whole numbers from 0 or 1 on, with `ROWS_A_CLASS` rows each.

    Raises:
        UserError: for an unknown task, classes of a regression, or text as its target.
    """
    if task not in TASKS:
        raise UserError(f"task={task!r} is unknown; choose one of {', '.join(TASKS)}")
    if task == "regression":
        if classes is not None:
            raise UserError(
                "classes (--classes) do not go with task regression, whose target is a number; leave one out"
            )
        if numbers is None:
            cell = next((value for value in labels if value is not None and not like_number(value)), "")
            raise UserError(
                f"{what} holds text such as {cell!r}, and task regression takes numbers; choose another target, or "
                "task classification (--task)"
            )
        return True
    if task == "classification" or classes is not None or numbers is None:
        return False
    distinct, counts = np.unique(numbers[np.isfinite(numbers)], return_counts=True)
    if not len(distinct) or any(is_code(text) for text in pd.unique(labels[~pd.isna(labels)])[:MANY_CLASSES]):
        return False
    whole = bool((distinct == np.floor(distinct)).all())
    numbered = whole and distinct[0] in (0, 1) and distinct[-1] - distinct[0] == len(distinct) - 1
    rare = len(distinct) > FEW_NUMBERS and 2 * int((counts <= RARE).sum()) > len(distinct)
    if numbered and not rare and len(distinct) <= MOST_CLASSES and int(counts.min()) >= ROWS_A_CLASS:
        return False
    return len(distinct) > MOST_CLASS_NUMBERS or rare


def may_be_number(classes: Sequence[str]) -> bool:
    """Whether a target that was taken for classes may be meant as a number: many classes, all of them numbers."""
    return len(classes) > FEW_NUMBERS and all(is_number(parsed_number(name)) for name in classes)


def checked_numbers(values: np.ndarray, what: str) -> Float[np.ndarray, " examples"]:
    """The numbers of a target column, which `what` names.

    Raises:
        UserError: if one is missing, infinite or too large.
    """
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
