"""Mixtures of κ^Hamming(w, w'), and the rules that choose their κ.

Such a kernel is diagonal in the Walsh basis: on the products of |s| bits' signs it acts as the number
(1 + κ)^(n - |s|) (1 - κ)^|s|. A mixture is therefore applied to a distribution by two Walsh-Hadamard transforms, never
as a 2^n × 2^n matrix. Divided by 2^n, these numbers are a probability measure on the subsets s of the bits, each bit in
s with probability (1 - κ)/2 independently: the spectral measure of the kernel.
"""

from dataclasses import dataclass
from math import exp, sqrt

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn.arguments import check_kind
from hyperborn.errors import UserError, is_number, whole_number
from hyperborn.walsh import filtered, weights_of_indices

RUNGS = 5
"""How many κ the adaptive kernel mixes."""


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


def kernel_of_orders(n: int, orders: tuple[float, ...]) -> Hamming:
    """Mixture whose κ put the mean operator weight n (1 - κ) / 2 at the given orders.

    The mean operator weight says how many bits' products MMD² mostly compares: 1 the marginals, 2 pairs, and so on.

    Raises:
        UserError: if an order is not strictly between 0 and n/2.
    """
    whole_number("n", n, 1)
    given = orders if isinstance(orders, tuple) else (orders,)
    wrong = [order for order in given if not (is_number(order) and 0 < order < n / 2)]
    if wrong:
        raise UserError(f"kernel orders {wrong} for {n} bits: give numbers between 0 and {n / 2:g}")
    return Hamming(tuple(1.0 - 2.0 * order / n for order in given))


def default_kernel(n: int) -> Hamming:
    """From two-body terms up to n/4-body terms, in three steps of equal ratio (n/4 alone below 8 bits)."""
    whole_number("n", n, 1)
    largest = n / 4
    smallest = min(2.0, largest)
    if smallest == largest:
        return kernel_of_orders(n, (largest,))
    return kernel_of_orders(n, (smallest, sqrt(smallest * largest), largest))


def kernel_for(kernel: Hamming | None, n: int) -> Hamming:
    """The kernel, or `default_kernel` for n bits if there is none.

    Raises:
        UserError: for anything that is not a kernel.
    """
    if kernel is None:
        return default_kernel(n)
    check_kind("kernel", kernel, (Hamming,), "a kernel such as Hamming((0.5,)), or None")
    return kernel


def adaptive_kernel(n: int) -> Hamming:
    """The κ that the adaptive kernel mixes: five orders in equal ratios from 1 body (n/4 below 4 bits) to 0.45 n.

    At the lowest MMD² compares little more than marginals; at the highest κ = 0.1, nearly network by network.
    """
    whole_number("n", n, 1)
    return kernel_of_orders(n, tuple(np.geomspace(min(1.0, n / 4), 0.45 * n, RUNGS).tolist()))


def median_kernel(distances: Float[np.ndarray, " distances"]) -> Hamming:
    """The median rule, for the probabilities of the Hamming distances 0, 1, ..., n of two independent draws.

    The Gaussian kernel with σ² the median squared distance d² · Hamming of weights d apart: κ = exp(-1 / (2 median)),
    whatever d is; a median of 0 counts as 1. With independent fair bits the median is about n/2 and κ about 1 - 1/n:
    a mean operator weight of 1/2, so MMD² then sees little more than the marginals. The rule: arXiv 1707.07269;
    operator weights: arXiv 2503.02934.
    """
    total = np.cumsum(distances)
    median = int(np.searchsorted(total, total[-1] / 2))
    return Hamming((exp(-0.5 / max(median, 1)),))
