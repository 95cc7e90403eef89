"""The Kullback-Leibler divergence."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from hyperborn._typing import Probabilities
from hyperborn.objectives.divergences.divergence import TINY, BoundDivergence, Divergence
from hyperborn.priors.prior import LogProbabilities


@dataclass(frozen=True)
class KL(Divergence):
    """KL(q ‖ p) = Σ q log(q / p), in nats. With this divergence the SELBO is the ELBO at β = λ."""

    name = "kl"

    def bind(self, log_p: LogProbabilities) -> "KullbackLeibler":
        return KullbackLeibler(jnp.asarray(log_p, float))

    def matched_weight(self, log_p: LogProbabilities) -> float:
        del log_p
        return 1.0


@partial(jax.tree_util.register_dataclass, data_fields=["log_p"], meta_fields=[])
@dataclass(frozen=True)
class KullbackLeibler(BoundDivergence):
    """KL(q ‖ p) of log probabilities (nats), normalised or not; first variation log(q / p) + 1."""

    log_p: Float[Array, " states"]

    @property
    def convex(self) -> bool:
        return True

    @property
    def steep(self) -> bool:
        return True

    def value_and_first_variation(self, q: Probabilities) -> tuple[Float[Array, ""], Probabilities]:
        log_ratio = jnp.log(jnp.maximum(q, TINY)) - self.log_p
        return jnp.sum(q * log_ratio), log_ratio + 1.0
