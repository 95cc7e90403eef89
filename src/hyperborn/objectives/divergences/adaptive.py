"""MMD² of the mixture of kernels that separates two distributions best."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.lax import Precision
from jaxtyping import Array, Float

from hyperborn._typing import Probabilities
from hyperborn.objectives.divergences.divergence import TINY, BoundDivergence, checked_penalty
from hyperborn.objectives.kernels import Hamming
from hyperborn.walsh import walsh_hadamard

multiply = partial(jnp.matmul, precision=Precision.HIGHEST)


@partial(jax.tree_util.register_dataclass, data_fields=["p", "upper", "lower"], meta_fields=[])
@dataclass(frozen=True)
class AdaptiveDiscrepancy(BoundDivergence):
    """D(q, p) = max Σ_i v_i D_i over weights with Σ_i v_i² ≤ 1, where D_i = c_i MMD²_i(q, p) with the i-th κ.

    **Units.** c_i = 1 / (1 - E_p k_i(w, w')): every D_i of a point mass is 1 on average over p, so that no κ is
    preferred for its scale. With m kernels its D is between 1 and m on average, and √m if p is uniform.

    **Value.** By Cauchy and Schwarz the maximum is ‖D‖ = (Σ_i D_i²)^(1/2), at v_i = D_i / ‖D‖. These are not negative,
    so the mixture is a kernel. D is at least each D_i, is 0 at q = p alone, and is quadratic in q - p: along
    q = p + t (r - p) it grows as t².

    **First variation.** By the envelope theorem the best v may be held fixed: δD/δq = 2 Σ_i v_i c_i K_i (q - p). As no
    v_i is over 1, it vanishes with q - p; at q = p, where any v is best, v is taken as 0. So D is continuously
    differentiable everywhere.

    **Spectral measure.** MMD² of κ^Hamming is E_s (E_q χ_s - E_p χ_s)² over Walsh characters χ_s, with each bit in s
    with probability (1 - κ)/2. arXiv 2510.08476 trains a measure over s, in place of this one, against the generator.
    Here it is a mixture of these product measures, so it depends on |s| only, and the best answer to q is known
    without training.

    **Cost.** With f the Walsh transform of q - p, MMD²_i = Σ_s λ_i(s) f(s)² / 2^n: one transform there serves every κ,
    and one back the mixture, as with a fixed kernel. As c_i λ_i / 2^n is a product over bits, it is kept as the outer
    product of the i-th columns of `upper` (the first half of the bits) and `lower` (the others).
    """

    p: Float[Array, " states"]
    upper: Float[Array, "upper kappas"]
    lower: Float[Array, "lower kappas"]

    @classmethod
    def of(cls, p: Float[np.ndarray, " states"], kappas: tuple[float, ...]) -> "AdaptiveDiscrepancy":
        """D(·, p) of a mixture over these κ, for the probabilities p of all 2^n networks."""
        n = p.shape[0].bit_length() - 1
        scales = [1.0 / checked_penalty(float(1.0 - p @ embedding(p, kappa))) for kappa in kappas]
        upper, lower = half_spectra(kappas, n // 2) * np.array(scales), half_spectra(kappas, n - n // 2)
        return cls(jnp.asarray(p, float), jnp.asarray(upper, float), jnp.asarray(lower, float))

    @property
    def convex(self) -> bool:
        return True

    @property
    def steep(self) -> bool:
        return False

    def value_and_first_variation(self, q: Probabilities) -> tuple[Float[Array, ""], Probabilities]:
        transformed, value, weights = self.separated(q)
        spectrum = multiply(self.upper * weights[None], self.lower.T).reshape(-1)
        return value, 2.0 * walsh_hadamard(spectrum * transformed)

    def weights(self, q: Probabilities) -> Float[Array, " kappas"]:
        """How much the kernel of each κ counts, v_i c_i; all 0 at q = p."""
        # Each column of half a spectral measure sums to 1, apart from the factor c_i in `upper`.
        return self.separated(q)[2] * self.upper.sum(axis=0)

    def separated(self, q: Probabilities) -> tuple[Probabilities, Float[Array, ""], Float[Array, " kappas"]]:
        """The Walsh transform of q - p, D(q, p), and the best v."""
        transformed = walsh_hadamard(q - self.p)
        energies = (transformed**2).reshape(self.upper.shape[0], -1)
        separations = jnp.sum(self.upper * multiply(energies, self.lower), axis=0)
        # Relative to the largest: in float32 the squares of small numbers would underflow.
        largest = jnp.max(separations)
        relative = separations / jnp.maximum(largest, TINY)
        norm = jnp.sqrt(jnp.sum(relative**2))
        return transformed, largest * norm, relative / jnp.maximum(norm, TINY)


def mean_penalty(p: Float[np.ndarray, " states"], kappas: tuple[float, ...]) -> float:
    """E_{w~p} D(δ_w, p), float64."""
    squares = np.zeros_like(p)
    for kappa in kappas:
        mean = embedding(p, kappa)
        within = p @ mean
        squares += ((1.0 - 2.0 * mean + within) / checked_penalty(float(1.0 - within))) ** 2
    return float(p @ np.sqrt(squares))


def embedding(p: Float[np.ndarray, " states"], kappa: float) -> Float[np.ndarray, " states"]:
    """E_{w'~p} κ^Hamming(w, w') for all w, float64."""
    with jax.enable_x64(True):
        return np.asarray(Hamming((kappa,)).apply(jnp.asarray(p)))


def half_spectra(kappas: tuple[float, ...], n: int) -> Float[np.ndarray, "half kappas"]:
    """Eigenvalues over 2^n on n bits, a column for each κ; each column sums to 1."""
    return np.stack([Hamming((kappa,)).spectrum(n) / 2**n for kappa in kappas], axis=1)
