"""Estimators that shots are enough for."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, cast

import numpy as np
from jaxtyping import Float

from hyperborn.errors import UserError, whole_number
from hyperborn.networks import Network
from hyperborn.objectives.objectives import Objective
from hyperborn.posteriors import Posterior
from hyperborn.posteriors.registers import RegisterBank
from hyperborn.priors import Prior
from hyperborn.training.estimator import Estimator
from hyperborn.training.optimizers import Optimizer, check_optimizer
from hyperborn.training.shots.posteriors import ShotPosterior

Shots: TypeAlias = int | tuple[int, int]
"""Shots of every circuit; of two numbers, those of the first and of the last step."""

SHOTS = 1000
"""Default shots of a circuit."""


@dataclass(frozen=True, eq=False)
class Design:
    """Where circuits are measured at a step, and how what is found there makes a gradient.

    The points are the parameters themselves, if `centre` is true, and then pairs: the parameters plus and minus each
    row of `shifts` (radians). With v+ and v- the means of the first variation at the two points of a pair,
    the derivative by a parameter is the sum over pairs of its factor times (v+ - v-) of the register it belongs to.
    """

    centre: bool
    shifts: Float[np.ndarray, "pairs parameters"]
    factors: Float[np.ndarray, "pairs parameters"]

    @property
    def n_points(self) -> int:
        """Circuits of a step."""
        return self.centre + 2 * len(self.shifts)

    def points(self, params: Float[np.ndarray, " parameters"]) -> Float[np.ndarray, "points parameters"]:
        """The points, float64: the centre if it is one of them, all plus points, all minus points."""
        own = params.astype(np.float64)[None]
        return np.concatenate([own[: int(self.centre)], own + self.shifts, own - self.shifts])

    def gradient(
        self, banks: Sequence[RegisterBank], differences: Sequence[Float[np.ndarray, "pairs _"]]
    ) -> Float[np.ndarray, " parameters"]:
        """The gradient from v+ - v- (pairs, registers) of each bank."""
        found = np.empty(self.shifts.shape[1])
        for bank, difference in zip(banks, differences, strict=True):
            found[bank.parameters] = np.einsum("arc,ar->rc", self.factors[:, bank.parameters], difference)
        return found


@dataclass(frozen=True)
class ShotEstimator(Estimator):
    """A gradient from circuits at a few points, for a posterior of which only shots come out."""

    regime: ClassVar[str] = "shots"
    takes_gains: ClassVar[bool] = False
    """Whether `Gains` is its usual optimizer."""

    @property
    @abstractmethod
    def schedule(self) -> Shots:
        """Shots of a circuit."""

    @property
    @abstractmethod
    def averaged(self) -> float:
        """Share of the steps, the last ones, whose parameters are averaged for the result."""

    @abstractmethod
    def design(self, posterior: ShotPosterior, step: int, random: np.random.Generator) -> Design:
        """What is measured at a step (from 0 on)."""

    def check_training(
        self, posterior: Posterior, network: Network, objective: Objective, prior: Prior, optimizer: Optimizer
    ) -> None:
        objective.check_samples()
        cast(ShotPosterior, posterior).check_penalty(network, objective, prior)
        check_optimizer(optimizer, self.name, exact=False, from_shots=True)

    def shots_at(self, step: int, steps: int) -> int:
        """Shots of a circuit at a step of so many: from the first to the last number in equal ratios."""
        if isinstance(self.schedule, int):
            return self.schedule
        first, last = self.schedule
        return round(first * (last / first) ** (step / max(1, steps - 1)))

    @property
    def most_shots(self) -> int:
        """The most shots of a circuit in training."""
        return self.schedule if isinstance(self.schedule, int) else max(self.schedule)


def check_measured(name: str, posterior: Posterior, network: Network) -> None:
    """Raise a UserError unless the posterior is on a backend, and shots can train the network."""
    if not isinstance(posterior, ShotPosterior):
        raise UserError(
            f"the estimator {name} takes shots from a backend, and {type(posterior).__name__} has none; give "
            "hb.ShotRegister(circuit, backend), or the estimator hb.Exact()"
        )
    if network.n_side:
        raise UserError(
            f"the network has {network.n_side} side parameters (scale 'learned'), which shots do not train; "
            "use scale 'fan_in' or 'none'"
        )


def check_shots(shots: Any) -> None:
    """Raise a UserError unless these are shots, or those of the first and of the last step."""
    given = shots if isinstance(shots, tuple | list) else (shots,)
    if len(given) not in (1, 2):
        raise UserError(f"shots = {shots!r}: give a number, or those of the first and of the last step")
    for number in given:
        whole_number("shots", number, 2, why=", for one alone has no spread")
