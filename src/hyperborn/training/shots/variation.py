"""The first variation of an objective, averaged over a measurement."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8

from hyperborn.errors import UserError
from hyperborn.stats import Estimate, jackknife_error
from hyperborn.training.shots.measurement import Measurement


class ObjectiveEstimate(NamedTuple):
    """Estimates from shots: the loss, E_q[energy] and λ D(q, p), in nats, and the most frequent network.

    The energy's standard error covers the variation from shot to shot, including the shots of the readout calibration.
    It does not cover readout errors that remain after mitigation.
    """

    loss: float
    energy: Estimate
    penalty: float
    most_probable: UInt8[np.ndarray, " n"]


class FirstVariation(ABC):
    """An objective with its data and prior, for one kind of posterior from shots."""

    @abstractmethod
    def differences(
        self, measurement: Measurement, random: np.random.Generator
    ) -> tuple[Float[np.ndarray, "pairs _"], ...]:
        """For each register of each group, E[r] at the plus point of each pair minus E[r] at its minus point (nats).

        r is the first variation at the reference, and held fixed. If the centre was measured, the estimate is unbiased.
        Otherwise the pairs are the reference, and the estimate is that of the difference of the objective between the
        two points: unbiased for one register, and up to the third order of the shift for several.
        """

    @abstractmethod
    def estimate(
        self, measurement: Measurement, random: np.random.Generator, *, error: bool = False
    ) -> ObjectiveEstimate:
        """The objective at the reference.

        For mitigated outcomes the energy's standard error is computed only with `error`, as it takes as long as
        mitigating `GROUPS` times; otherwise it is None.
        """


def standard_error_of(
    measurement: Measurement, energy: Callable[[Measurement], float], random: np.random.Generator
) -> float | None:
    """The standard error (nats) of an energy of mitigated outcomes, by the jackknife over shots.

    None if there are too few calibration shots to leave any out.
    """
    assert measurement.replicates is not None
    try:
        return jackknife_error(np.array([energy(one) for one in measurement.replicates(random)]))
    except UserError:
        # A missing error must not cost the energy itself.
        return None
