"""The adversarial divergence: the best value of a classifier that tells networks of q from those of p."""

from dataclasses import dataclass
from functools import partial
from math import comb
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.nn import log_softmax, softmax
from jax.scipy.linalg import cho_factor, cho_solve
from jaxtyping import Array, Float, Int

from hyperborn._typing import Probabilities
from hyperborn.errors import UserError, is_number, whole_number
from hyperborn.objectives.divergences.divergence import BoundDivergence, Divergence
from hyperborn.priors.prior import LogProbabilities
from hyperborn.walsh import walsh_hadamard, weights_of_indices

MOST_FEATURES = 1024
"""Most features of a classifier: the square of their number is held in memory (8 MiB in double precision)."""

MOST_STEPS = 100
"""Most Newton steps of a classifier."""


@dataclass(frozen=True)
class Adversarial(Divergence):
    """D(q, p) = max over classifiers f of E_q[f] - log E_p[exp f] - ridge/2 |c|², in nats.

    The classifier is log-linear: its logit f(w) is a sum of coefficients c times the products of the signs of 1 up to
    `order` bits (Walsh functions). It is trained to convergence on exact expectations, the limit of infinitely many
    samples of q and p; arXiv 2103.06720 trains a small network on samples.

    It is not trained with the logistic loss, but with the proper loss whose least risk is -KL (-f on q's networks,
    exp(f) - 1 on p's; Reid and Williamson, JMLR 12, 2011; the bias is solved for, which gives the form of Donsker and
    Varadhan). Both losses estimate the same log q(w) / p(w), so the sigmoid of the logit is the probability that a
    network is q's in either case. But with this one

    - F = E_q[energy] + λ D has the logit itself as its exact first variation, since f is a maximum (the envelope
      theorem). The source's rule is the same, the gradient of E_q[logit] with the logit held fixed; but of a logistic
      classifier that is not perfect, this is in general the gradient of no functional at all.
    - 0 = D(p, p) <= D(q, p) <= KL(q ‖ p), and D is convex in q. The logit tends to log q/p and D to KL as `order`
      reaches the number of bits and `ridge` 0. At a smaller order D is, but for the ridge, KL(q* ‖ p) of the
      distribution q* = p exp(f) / E_p[exp f] nearest to p that has q's expectations of those products.

    Args:
        order: bits in a product at most, all of them where there are fewer.
        ridge: weight of the squared coefficients (nats): with it, the best classifier is unique and finite.

    Raises:
        UserError: if order is not a whole number of at least 1 or ridge is not positive; from `bind`, if there are too
            many products.
    """

    name = "adversarial"
    order: int = 2
    ridge: float = 1e-2

    def __post_init__(self) -> None:
        whole_number("order", self.order, 1)
        if not (is_number(self.ridge) and self.ridge > 0):
            raise UserError(f"ridge = {self.ridge!r}: give a positive number, such as 0.01")

    def bind(self, log_p: LogProbabilities) -> "TrainedClassifier":
        n = log_p.shape[0].bit_length() - 1
        count = sum(comb(n, bits) for bits in range(1, min(self.order, n) + 1))
        if count > MOST_FEATURES:
            raise UserError(
                f"order = {self.order} makes {count:,} products of {n} bits, over the limit of {MOST_FEATURES:,} of "
                f"the adversarial divergence; lower the order"
            )
        weights = weights_of_indices(n)
        features = np.flatnonzero((weights > 0) & (weights <= self.order))
        return TrainedClassifier(
            jnp.asarray(log_p, float), jnp.asarray(features, jnp.int32), jnp.asarray(self.ridge, float)
        )

    def matched_weight(self, log_p: LogProbabilities) -> float:
        # Single bits suffice to tell a point mass from all other networks: without the ridge its divergence is
        # -log p(w), as for KL. The default ridge lowers it by up to 1.5 % (9 % at order 1).
        del log_p
        return 1.0


class NewtonState(NamedTuple):
    """State of the training: coefficients, logits without bias, largest change of a logit in the last step, steps."""

    coefficients: Float[Array, " features"]
    logits: Float[Array, " states"]
    movement: Float[Array, ""]
    steps: Int[Array, ""]


@partial(jax.tree_util.register_dataclass, data_fields=["log_p", "features", "ridge"], meta_fields=[])
@dataclass(frozen=True)
class TrainedClassifier(BoundDivergence):
    """D(q, p) of log probabilities (nats), normalised or not, and the best classifier's logit, its first variation.

    `features` are the indices of the products in the Walsh basis. The maximum is found by Newton's method from f = 0,
    each step two transforms in O(n 2^n) and one linear system of the size of `features`, until no logit moves by more
    than `tolerance`; convergence being quadratic, the error is then far below it. Memory: O(2^n), and the square of
    the number of features.
    """

    log_p: Float[Array, " states"]
    features: Int[Array, " features"]
    ridge: Float[Array, ""]

    @property
    def convex(self) -> bool:
        return True

    @property
    def steep(self) -> bool:
        return False

    def value_and_first_variation(self, q: Probabilities) -> tuple[Float[Array, ""], Probabilities]:
        moments = walsh_hadamard(q)[self.features]
        none = jnp.zeros((), jnp.int32)
        start = NewtonState(jnp.zeros_like(moments), jnp.zeros_like(q), jnp.full((), jnp.inf, q.dtype), none)
        found = jax.lax.while_loop(partial(unfinished, tolerance(q)), partial(self.improved, moments), start)
        log_p = log_softmax(self.log_p)
        logit = log_softmax(log_p + found.logits) - log_p
        return jnp.sum(q * logit) - self.ridge / 2 * jnp.sum(found.coefficients**2), logit

    def improved(self, moments: Float[Array, " features"], before: NewtonState) -> NewtonState:
        """A damped Newton step.

        Along a direction g of the logits the third derivative of log E_p[exp f] is at most the range r of g times the
        second, so a step of log(1 + r) / r always improves (Sun and Tran-Dinh, arXiv 1703.04599).
        """
        tilted = walsh_hadamard(softmax(self.log_p + before.logits))
        mean = tilted[self.features]
        covariance = tilted[self.features[:, None] ^ self.features[None, :]] - mean[:, None] * mean[None, :]
        curvature = covariance + self.ridge * jnp.eye(mean.shape[0], dtype=mean.dtype)
        direction = cho_solve(cho_factor(curvature), moments - mean - self.ridge * before.coefficients)
        change = walsh_hadamard(jnp.zeros_like(before.logits).at[self.features].set(direction))
        reach = jnp.max(change) - jnp.min(change)
        length = jnp.where(reach > 0, jnp.log1p(reach) / jnp.where(reach > 0, reach, 1.0), 1.0)
        return NewtonState(
            before.coefficients + length * direction, before.logits + length * change, reach, before.steps + 1
        )


def tolerance(q: Probabilities) -> float:
    """Largest change of a logit (nats) in the last step of a trained classifier, by the precision."""
    return 1e-6 if q.dtype == jnp.float64 else 1e-2


def unfinished(tolerance: float, state: NewtonState) -> Array:
    return (state.movement > tolerance) & (state.steps < MOST_STEPS)
