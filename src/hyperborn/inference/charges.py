"""What a functional charges registers that are independent of each other, register by register.

KL(q ‖ p) of products is the sum of the registers' KL. A kernel's MMD is no such sum; that of each register is a
discrepancy of its own, and their sum is 0 for q = p alone. The joint one would be useless: two draws of 10^5 bits
differ in half of them, give or take a few hundred, so that κ^Hamming is nearly the same number for all pairs, whatever
q is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn.inference.functional import Functional
from hyperborn.networks import Network
from hyperborn.posteriors.registers import Registers
from hyperborn.priors import Prior
from hyperborn.priors.prior import LogProbabilities
from hyperborn.simulators.side_by_side import Tables

Price = Callable[[LogProbabilities], Functional]
"""The functional of one register, for the log probabilities (nats) of its outcomes under the prior."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Charges:
    """Σ_b F_b[q_b] in nats: a functional a bank, of all of its registers alike if `shared`, else one a register."""

    # JAX builds pytrees of placeholders as well, which the type checks of the tests would refuse.
    __no_type_check__ = True

    functionals: tuple[Functional, ...]
    shared: tuple[bool, ...] = field(metadata={"static": True})

    @classmethod
    def of(cls, registers: Registers, network: Network, prior: Prior, price: Price) -> "Charges":
        """The charges under a prior.

        Raises:
            UserError: if the registers are not independent under it, or the price needs all networks' energies.
        """
        found = [priced(prior.log_factors(network, bank.places), price) for bank in registers.banks]
        return cls(tuple(functional for functional, _ in found), tuple(shared for _, shared in found))

    def __call__(self, tables: Sequence[Tables]) -> Float[Array, ""]:
        """The sum of all charges, whose derivative is each register's first variation."""
        total = jnp.zeros((), tables[0].dtype)
        for functional, shared, table in zip(self.functionals, self.shared, tables, strict=True):
            total += jax.vmap(Functional.__call__, (None if shared else 0, 1))(functional, table).sum()
        return total


def priced(log_p: Float[np.ndarray, "outcomes registers"], price: Price) -> tuple[Functional, bool]:
    """The functional of equal registers, and whether it is one for all; each distinct prior is bound once."""
    # Sorting 10^5 registers takes a while, and most priors are the same for all of them.
    if (log_p == log_p[:, :1]).all():
        return price(log_p[:, 0]), True
    distinct, which = np.unique(log_p.T, axis=0, return_inverse=True)
    functionals = [price(row) for row in distinct]
    stacked = jax.tree.map(lambda *leaves: jnp.asarray(np.stack(leaves)[which.reshape(-1)]), *functionals)
    return stacked, False
