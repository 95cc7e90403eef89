"""Annealing: the energies' weight rises from near 0 to 1 during training."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from hyperborn.errors import UserError, is_number
from hyperborn.training.scheduled import SteppedPart, Steps


class AnnealingSchedule(SteppedPart, ABC):
    """How the energies' factor goes from its start to 1; a frozen dataclass of settings."""

    @abstractmethod
    def length(self, steps: int) -> float:
        """Steps until the factor is 1, of a run of `steps` steps; 0 for no annealing at all."""

    @abstractmethod
    def inverse_temperature(self, step: Int[Array, ""], steps: Steps) -> Float[Array, ""]:
        """The factor of the energies at a step, counted from 0, of a run of `steps` steps; JAX traces it."""


@dataclass(frozen=True)
class Annealing(AnnealingSchedule):
    """Energies are multiplied by `start` at first. The factor rises geometrically to 1 at `share` of the steps.

    So an ELBO is trained through the posteriors of tempered likelihoods, exp(-b energy) with b from `start` to 1, and
    follows several modes where it would otherwise settle on one. What is reported is always the whole objective, and
    plateaus are looked for from then on only. `Renyi` and `SteinPosterior`, which know the energies through their
    target alone, and `LBFGS` do without.

    Raises:
        UserError: if a setting is out of range.
    """

    arguments = ("start", "share", "steps")
    start: float = 0.01
    share: float = 0.5

    def __post_init__(self) -> None:
        if not is_number(self.start) or not 0 < self.start <= 1:
            raise UserError(f"annealing start = {self.start!r}: give a number above 0 and at most 1, such as 0.01")
        if not is_number(self.share) or not 0 < self.share <= 1:
            raise UserError(f"annealing share = {self.share!r}: give a number above 0 and at most 1, such as 0.5")

    def length(self, steps: int) -> float:
        return self.share * steps if self.start < 1 else 0.0

    def inverse_temperature(self, step: Int[Array, ""], steps: Steps) -> Float[Array, ""]:
        # Not by `length`, which branches: where the energies count in full from the start, this is not asked for.
        left = jnp.maximum(0.0, 1.0 - step / (self.share * steps))
        return self.start**left
