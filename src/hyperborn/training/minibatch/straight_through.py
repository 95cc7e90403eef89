"""Hard networks forwards, relaxed ones backwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from hyperborn._typing import RandomKey
from hyperborn.energy.source import BatchEnergies
from hyperborn.errors import UserError, is_number, whole_number
from hyperborn.posteriors.registers import Registers
from hyperborn.simulators.side_by_side import Tables
from hyperborn.training.minibatch.drawing import assembled, log_probabilities, patterns_of
from hyperborn.training.minibatch.estimator import MinibatchEstimator

Scores = Float[Array, "samples outcomes registers"]


@final
@dataclass(frozen=True)
class StraightThrough(MinibatchEstimator):
    """Gumbel-softmax over the 2^k outcomes of each register, with the hard draw in the forward pass.

    An outcome is drawn as the largest of log q + Gumbel noise; its gradient is taken to be that of the softmax of these
    at a temperature (Jang, Gu and Poole, arXiv 1611.01144, section 2.2). Biased: a lower temperature has less bias and
    more variance (docs/estimators.md). The temperature goes from `temperature` to `final_temperature` geometrically as
    training goes.

    Raises:
        UserError: if a setting is out of range.
    """

    name: ClassVar[str] = "straight-through"
    by_energies_alone: ClassVar[bool] = True
    samples: int = 4
    temperature: float = 1.0
    final_temperature: float = 0.5

    def __post_init__(self) -> None:
        whole_number("samples", self.samples, 1)
        for setting in ("temperature", "final_temperature"):
            value = getattr(self, setting)
            if not (is_number(value) and value > 0):
                raise UserError(f"{setting} = {value!r}: give a positive number, such as 0.5")

    def expected_energy(
        self,
        registers: Registers,
        tables: Sequence[Tables],
        batch: BatchEnergies,
        progress: Float[Array, ""],
        *,
        key: RandomKey,
    ) -> Float[Array, ""]:
        temperature = self.temperature * (self.final_temperature / self.temperature) ** progress
        keys = jax.random.split(key, len(tables))
        parts = [
            chosen(
                log_probabilities(table)[None] + jax.random.gumbel(own_key, (self.samples, *table.shape), table.dtype),
                temperature,
            )
            for table, own_key in zip(tables, keys, strict=True)
        ]
        return batch.energies(assembled(registers, parts)).mean()


@jax.custom_vjp
def chosen(scores: Scores, temperature: Float[Array, ""]) -> Float[Array, "samples bits registers"]:
    """Bits of the outcome of the highest score; their gradient is that of the softmax at the temperature.

    Should scores be equal, which rounding makes possible, bits of either outcome count.
    """
    del temperature
    patterns = jnp.asarray(patterns_of(scores.shape[1]), scores.dtype)
    highest = (scores == scores.max(axis=1, keepdims=True)).astype(scores.dtype)
    return jnp.minimum(jnp.einsum("ob,sor->sbr", patterns, highest), 1)


def chosen_forward(scores: Scores, temperature: Float[Array, ""]) -> tuple[Array, tuple[Array, Array]]:
    return chosen(scores, temperature), (scores, temperature)


def chosen_backward(kept: tuple[Array, Array], cotangent: Float[Array, "samples bits registers"]) -> tuple[Array, None]:
    scores, temperature = kept
    patterns = jnp.asarray(patterns_of(scores.shape[1]), scores.dtype)
    soft = jax.nn.softmax(scores / temperature, axis=1)
    pull = jnp.einsum("ob,sbr->sor", patterns, cotangent)
    return soft * (pull - (soft * pull).sum(axis=1, keepdims=True)) / temperature, None


chosen.defvjp(chosen_forward, chosen_backward)
