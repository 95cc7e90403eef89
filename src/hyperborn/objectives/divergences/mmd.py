"""The squared maximum mean discrepancy of a Hamming kernel."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Probabilities
from hyperborn.errors import UserError
from hyperborn.objectives.divergences.adaptive import AdaptiveDiscrepancy, mean_penalty
from hyperborn.objectives.divergences.divergence import BoundDivergence, Divergence, checked_penalty
from hyperborn.objectives.kernels import (
    Hamming,
    adaptive_kernel,
    default_kernel,
    distances_of_probabilities,
    median_kernel,
)
from hyperborn.priors.prior import LogProbabilities
from hyperborn.walsh import filtered

RULES: dict[str, Callable[[LogProbabilities], Hamming]] = {
    "operator-weight": lambda log_p: default_kernel(log_p.shape[0].bit_length() - 1),
    "median": lambda log_p: median_kernel(distances_of_probabilities(np.exp(log_p))),
}
"""Rules that choose the kernel from p alone."""


@dataclass(frozen=True)
class MMD(Divergence):
    """MMD²(q, p) = E k(w, w') over pairs from q, minus twice that over pairs from q and p, plus that over pairs from p.

    If `kernel` is absent, the rule `bandwidth` chooses it:

    - "operator-weight": `default_kernel` of the number of weights;
    - "median": `median_kernel` of the Hamming distances under p;
    - "adaptive": at every q the mixture of the κ of `adaptive_kernel` that separates q from p best. See
      `AdaptiveDiscrepancy`: its value has other units than the others (the kl-matched weight accounts for that).

    Raises:
        UserError: if the kernel is not a kernel, the rule is unknown, or both are given.
    """

    name = "mmd"
    kernel: Hamming | None = None
    bandwidth: Literal["operator-weight", "median", "adaptive"] = "operator-weight"

    def __post_init__(self) -> None:
        if not isinstance(self.kernel, Hamming | None):
            raise UserError(f"kernel = {self.kernel!r}: give a kernel, such as Hamming((0.5,)), or None")
        if not isinstance(self.bandwidth, str) or self.bandwidth not in (*RULES, "adaptive"):
            raise UserError(f"bandwidth = {self.bandwidth!r}: give {', '.join(RULES)} or adaptive")
        if self.kernel is not None and self.bandwidth != "operator-weight":
            raise UserError(f"bandwidth = {self.bandwidth!r} beside a kernel, which it would choose: give one of them")

    def bind(self, log_p: LogProbabilities) -> BoundDivergence:
        if self.bandwidth == "adaptive":
            return adaptive(log_p)
        n = log_p.shape[0].bit_length() - 1
        spectrum = self.kernel_of(log_p).spectrum(n) / 2**n
        return MaximumMeanDiscrepancy(jnp.asarray(np.exp(log_p), float), jnp.asarray(spectrum, float))

    def matched_weight(self, log_p: LogProbabilities) -> float:
        # E_p[-log p(w)] / E_p[D(δ_w, p)]: for the uniform prior n ln 2 / D(δ, p) with any δ.
        p = np.exp(log_p)
        entropy = float(-(p @ log_p))
        if self.bandwidth == "adaptive":
            return entropy / mean_penalty(p, adaptive_kernel(log_p.shape[0].bit_length() - 1).kappas)
        with jax.enable_x64(True):
            within_p = float(p @ np.asarray(self.kernel_of(log_p).apply(jnp.asarray(p))))
        return entropy / checked_penalty(1.0 - within_p)

    def check_samples(self) -> None:
        """Raise a UserError for a kernel that depends on all probabilities."""
        if self.bandwidth == "adaptive":
            raise UserError("bandwidth adaptive needs all probabilities; on a backend give operator-weight or median")

    def kernel_of(self, log_p: LogProbabilities, q: Float[np.ndarray, " states"] | None = None) -> Hamming:
        """The kernel that compares q with p; only the adaptive rule needs q, of shape (2^n,).

        It can be used like any other kernel, such as with `mmd_squared` on independent samples.

        Raises:
            UserError: if the rule is adaptive and there is no q.
        """
        if self.bandwidth != "adaptive":
            return self.kernel or RULES[self.bandwidth](log_p)
        if q is None:
            raise UserError("the adaptive kernel depends on q: give q, the probabilities of all networks")
        rungs = adaptive_kernel(log_p.shape[0].bit_length() - 1)
        with jax.enable_x64(True):
            weights = np.asarray(adaptive(log_p).weights(jnp.asarray(q, float)))
        return Hamming(rungs.kappas, tuple(weights.tolist())) if weights.any() else rungs


def adaptive(log_p: LogProbabilities) -> AdaptiveDiscrepancy:
    return AdaptiveDiscrepancy.of(np.exp(log_p), adaptive_kernel(log_p.shape[0].bit_length() - 1).kappas)


@partial(jax.tree_util.register_dataclass, data_fields=["p", "spectrum"], meta_fields=[])
@dataclass(frozen=True)
class MaximumMeanDiscrepancy(BoundDivergence):
    """MMD²(q, p) = (q - p)ᵀ K (q - p), exact; first variation 2 K (q - p), the witness function.

    `spectrum` holds K's eigenvalues in the Walsh basis, divided by 2^n.
    """

    p: Float[Array, " states"]
    spectrum: Float[Array, " states"]

    @property
    def convex(self) -> bool:
        return True

    @property
    def steep(self) -> bool:
        return False

    def value_and_first_variation(self, q: Probabilities) -> tuple[Float[Array, ""], Probabilities]:
        difference = q - self.p
        smoothed = filtered(difference, self.spectrum)
        return jnp.sum(difference * smoothed), 2.0 * smoothed
