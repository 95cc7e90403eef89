"""The penalties of registers that are independent of each other, register by register.

KL(q ‖ p) of products is the sum of the registers' KL. The MMD of a kernel is not such a sum. Here each register has a
discrepancy of its own, and their sum is 0 only for q = p. The joint MMD would not be useful for 10^5 bits: the mean of
κ^Hamming over pairs of draws is a product over registers, so at any fixed κ it vanishes, with all of its gradients,
unless nearly every register is certain. With κ so near to 1 that it does not vanish, it depends on little more than the
mean number of bits in which two draws differ.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn.bits import distinct_rows
from hyperborn.networks import Network
from hyperborn.objectives.functional import Functional
from hyperborn.posteriors.registers import Registers
from hyperborn.priors import Prior
from hyperborn.priors.prior import LogProbabilities
from hyperborn.simulators.side_by_side import Tables

PenaltyRule = Callable[[LogProbabilities], Functional]
"""The functional of one register, for the log probabilities (nats) of its outcomes under the prior."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Penalties:
    """Σ_b F_b[q_b] in nats: for each group one functional, common to its registers if `shared`, else one for each."""

    functionals: tuple[Functional, ...]
    shared: tuple[bool, ...] = field(metadata={"static": True})

    @classmethod
    def of(cls, registers: Registers, network: Network | int, prior: Prior, penalty: PenaltyRule) -> "Penalties":
        """The penalties under a prior.

        Raises:
            UserError: if the registers are not independent under it, or the penalty needs all networks' energies.
        """
        found = [bound_penalty(prior.log_factors(network, group.places), penalty) for group in registers.groups]
        return cls(tuple(functional for functional, _ in found), tuple(shared for _, shared in found))

    def __call__(self, tables: Sequence[Tables]) -> Float[Array, ""]:
        """The sum of all penalties, whose derivative is each register's first variation."""
        total = jnp.zeros((), tables[0].dtype)
        for functional, shared, table in zip(self.functionals, self.shared, tables, strict=True):
            total += jax.vmap(Functional.__call__, (None if shared else 0, 1))(functional, table).sum()
        return total


def bound_penalty(log_p: Float[np.ndarray, "outcomes registers"], penalty: PenaltyRule) -> tuple[Functional, bool]:
    """The functional of equal registers, and whether it is common to all; each distinct prior is bound once."""
    distinct = distinct_rows(log_p.T)
    functionals = [penalty(row) for row in distinct.rows]
    if len(functionals) == 1:
        return functionals[0], True
    stacked = jax.tree.map(lambda *leaves: jnp.asarray(np.stack(leaves)[distinct.places]), *functionals)
    return stacked, False
