"""Divergences D(q, p) of a distribution over all 2^n networks from the prior, with their first variations."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Probabilities
from hyperborn.inference.kernels import Hamming
from hyperborn.inference.walsh import walsh_hadamard

LogProbabilities: TypeAlias = Float[np.ndarray, " states"]
TINY = 1e-30
"""Probabilities below this count as this in a logarithm; float32 holds them still."""


class Divergence(ABC):
    """D(·, p) for one prior p; a pytree of arrays, so that one compiled program serves every prior."""

    # JAX builds pytrees of placeholders as well, which the type checks of the tests would refuse.
    __no_type_check__ = True

    @abstractmethod
    def value_and_first_variation(self, q: Probabilities) -> tuple[Float[Array, ""], Probabilities]:
        """D(q, p) and δD/δq(w) for all w, of shape (2^n,) and the dtype of q."""


@partial(jax.tree_util.register_dataclass, data_fields=["log_prior"], meta_fields=[])
@dataclass(frozen=True)
class KullbackLeibler(Divergence):
    """KL(q ‖ p) = Σ q log(q / p) in nats; first variation log(q / p) + 1."""

    log_prior: Float[Array, " states"]

    @classmethod
    def to(cls, log_prior: LogProbabilities) -> "KullbackLeibler":
        """The divergence from the prior with log probabilities (nats) of shape (2^n,)."""
        return cls(jnp.asarray(log_prior, float))

    def value_and_first_variation(self, q: Probabilities) -> tuple[Float[Array, ""], Probabilities]:
        log_ratio = jnp.log(jnp.maximum(q, TINY)) - self.log_prior
        return jnp.sum(q * log_ratio), log_ratio + 1.0


@partial(jax.tree_util.register_dataclass, data_fields=["prior", "spectrum"], meta_fields=[])
@dataclass(frozen=True)
class MaximumMeanDiscrepancy(Divergence):
    """MMD²(q, p) = (q - p)ᵀ K (q - p), exact; first variation 2 K (q - p), the witness function.

    `spectrum` holds K's eigenvalues in the Walsh basis, divided by 2^n.
    """

    prior: Float[Array, " states"]
    spectrum: Float[Array, " states"]

    @classmethod
    def to(cls, log_prior: LogProbabilities, kernel: Hamming) -> "MaximumMeanDiscrepancy":
        """The divergence from the prior with log probabilities (nats) of shape (2^n,)."""
        n = log_prior.shape[0].bit_length() - 1
        spectrum = kernel.spectrum(n) / 2**n
        return cls(jnp.asarray(np.exp(log_prior), float), jnp.asarray(spectrum, float))

    def value_and_first_variation(self, q: Probabilities) -> tuple[Float[Array, ""], Probabilities]:
        difference = q - self.prior
        smoothed = walsh_hadamard(self.spectrum * walsh_hadamard(difference))
        return jnp.sum(difference * smoothed), 2.0 * smoothed


def kl_matched_weight(log_prior: LogProbabilities, kernel: Hamming) -> float:
    """λ at which λ MMD² charges a point mass, on average over the prior, what KL charges it.

    E_p[-log p(w)] / E_p[MMD²(δ_w, p)]: for the uniform prior n ln 2 / MMD²(δ, p) with any δ.
    """
    n = log_prior.shape[0].bit_length() - 1
    p = np.exp(log_prior)
    with jax.enable_x64(True):
        transformed = np.asarray(walsh_hadamard(jnp.asarray(p)))
    within_prior = float(np.sum(kernel.spectrum(n) * transformed**2) / 2**n)
    return float(-np.sum(p * log_prior)) / (1.0 - within_prior)
