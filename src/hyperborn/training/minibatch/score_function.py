"""The likelihood-ratio estimator with a baseline."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from hyperborn._typing import RandomKey
from hyperborn.energy.source import BatchEnergies
from hyperborn.errors import whole_number
from hyperborn.posteriors.registers import Registers
from hyperborn.simulators.side_by_side import Tables
from hyperborn.training.minibatch.drawing import bits_of_outcomes, draw_outcomes, log_probabilities
from hyperborn.training.minibatch.estimator import MinibatchEstimator


@final
@dataclass(frozen=True)
class ScoreFunction(MinibatchEstimator):
    """E[(energy - baseline) ∇ log q], the baseline of a draw being the mean energy of the others.

    Unbiased, whatever the network; its variance grows with the number of weights (Williams 1992; the leave-one-out
    baseline: Kool, van Hoof and Welling, "Buy 4 REINFORCE samples, get a baseline for free!", 2019).

    Raises:
        UserError: for fewer than two samples, which have no others.
    """

    name: ClassVar[str] = "score-function"
    needs_derivatives: ClassVar[bool] = False
    by_energies_alone: ClassVar[bool] = True
    samples: int = 16

    def __post_init__(self) -> None:
        whole_number("samples", self.samples, 2)

    def expected_energy(
        self,
        registers: Registers,
        tables: Sequence[Tables],
        batch: BatchEnergies,
        progress: Float[Array, ""],
        *,
        key: RandomKey,
    ) -> Float[Array, ""]:
        del progress
        outcomes = draw_outcomes(tables, self.samples, key=key)
        energies = batch.energies(bits_of_outcomes(registers, outcomes, tables[0].dtype))
        log_q = sum(
            jnp.take_along_axis(log_probabilities(table)[None], found[:, None], axis=1)[:, 0].sum(axis=1)
            for table, found in zip(tables, outcomes, strict=True)
        )
        advantage = jax.lax.stop_gradient(energies - (energies.sum() - energies) / (self.samples - 1))
        pull = (advantage * log_q).mean()
        # The pull has the gradient, and no value: its difference is 0 to the last bit.
        return energies.mean() + (pull - jax.lax.stop_gradient(pull))
