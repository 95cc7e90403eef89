"""What the data make of a definition."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeAlias

from jaxtyping import Float
from numpy import ndarray

from hyperborn.backends.outcomes import Outcomes
from hyperborn.training.definition import Definition
from hyperborn.training.steps import Diagnosis, State

Leap: TypeAlias = Callable[[State, int], tuple[State, Diagnosis]]
"""The state so many steps later, and how every restart stands then; nats, float64."""


class Problem(ABC):
    """How a definition is trained on its data, and what is known of the outcome."""

    @abstractmethod
    def leaper(self, definition: Definition) -> Leap:
        """The compiled steps of a definition; no steps at all compile it, or load what was compiled before."""

    @abstractmethod
    def numbers(self, definition: Definition, params: Float[ndarray, "..."]) -> dict[str, float]:
        """What is reported of trained parameters, in nats, float64."""

    def outcomes(self, definition: Definition, params: Float[ndarray, "..."]) -> Outcomes | None:
        """Networks that trained parameters gave on a backend; None where predictions need no such thing."""
        del definition, params
        return None
