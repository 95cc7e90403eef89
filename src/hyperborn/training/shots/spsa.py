"""SPSA: derivatives along random directions.

One step t (counted from 0) on T steps, from angles θ:

    c = perturbation / (t + 1)^0.101, and Δ has a random sign for each angle;
    the circuits are measured at θ + c Δ and at θ - c Δ, in one job;
    g = (v+ - v-) / (2 c) Δ, averaged over the directions;
    θ becomes θ - a g / s, with a = learning_rate · ((T/10 + 1) / (t + 1 + T/10))^0.602.

v+ and v- are the means of the objective's first variation at the two points; on registers side by side each angle has
those of its own register. s is the mean |g| of an angle in the steps so far, of the first ten at most. After the last
step θ is the mean of the angles over the final steps. `ShotsProblem.step` in `steps.py` runs these lines one after the
other: `SPSA.design` makes the first and the factors of the third, and the last is the usual optimizer, `Gains`.
"""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from hyperborn.errors import UserError, is_number, whole_number
from hyperborn.networks import Network
from hyperborn.posteriors import Posterior
from hyperborn.training.shots.estimator import (
    SHOTS,
    Design,
    ShotEstimator,
    Shots,
    check_measured,
    check_shots,
)
from hyperborn.training.shots.measured_angles import MeasuredAngles
from hyperborn.training.shots.posteriors import ShotPosterior

DECAY = 0.101
"""Exponent of the decay of perturbations (Spall 1998)."""


@final
@dataclass(frozen=True)
class SPSA(ShotEstimator):
    """Simultaneous perturbation: all angles are shifted by a random ±c at once, with two circuits a direction.

    c = `perturbation` / (step + 1)^0.101 radians. Several `directions` a step are averaged, and the angles are averaged
    over the last fraction `average` of the steps (Polyak and Ruppert). Registers side by side are perturbed at the same
    time, and the gradient of each comes from its own outcomes. Source: Spall, IEEE Transactions on Aerospace and
    Electronic Systems 34, 817 (1998), whose gains the optimizer `Gains` uses.

    Raises:
        UserError: if a setting is out of range.
    """

    name: ClassVar[str] = "spsa"
    takes_gains: ClassVar[bool] = True
    shots: Shots = SHOTS
    directions: int = 1
    perturbation: float = 0.2
    average: float = 0.25

    def __post_init__(self) -> None:
        check_shots(self.shots)
        whole_number("directions", self.directions, 1)
        if not is_number(self.perturbation) or self.perturbation <= 0:
            raise UserError(f"perturbation = {self.perturbation!r}: give a positive number of radians, such as 0.2")
        if not is_number(self.average) or not 0 <= self.average <= 1:
            raise UserError(f"average = {self.average!r}: give a fraction of the steps from 0 to 1, such as 0.25")

    @property
    def schedule(self) -> Shots:
        return self.shots

    @property
    def averaged(self) -> float:
        return self.average

    def check(self, posterior: Posterior, network: Network | int) -> None:
        check_measured(self.name, posterior, network)

    def measured(self, posterior: ShotPosterior) -> MeasuredAngles:
        return MeasuredAngles.own(posterior)

    def design(self, posterior: ShotPosterior, step: int, random: np.random.Generator) -> Design:
        size = self.perturbation / (step + 1) ** DECAY
        signs = random.choice([-1.0, 1.0], (self.directions, posterior.n_parameters))
        return Design(False, size * signs, signs / (2 * size * self.directions))
