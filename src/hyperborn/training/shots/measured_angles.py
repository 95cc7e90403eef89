"""The angles at which circuits are measured, as functions of a posterior's parameters."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from hyperborn.circuits.separate_angles import separate_angles
from hyperborn.training.shots.posteriors import ShotPosterior


@dataclass(frozen=True, eq=False)
class MeasuredAngles:
    """A posterior, and the one whose circuits are measured in its place: the same registers, by angles of their own.

    Both are the same object where the parameters are those angles.
    """

    posterior: ShotPosterior
    measured: ShotPosterior

    @classmethod
    def own(cls, posterior: ShotPosterior) -> "MeasuredAngles":
        """The circuits of the posterior as they are, at its parameters."""
        return cls(posterior, posterior)

    @classmethod
    def separate(cls, posterior: ShotPosterior) -> "MeasuredAngles":
        """Circuits with a parameter for each angle of a gate, where those of the posterior share or scale them."""
        return cls(posterior, posterior.with_separate_angles())

    def at(self, params: Float[np.ndarray, " parameters"]) -> Float[np.ndarray, " angles"]:
        """The angles (radians) at flat parameters, float64."""
        own = params.astype(np.float64)
        if self.measured is self.posterior:
            return own
        found = np.empty(self.measured.n_parameters)
        for group, measured in zip(self.posterior.groups, self.measured.groups, strict=True):
            values = separate_angles(group.circuit).values
            found[measured.parameters] = np.stack([angle.at(own[group.parameters]) for angle in values], axis=-1)
        return found
