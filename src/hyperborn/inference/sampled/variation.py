"""What an objective says of a reading."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8

from hyperborn.inference.sampled.reading import Reading
from hyperborn.stats import Estimate


class Standing(NamedTuple):
    """The objective of q as shots show it: its loss, E_q[energy] and λ D(q, p), in nats, and a frequent network."""

    loss: float
    energy: Estimate
    charge: float
    most_probable: UInt8[np.ndarray, " n"]


class Variation(ABC):
    """An objective, bound to data and prior, for one kind of sampled posterior."""

    @abstractmethod
    def differences(self, reading: Reading, random: np.random.Generator) -> tuple[Float[np.ndarray, "pairs _"], ...]:
        """Of each bank's registers, E[r] at the plus point of each pair less that at its minus point (nats).

        r is the first variation at the reference, and held fixed. Where the centre was measured the estimate is
        unbiased. Without it the pairs themselves are the reference, and the estimate is one of the difference of the
        objective between the two points: of one register without bias, of several up to the third order of the shift.
        """

    @abstractmethod
    def standing(self, reading: Reading, random: np.random.Generator) -> Standing:
        """How the objective stands at the reference."""
