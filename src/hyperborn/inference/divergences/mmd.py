"""The squared maximum mean discrepancy of a Hamming kernel."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Probabilities
from hyperborn.errors import UserError
from hyperborn.inference.divergences.divergence import BoundDivergence, Divergence
from hyperborn.inference.kernels import Hamming, default_kernel
from hyperborn.priors.prior import LogProbabilities
from hyperborn.walsh import walsh_hadamard


@dataclass(frozen=True)
class MMD(Divergence):
    """MMD²(q, p) = E k(w, w') over pairs of q, less twice those of one each, plus those of p.

    Without `kernel`, `default_kernel` of the number of weights serves.

    Raises:
        UserError: if the kernel is none.
    """

    # Arguments are checked below, so that a mistake is a UserError even where the tests check types.
    __no_type_check__ = True

    name = "mmd"
    kernel: Hamming | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.kernel, Hamming | None):
            raise UserError(f"kernel = {self.kernel!r}: give a kernel, such as Hamming((0.5,)), or None")

    def bind(self, log_p: LogProbabilities) -> "MaximumMeanDiscrepancy":
        n = log_p.shape[0].bit_length() - 1
        spectrum = self.kernel_of(n).spectrum(n) / 2**n
        return MaximumMeanDiscrepancy(jnp.asarray(np.exp(log_p), float), jnp.asarray(spectrum, float))

    def matched_weight(self, log_p: LogProbabilities) -> float:
        # E_p[-log p(w)] / E_p[MMD²(δ_w, p)]: for the uniform prior n ln 2 / MMD²(δ, p) with any δ.
        n = log_p.shape[0].bit_length() - 1
        p = np.exp(log_p)
        with jax.enable_x64(True):
            transformed = np.asarray(walsh_hadamard(jnp.asarray(p)))
        within_p = float(np.sum(self.kernel_of(n).spectrum(n) * transformed**2) / 2**n)
        return float(-np.sum(p * log_p)) / (1.0 - within_p)

    def kernel_of(self, n: int) -> Hamming:
        return self.kernel or default_kernel(n)


@partial(jax.tree_util.register_dataclass, data_fields=["p", "spectrum"], meta_fields=[])
@dataclass(frozen=True)
class MaximumMeanDiscrepancy(BoundDivergence):
    """MMD²(q, p) = (q - p)ᵀ K (q - p), exact; first variation 2 K (q - p), the witness function.

    `spectrum` holds K's eigenvalues in the Walsh basis, divided by 2^n.
    """

    p: Float[Array, " states"]
    spectrum: Float[Array, " states"]

    def value_and_first_variation(self, q: Probabilities) -> tuple[Float[Array, ""], Probabilities]:
        difference = q - self.p
        smoothed = walsh_hadamard(self.spectrum * walsh_hadamard(difference))
        return jnp.sum(difference * smoothed), 2.0 * smoothed
