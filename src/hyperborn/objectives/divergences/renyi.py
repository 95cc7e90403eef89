"""The Rényi divergences."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
from jax.nn import logsumexp
from jaxtyping import Array, Float

from hyperborn._typing import Probabilities
from hyperborn.errors import UserError, is_number
from hyperborn.objectives.divergences.divergence import TINY, BoundDivergence, Divergence
from hyperborn.priors.prior import LogProbabilities

STEEPEST = 80.0
"""Logarithm of the largest first variation; float32 ends at 88."""

NEAREST = 1e-6
"""Least distance of α from 1: rounding is magnified by 1 / |α - 1|."""


def check_alpha(alpha: float) -> None:
    """Raise a UserError unless alpha is positive and not nearly 1."""
    if not (is_number(alpha) and alpha > 0):
        raise UserError(f"alpha = {alpha!r}: give a positive number other than 1, such as 0.5")
    if abs(alpha - 1) < NEAREST:
        raise UserError(
            f"alpha = {alpha!r} is as good as the Kullback-Leibler divergence: use KL (or ELBO), or an alpha at least "
            f"{NEAREST:g} from 1, such as 0.5"
        )


@dataclass(frozen=True)
class RenyiDivergence(Divergence):
    """D_α(q ‖ p) = 1/(α - 1) log Σ q^α p^(1-α), in nats (van Erven and Harremoës, arXiv 1206.2459).

    It grows with α and tends to KL(q ‖ p) for α -> 1. The smaller α, the more it depends on mass of p that q misses,
    and the less on mass of q where p has little.

    Raises:
        UserError: if alpha is not positive, or 1.
    """

    name = "renyi"
    alpha: float = 0.5

    def __post_init__(self) -> None:
        check_alpha(self.alpha)

    def bind(self, log_p: LogProbabilities) -> "BoundRenyi":
        return BoundRenyi(jnp.asarray(log_p, float), jnp.asarray(self.alpha, float))

    def matched_weight(self, log_p: LogProbabilities) -> float:
        # Σ q^α p^(1-α) of a point mass at w is p(w)^(1-α): the divergence is -log p(w) for every α, as for KL.
        del log_p
        return 1.0


@partial(jax.tree_util.register_dataclass, data_fields=["log_p", "alpha"], meta_fields=[])
@dataclass(frozen=True)
class BoundRenyi(BoundDivergence):
    """D_α(q ‖ p) of log probabilities (nats), normalised or not: a factor c of p subtracts log c.

    With S = Σ q^α p^(1-α) the first variation is α/(α - 1) · q^(α-1) p^(1-α) / S. Below α = 1 it grows without bound as
    q(w) -> 0. For α >= 1/2 its pull-back through q = ψ² stays bounded there, as 2 ψ |ψ|^(2α-2) does; for a smaller α
    that grows as |ψ|^(2α-1), up to the value at which q is replaced by `TINY`. No first variation is over
    exp(`STEEPEST`). Rounding of S is magnified by 1/|α - 1|.
    """

    log_p: Float[Array, " states"]
    alpha: Float[Array, ""]

    @property
    def convex(self) -> bool:
        # Above 1 it is no more than quasi-convex (van Erven and Harremoës, theorems 11 and 13).
        return float(self.alpha) < 1

    @property
    def steep(self) -> bool:
        return float(self.alpha) < 1

    def value_and_first_variation(self, q: Probabilities) -> tuple[Float[Array, ""], Probabilities]:
        log_q, rest = jnp.log(jnp.maximum(q, TINY)), 1.0 - self.alpha
        # Networks of probability 0 add nothing to S; with TINY^α they would, for a small α.
        log_s = logsumexp(jnp.where(q > 0, self.alpha * log_q + rest * self.log_p, -jnp.inf))
        steepness = jnp.log(self.alpha / jnp.abs(rest)) + rest * (self.log_p - log_q) - log_s
        return -log_s / rest, -jnp.sign(rest) * jnp.exp(jnp.minimum(steepness, STEEPEST))
