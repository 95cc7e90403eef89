"""What an objective says of a measurement."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8

from hyperborn.stats import Estimate
from hyperborn.training.shots.measurement import Measurement


class ObjectiveEstimate(NamedTuple):
    """The objective of q as shots show it: its loss, E_q[energy] and λ D(q, p), in nats, and a frequent network."""

    loss: float
    energy: Estimate
    penalty: float
    most_probable: UInt8[np.ndarray, " n"]


class FirstVariation(ABC):
    """An objective, bound to data and prior, for one kind of sampled posterior."""

    @abstractmethod
    def differences(
        self, measurement: Measurement, random: np.random.Generator
    ) -> tuple[Float[np.ndarray, "pairs _"], ...]:
        """Of each bank's registers, E[r] at the plus point of each pair less that at its minus point (nats).

        r is the first variation at the reference, and held fixed. Where the centre was measured the estimate is
        unbiased. Without it the pairs themselves are the reference, and the estimate is one of the difference of the
        objective between the two points: of one register without bias, of several up to the third order of the shift.
        """

    @abstractmethod
    def estimate(self, measurement: Measurement, random: np.random.Generator) -> ObjectiveEstimate:
        """How the objective stands at the reference."""
