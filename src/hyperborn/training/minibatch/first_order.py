"""Each register's own part of the expectation to first order, the others' by sampling."""

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
from hyperborn.training.minibatch.drawing import assembled, draw_outcomes, hard_bits, patterns_of
from hyperborn.training.minibatch.estimator import MinibatchEstimator


@final
@dataclass(frozen=True)
class FirstOrder(MinibatchEstimator):
    """Σ_b Σ_s ∇energy(w) · (w with outcome s in register b) ∇q_b(s): `LocalExpectation` with linearised energies.

    What the other outcomes of a register would do to the energy is read off its gradient at the drawn weights, as if
    the energy were linear in them; for one weight a register this is the straight-through gradient of a Bernoulli
    variable's probability (Bengio, Léonard and Courville, arXiv 1308.3432, section 4). One uniform number a register
    and one backward pass a network, at any size k. Biased, by the energy's curvature over the weights of a register.

    Raises:
        UserError: if there is no sample.
    """

    name: ClassVar[str] = "first-order"
    by_energies_alone: ClassVar[bool] = True
    samples: int = 4

    def __post_init__(self) -> None:
        whole_number("samples", self.samples, 1)

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
        outcomes = draw_outcomes([jax.lax.stop_gradient(table) for table in tables], self.samples, key=key)
        parts = [
            linearised(hard_bits(chosen, group.size, table.dtype), table)
            for group, chosen, table in zip(registers.groups, outcomes, tables, strict=True)
        ]
        return batch.energies(assembled(registers, parts)).mean()


@jax.custom_vjp
def linearised(bits: Float[Array, "samples bits registers"], table: Tables) -> Float[Array, "samples bits registers"]:
    """The drawn bits, with the gradient of the bits' means."""
    del table
    return bits


def linearised_forward(bits: Float[Array, "samples bits registers"], table: Tables) -> tuple[Array, int]:
    return linearised(bits, table), len(table)


def linearised_backward(outcomes: int, cotangent: Float[Array, "samples bits registers"]) -> tuple[Array, Array]:
    patterns = jnp.asarray(patterns_of(outcomes), cotangent.dtype)
    return jnp.zeros_like(cotangent), patterns @ cotangent.sum(axis=0)


linearised.defvjp(linearised_forward, linearised_backward)
