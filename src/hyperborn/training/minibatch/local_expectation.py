"""Each register's own part of the expectation exactly, the others' by sampling."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from hyperborn._typing import RandomKey
from hyperborn.energy.source import BatchEnergies
from hyperborn.errors import UserError, whole_number
from hyperborn.networks import Network
from hyperborn.posteriors import Posterior
from hyperborn.posteriors.registers import Registers
from hyperborn.simulators.side_by_side import Tables
from hyperborn.training.minibatch.drawing import bits_of_outcomes, draw_outcomes, patterns_of
from hyperborn.training.minibatch.estimator import MinibatchEstimator

MOST_COST = 2**16
"""Networks that one draw may cost."""


@final
@dataclass(frozen=True)
class LocalExpectation(MinibatchEstimator):
    """Σ_b Σ_s E[energy(w with outcome s in register b)] ∇q_b(s): the Rao-Blackwellised score function.

    Every register's outcomes are summed exactly, given what was drawn for the others (Titsias and Lázaro-Gredilla,
    "Local expectation gradients for black box variational inference", arXiv 1503.01494). Unbiased, and of low variance;
    a draw costs one forward pass for each outcome of each register, so it is for small networks. Memory is that of
    2^k times `samples` networks on the batch.

    Raises:
        UserError: if there is no sample.
    """

    name: ClassVar[str] = "local-expectation"
    needs_derivatives: ClassVar[bool] = False
    by_energies_alone: ClassVar[bool] = True
    samples: int = 1

    def __post_init__(self) -> None:
        whole_number("samples", self.samples, 1)

    def check(self, posterior: Posterior, network: Network | int) -> None:
        super().check(posterior, network)
        assert isinstance(posterior, Registers)
        cost = sum(len(group.places) * 2**group.size for group in posterior.groups)
        if cost > MOST_COST:
            raise UserError(
                f"the estimator {self.name} takes {cost} {'rows' if isinstance(network, int) else 'networks'} a draw, "
                f"over the limit of {MOST_COST}; give hb.FirstOrder(), or smaller registers"
            )

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
        bits = bits_of_outcomes(registers, outcomes, tables[0].dtype)
        pull = sum(
            jnp.sum(
                jax.lax.stop_gradient(energies_of_outcomes(batch, bits, jnp.asarray(group.places, jnp.int32))) * table
            )
            for group, table in zip(registers.groups, tables, strict=True)
        )
        # The pull has the gradient, and no value: its difference is 0 to the last bit.
        return batch.energies(bits).mean() + (pull - jax.lax.stop_gradient(pull))


def energies_of_outcomes(
    batch: BatchEnergies, bits: Float[Array, "samples n"], places: Int[Array, "registers size"]
) -> Float[Array, "outcomes registers"]:
    """Mean energy (nats) over the drawn networks, with each outcome of each register put in."""
    patterns = jnp.asarray(patterns_of(2 ** places.shape[1]), bits.dtype)

    def of_register(own: Int[Array, " size"]) -> Float[Array, " outcomes"]:
        def of_outcome(pattern: Float[Array, " size"]) -> Float[Array, ""]:
            return batch.energies(bits.at[:, own].set(pattern)).mean()

        return jax.vmap(of_outcome)(patterns)

    return jax.lax.map(of_register, places).T
