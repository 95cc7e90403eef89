"""The squared kernelized Stein discrepancy on bits."""

from dataclasses import dataclass
from functools import partial
from math import exp
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from hyperborn._typing import Probabilities
from hyperborn.errors import UserError
from hyperborn.objectives.divergences.divergence import BoundDivergence, Divergence, checked_penalty
from hyperborn.objectives.kernels import Hamming
from hyperborn.priors.prior import LogProbabilities
from hyperborn.walsh import filtered

OPERATORS = ("barker", "difference")

STEEPEST = 40.0
"""Largest difference of log p between neighbours (nats) that the difference operator takes; it is squared later."""


@dataclass(frozen=True)
class Stein(Divergence):
    """KSD²(q, p) = Σ_i u_iᵀ K u_i with u_i(w) = q(w^i) a_i(w) - q(w) b_i(w), where w^i is w with bit i flipped.

    u_i comes from summation by parts of a Stein operator of p: it is 0 for all i and w if and only if q = p. Only the
    ratios p(w^i) / p(w) matter, so p need not be normalised. Not in nats: it has no unit.

    Args:
        kernel: K; one with κ = exp(-1/n) if absent, that is exp(-Hamming/n), as in arXiv 2103.06720.
        operator: "difference" is that of the paper, after Yang et al. (ICML 2018): a_i = 1, b_i = p(w^i) / p(w), with
            the score 1 - b_i. It has no bound where q(w) > 0 and neighbours of w are far more probable. "barker"
            multiplies it by p(w_i | the other bits): b_i = p(w^i) / (p(w) + p(w^i)), a_i = 1 - b_i, the rates of a heat
            bath, which are never above 1 (a Zanella-Stein operator: Hodgkinson et al., arXiv 2001.09266). With it KSD²
            is at most 2 n (1 - κ): 2 with the default kernel.

    Raises:
        UserError: if the kernel is not a kernel or the operator is neither; from `bind`, if p is too steep for the
            difference operator.
    """

    name = "stein"
    kernel: Hamming | None = None
    operator: Literal["barker", "difference"] = "barker"

    def __post_init__(self) -> None:
        if not isinstance(self.kernel, Hamming | None):
            raise UserError(f"kernel = {self.kernel!r}: give a kernel, such as Hamming((0.5,)), or None")
        if not isinstance(self.operator, str) or self.operator not in OPERATORS:
            raise UserError(f"operator = {self.operator!r}: give 'barker' or 'difference'")

    def bind(self, log_p: LogProbabilities) -> "SteinDiscrepancy":
        n = log_p.shape[0].bit_length() - 1
        steepest = max(float(np.max(flipped(log_p, bit) - log_p)) for bit in range(n))
        if self.operator == "difference" and steepest > STEEPEST:
            raise UserError(
                f"operator = 'difference': neighbouring networks differ by a factor of exp({steepest:.0f}) in "
                f"probability, over the limit of exp({STEEPEST:.0f}); use 'barker', or a higher temperature"
            )
        spectrum = self.kernel_of(n).spectrum(n) / 2**n
        # Only differences of log p matter; float32 keeps their digits where log p is near its largest value.
        relative = jnp.asarray(log_p - log_p.max(), float)
        return SteinDiscrepancy(relative, jnp.asarray(spectrum, float), self.operator)

    def matched_weight(self, log_p: LogProbabilities) -> float:
        # u_i of a point mass at w is a_i(w^i) at w^i and -b_i(w) at w, and K is 1 there and κ across.
        n = log_p.shape[0].bit_length() - 1
        kappa, p, penalty = self.kernel_of(n).by_distance(n)[1], np.exp(log_p), 0.0
        for bit in range(n):
            with jax.enable_x64(True):
                step = jnp.asarray(flipped(log_p, bit) - log_p)
                arriving = np.asarray(rates(-step, self.operator)[0])
                leaving = np.asarray(rates(step, self.operator)[1])
            penalty += float(p @ (arriving**2 + leaving**2 - 2 * kappa * arriving * leaving))
        return float(-p @ log_p) / checked_penalty(penalty)

    def kernel_of(self, n: int) -> Hamming:
        return self.kernel or Hamming((exp(-1 / n),))


def flipped(log_p: LogProbabilities, bit: int) -> LogProbabilities:
    """log p(w^i) for all w."""
    return log_p.reshape(2**bit, 2, -1)[:, ::-1].reshape(-1)


def rates(step: Array, operator: str) -> tuple[Array, Array]:
    """a_i(w) and b_i(w) from step = log p(w^i) - log p(w)."""
    if operator == "difference":
        return jnp.ones_like(step), jnp.exp(step)
    return jax.nn.sigmoid(-step), jax.nn.sigmoid(step)


@partial(jax.tree_util.register_dataclass, data_fields=["log_p", "spectrum"], meta_fields=["operator"])
@dataclass(frozen=True)
class SteinDiscrepancy(BoundDivergence):
    """KSD²(q, p), exact, in time O(n² 2^n) and memory O(2^n).

    First variation 2 Σ_i [(K u_i)(w^i) a_i(w^i) - (K u_i)(w) b_i(w)]. `spectrum` holds K's eigenvalues in the Walsh
    basis, divided by 2^n.
    """

    log_p: Float[Array, " states"]
    spectrum: Float[Array, " states"]
    operator: str

    @property
    def convex(self) -> bool:
        return True

    @property
    def steep(self) -> bool:
        return False

    def value_and_first_variation(self, q: Probabilities) -> tuple[Float[Array, ""], Probabilities]:
        places = jnp.arange(q.shape[0])

        def add(bit: Int[Array, ""], sums: tuple[Array, Array]) -> tuple[Array, Array]:
            value, variation = sums
            across = places ^ (1 << bit)
            a, b = rates(self.log_p[across] - self.log_p, self.operator)
            u = q[across] * a - q * b
            smoothed = filtered(u, self.spectrum)
            return value + jnp.sum(u * smoothed), variation + 2.0 * ((smoothed * a)[across] - smoothed * b)

        start = jnp.zeros((), q.dtype), jnp.zeros_like(q)
        # A loop that is not unrolled, so that its body is compiled once.
        return jax.lax.fori_loop(0, q.shape[0].bit_length() - 1, add, start)
