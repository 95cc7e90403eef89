"""Mixtures of κ^Hamming(w, w').

Such a kernel is diagonal in the Walsh basis: on the products of |s| bits' signs it acts as the number
(1 + κ)^(n - |s|) (1 - κ)^|s|. So a whole mixture is applied to a distribution by two Walsh-Hadamard transforms, never
as a 2^n × 2^n matrix. Divided by 2^n, these numbers are a probability measure on the subsets s of the bits, each bit in
s with probability (1 - κ)/2 independently: the spectral measure of the kernel.
"""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn.errors import UserError, is_number
from hyperborn.walsh import filtered, weights_of_indices


@dataclass(frozen=True)
class Hamming:
    """The average of κ^Hamming(w, w') over several κ, each strictly between 0 and 1; so k(w, w) = 1.

    κ = exp(-d² / (2 σ²)) makes it the Gaussian kernel of width σ on weights whose two values are d apart.
    `weights` say how much each κ counts, relative to their sum; without them all count the same.

    Raises:
        UserError: for κ outside of (0, 1), or weights that are negative, all zero, or not one for each κ.
    """

    kappas: tuple[float, ...]
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        kappas = self.kappas if isinstance(self.kappas, tuple) else ()
        if not kappas or not all(is_number(kappa) and 0 < kappa < 1 for kappa in kappas):
            raise UserError(
                f"kernel kappas = {self.kappas!r}: give a tuple of numbers strictly between 0 and 1, such as (0.5,)"
            )
        if self.weights is None:
            return
        weights = self.weights if isinstance(self.weights, tuple) else ()
        numbers = len(weights) == len(kappas) and all(is_number(weight) and weight >= 0 for weight in weights)
        if not numbers or not any(weights):
            raise UserError(
                f"kernel weights = {self.weights!r} for {len(kappas)} kappas: give a tuple of one number of at least 0 "
                "for each, not all 0, or None"
            )

    @property
    def shares(self) -> Float[np.ndarray, " kappas"]:
        """How much each κ counts; they sum to 1."""
        weights = np.ones(len(self.kappas)) if self.weights is None else np.asarray(self.weights, float)
        return weights / weights.sum()

    def by_distance(self, n: int) -> Float[np.ndarray, " distances"]:
        """k(w, w') of two rows of n bits by their Hamming distance 0, 1, ..., n."""
        return self.shares @ np.power.outer(np.asarray(self.kappas), np.arange(n + 1))

    def spectrum(self, n: int) -> Float[np.ndarray, " states"]:
        """Eigenvalue of every Walsh function on n bits, in index order."""
        order = np.arange(n + 1)
        table = self.shares @ np.array([(1 + kappa) ** (n - order) * (1 - kappa) ** order for kappa in self.kappas])
        return table[weights_of_indices(n)]

    def apply(self, values: Float[Array, " states"]) -> Float[Array, " states"]:
        """Σ_w' k(w, w') values[w'] for all 2^n networks w, in index order and the dtype of the values; O(n 2^n)."""
        n = values.shape[0].bit_length() - 1
        return filtered(values, jnp.asarray(self.spectrum(n) / 2**n, values.dtype))
