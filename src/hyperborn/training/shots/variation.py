"""What an objective says of a measurement."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8

from hyperborn.errors import UserError
from hyperborn.stats import Estimate, jackknife_error
from hyperborn.training.shots.measurement import Measurement


class ObjectiveEstimate(NamedTuple):
    """The objective of q as shots show it: its loss, E_q[energy] and λ D(q, p), in nats, and a frequent network.

    The energy's standard error says by how much it would differ with other shots, those of the readout's calibration
    included; what mitigation leaves of the readout's errors is not in it.
    """

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
    def estimate(
        self, measurement: Measurement, random: np.random.Generator, *, error: bool = False
    ) -> ObjectiveEstimate:
        """How the objective stands at the reference.

        Of mitigated outcomes the energy's standard error is found only where `error` asks for it, for it takes as long
        as mitigating `GROUPS` times; else it is unknown.
        """


def error_of(
    measurement: Measurement, energy: Callable[[Measurement], float], random: np.random.Generator
) -> float | None:
    """The standard error (nats) that shots give to an energy of mitigated outcomes, by the jackknife.

    None if there are too few calibration shots to leave any out.
    """
    assert measurement.replicates is not None
    try:
        return jackknife_error(np.array([energy(one) for one in measurement.replicates(random)]))
    except UserError:
        # The energy itself is known, and is not to be lost for the sake of its error.
        return None
