"""Estimators of gradients from shots."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, cast

import numpy as np
from jaxtyping import Float

from hyperborn.errors import UserError, whole_number
from hyperborn.networks import Network, n_side_of
from hyperborn.objectives.objectives import Objective
from hyperborn.posteriors import Posterior
from hyperborn.posteriors.registers import RegisterGroup, Registers
from hyperborn.priors import Prior
from hyperborn.training.estimator import Estimator
from hyperborn.training.optimizers import Optimizer, check_optimizer
from hyperborn.training.shots.measured_angles import MeasuredAngles
from hyperborn.training.shots.posteriors import ShotPosterior

Shots: TypeAlias = int | tuple[int, int]
"""Shots of every circuit; two numbers are those of the first and of the last step."""

SHOTS = 1000
"""Default shots of a circuit."""


@dataclass(frozen=True, eq=False)
class Design:
    """The points at which circuits are measured in a step, and the factors that turn the results into a gradient.

    The points are the angles at the parameters, if `centre` is true, and then pairs: these angles plus and minus each
    row of `shifts` (radians). With v+ and v- the means of the first variation at the two points of a pair, the
    derivative with respect to a parameter is the sum over pairs of its factor times (v+ - v-) of its register.
    """

    centre: bool
    shifts: Float[np.ndarray, "pairs angles"]
    factors: Float[np.ndarray, "pairs parameters"]

    @property
    def n_points(self) -> int:
        """Circuits of a step."""
        return self.centre + 2 * len(self.shifts)

    def points(self, angles: Float[np.ndarray, " angles"]) -> Float[np.ndarray, "points angles"]:
        """The points around `MeasuredAngles.at`, float64: the centre if it is measured, all plus, all minus points."""
        own = angles.astype(np.float64)[None]
        return np.concatenate([own[: int(self.centre)], own + self.shifts, own - self.shifts])

    def gradient(
        self, groups: Sequence[RegisterGroup], differences: Sequence[Float[np.ndarray, "pairs _"]]
    ) -> Float[np.ndarray, " parameters"]:
        """The gradient from v+ - v- (pairs, registers) of each group."""
        found = np.empty(self.factors.shape[1])
        for group, difference in zip(groups, differences, strict=True):
            found[group.parameters] = np.einsum("arc,ar->rc", self.factors[:, group.parameters], difference)
        return found


@dataclass(frozen=True)
class ShotEstimator(Estimator):
    """An estimator that measures circuits at a few points, for posteriors that give only shots."""

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
        """Fraction of the steps, at the end, over which the parameters are averaged for the result."""

    @abstractmethod
    def measured(self, posterior: ShotPosterior) -> MeasuredAngles:
        """The circuits that are measured in place of the posterior's, and their angles."""

    @abstractmethod
    def design(self, posterior: ShotPosterior, step: int, random: np.random.Generator) -> Design:
        """The design of a step (counted from 0)."""

    def check_training(
        self, posterior: Posterior, network: Network | int, objective: Objective, prior: Prior, optimizer: Optimizer
    ) -> None:
        objective.check_samples()
        cast(ShotPosterior, posterior).check_penalty(network, objective, prior)
        check_optimizer(optimizer, self.name, exact=False, from_shots=True)

    def shots_at(self, step: int, steps: int) -> int:
        """Shots of a circuit at a step; a schedule goes from its first to its last number in equal ratios."""
        if isinstance(self.schedule, int):
            return self.schedule
        first, last = self.schedule
        return round(first * (last / first) ** (step / max(1, steps - 1)))

    @property
    def most_shots(self) -> int:
        """The most shots of a circuit in training."""
        return self.schedule if isinstance(self.schedule, int) else max(self.schedule)


def check_measured(name: str, posterior: Posterior, network: Network | int) -> None:
    """Raise a UserError unless the posterior is on a backend and shots can train the network."""
    if not isinstance(posterior, ShotPosterior):
        many = isinstance(posterior, Registers)
        remedy = ("ShotRegisters(registers", "FirstOrder") if many else ("ShotRegister(circuit", "Exact")
        raise UserError(
            f"the estimator {name} takes shots from a backend, and {type(posterior).__name__} has none; give "
            f"hb.{remedy[0]}, backend), or the estimator hb.{remedy[1]}()"
        )
    if n_side := n_side_of(network):
        raise UserError(
            f"the network has {n_side} side parameters (scale or noise 'learned'), which shots do not train; "
            "use scale 'fan_in' or 'none'"
        )


def check_shots(shots: Any) -> None:
    """Raise a UserError unless this is a number of shots, or a pair of them for the first and the last step."""
    given = shots if isinstance(shots, tuple | list) else (shots,)
    if len(given) not in (1, 2):
        raise UserError(f"shots = {shots!r}: give a number, or one for the first and one for the last step")
    for number in given:
        whole_number("shots", number, 2, why=", as a single shot has no variance")
