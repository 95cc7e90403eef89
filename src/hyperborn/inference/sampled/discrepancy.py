"""λ MMD²(q, p) of one register, q known by shots and p as it is."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits
from hyperborn.backends.outcomes import Outcomes
from hyperborn.bits import index_of
from hyperborn.errors import UserError
from hyperborn.inference.divergences import MMD
from hyperborn.inference.divergences.divergence import checked_charge
from hyperborn.inference.kernels import (
    Hamming,
    default_kernel,
    distances_of_product,
    median_kernel,
    product_embedding,
    product_mean,
    weighted_kernel_sums,
)
from hyperborn.inference.objectives import SELBO, weight_of
from hyperborn.networks import Network
from hyperborn.priors import Prior

LARGEST_TABLE = 20
"""Most weights whose prior may be a table of all 2^n networks."""

Embedding = Callable[[Bits], Float[np.ndarray, " networks"]]


@dataclass(frozen=True, eq=False)
class SampledDiscrepancy:
    """`weight` times MMD² of a fixed kernel to p; `embedding` gives E_{w'~p} k(w, w') of rows, `within` its p-mean."""

    kernel: Hamming
    weight: float
    embedding: Embedding
    within: float

    @classmethod
    def of(cls, objective: SELBO, prior: Prior, network: Network) -> "SampledDiscrepancy":
        """The discrepancy of a SELBO to a prior over the network's weights.

        Raises:
            UserError: if the divergence needs more of q than shots, or the prior's bits depend on each other and are
                too many for a table.
        """
        check_fixed(objective)
        divergence = objective.divergence
        assert isinstance(divergence, MMD)
        if prior.independent:
            marginals = prior.marginals(network)
            rules = {
                "operator-weight": default_kernel,
                "median": lambda _: median_kernel(distances_of_product(marginals)),
            }
            kernel = divergence.kernel or rules[divergence.bandwidth](network.n_weights)
            within = product_mean(kernel, marginals)
            weight = matched(marginals, within) if objective.weight == "kl-matched" else float(objective.weight)
            return cls(kernel, weight, lambda bits: product_embedding(kernel, marginals, bits), within)
        check_prior(prior, network)
        log_p = prior.log_probabilities(network)
        kernel = divergence.kernel_of(log_p)
        with jax.enable_x64(True):
            table = np.asarray(kernel.apply(jnp.asarray(np.exp(log_p))))
        weight = weight_of(objective.weight, divergence, log_p)
        return cls(kernel, weight, lambda bits: table[index_of(bits)], float(np.exp(log_p) @ table))

    def witness(self, at: Bits, reference: Outcomes) -> Float[np.ndarray, " networks"]:
        """The first variation of the discrepancy at rows (nats), for the q of outcomes drawn apart from these."""
        sums = weighted_kernel_sums(self.kernel, at, reference.bits, reference.weights)
        return 2.0 * self.weight * (sums - self.embedding(at))

    def value(self, outcomes: Outcomes) -> float:
        """The discrepancy (nats), without bias where the shares are those of counts; it may be negative."""
        bits, shares, shots = outcomes.bits, outcomes.weights, outcomes.shots
        own = float(shares @ weighted_kernel_sums(self.kernel, bits, bits, shares))
        # Pairs of a shot with itself, for which k = 1, are left out.
        among = (shots * own - 1.0) / (shots - 1)
        return self.weight * (among - 2.0 * float(shares @ self.embedding(bits)) + self.within)


def matched(marginals: Float[np.ndarray, " n"], within: float) -> float:
    """What `MMD.matched_weight` is for independent bits, for any number of them."""
    entropy = -(marginals * np.log(marginals) + (1.0 - marginals) * np.log1p(-marginals)).sum()
    return float(entropy) / checked_charge(1.0 - within)


def check_fixed(objective: SELBO) -> None:
    """Raise a UserError unless the divergence is an MMD whose kernel does not depend on q."""
    divergence = objective.divergence
    if not isinstance(divergence, MMD):
        raise UserError(
            f"divergence {divergence.name} needs more of a posterior than shots; on a backend give hb.MMD() (mmd)"
        )
    if divergence.bandwidth == "adaptive":
        raise UserError("bandwidth adaptive needs all probabilities; on a backend give operator-weight or median")


def check_prior(prior: Prior, network: Network) -> None:
    """Raise a UserError for a prior whose bits depend on each other and are too many for a table."""
    if not prior.independent and network.n_weights > LARGEST_TABLE:
        raise UserError(
            f"prior = {type(prior).__name__} over {network.n_weights} weights: beyond {LARGEST_TABLE} the SELBO "
            "from shots takes a prior of independent bits; give hb.Uniform() or hb.Bernoulli(0.5)"
        )
