"""λ MMD²(q, p) of one register, with q known from shots and p exactly."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits
from hyperborn.backends.outcomes import Outcomes
from hyperborn.bits import LARGEST_TABLE, index_of
from hyperborn.errors import UserError
from hyperborn.networks import Network
from hyperborn.objectives.divergences import MMD
from hyperborn.objectives.divergences.divergence import checked_penalty
from hyperborn.objectives.kernels import (
    Hamming,
    default_kernel,
    distances_of_product,
    median_kernel,
    product_embedding,
    product_mean,
    weighted_kernel_sums,
)
from hyperborn.objectives.objectives import Surrogate
from hyperborn.priors import Prior
from hyperborn.priors.prior import weights_in

Embedding = Callable[[Bits], Float[np.ndarray, " networks"]]


@dataclass(frozen=True, eq=False)
class ShotDiscrepancy:
    """`weight` times MMD² to p for a fixed kernel; `embedding` is E_{w'~p} k(w, w') of rows w, `within` its p-mean."""

    kernel: Hamming
    weight: float
    embedding: Embedding
    within: float

    @classmethod
    def of(cls, surrogate: Surrogate, prior: Prior, network: Network | int) -> "ShotDiscrepancy":
        """The discrepancy to a prior over the network's weights, times its weight.

        Raises:
            UserError: if shots are not enough for the divergence, or the prior's bits are dependent and too many for a
                table.
        """
        divergence = surrogate.divergence
        divergence.check_samples()
        assert isinstance(divergence, MMD), "no other divergence passes the check"
        if prior.independent:
            marginals = prior.marginals(network)
            rules = {
                "operator-weight": default_kernel,
                "median": lambda _: median_kernel(distances_of_product(marginals)),
            }
            kernel = divergence.kernel or rules[divergence.bandwidth](len(marginals))
            within = product_mean(kernel, marginals)
            own = matched(marginals, within) if surrogate.weight == "kl-matched" else float(surrogate.weight)
            number = surrogate.beta * own
            return cls(kernel, number, lambda bits: product_embedding(kernel, marginals, bits), within)
        check_prior(prior, network)
        log_p = prior.log_probabilities(network)
        kernel = divergence.kernel_of(log_p)
        with jax.enable_x64(True):
            table = np.asarray(kernel.apply(jnp.asarray(np.exp(log_p))))
        number = surrogate.number(log_p)
        return cls(kernel, number, lambda bits: table[index_of(bits)], float(np.exp(log_p) @ table))

    def witness(self, at: Bits, reference: Outcomes) -> Float[np.ndarray, " networks"]:
        """The first variation of the discrepancy at rows (nats), with q from independent outcomes."""
        sums = weighted_kernel_sums(self.kernel, at, reference.bits, reference.weights)
        return 2.0 * self.weight * (sums - self.embedding(at))

    def value(self, outcomes: Outcomes) -> float:
        """The discrepancy (nats); unbiased if the weights are frequencies of counts, and possibly negative."""
        bits, shares, shots = outcomes.bits, outcomes.weights, outcomes.shots
        own = float(shares @ weighted_kernel_sums(self.kernel, bits, bits, shares))
        # Without the pairs of a shot with itself, for which k = 1.
        among = (shots * own - 1.0) / (shots - 1)
        return self.weight * (among - 2.0 * float(shares @ self.embedding(bits)) + self.within)


def matched(marginals: Float[np.ndarray, " n"], within: float) -> float:
    """`MMD.matched_weight` for any number of independent bits."""
    entropy = -(marginals * np.log(marginals) + (1.0 - marginals) * np.log1p(-marginals)).sum()
    return float(entropy) / checked_penalty(1.0 - within)


def check_prior(prior: Prior, network: Network | int) -> None:
    """Raise a UserError for a prior with dependent bits that are too many for a table."""
    if not prior.independent and weights_in(network) > LARGEST_TABLE:
        raise UserError(
            f"prior = {type(prior).__name__} over {weights_in(network)} weights: beyond {LARGEST_TABLE} the SELBO "
            "from shots takes a prior of independent bits; give hb.Uniform() or hb.Bernoulli(0.5)"
        )
