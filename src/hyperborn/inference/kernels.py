"""Kernels on bit strings: mixtures of κ^Hamming(w, w').

Such a kernel is diagonal in the Walsh basis: on the products of |s| bits' signs it acts as the number
(1 + κ)^(n - |s|) (1 - κ)^|s|. So a whole mixture is applied to a distribution by two Walsh-Hadamard transforms, never
as a 2^n × 2^n matrix.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from jaxtyping import Float

from hyperborn.errors import UserError, is_number
from hyperborn.walsh import weights_of_indices


@dataclass(frozen=True)
class Hamming:
    """The average of κ^Hamming(w, w') over several κ, each strictly between 0 and 1.

    κ = exp(-d² / (2 σ²)) makes it the Gaussian kernel of width σ on weights whose two values are d apart.
    """

    kappas: tuple[float, ...]

    def __post_init__(self) -> None:
        kappas = self.kappas if isinstance(self.kappas, tuple) else ()
        if not kappas or not all(is_number(kappa) and 0 < kappa < 1 for kappa in kappas):
            raise UserError(
                f"kernel kappas = {self.kappas!r}: give a tuple of numbers strictly between 0 and 1, such as (0.5,)"
            )

    def spectrum(self, n: int) -> Float[np.ndarray, " states"]:
        """Eigenvalue of every Walsh function on n bits, in index order."""
        order = np.arange(n + 1)
        table = np.mean([(1 + kappa) ** (n - order) * (1 - kappa) ** order for kappa in self.kappas], axis=0)
        return table[weights_of_indices(n)]


def kernel_of_orders(n: int, orders: tuple[float, ...]) -> Hamming:
    """Mixture whose κ put the mean operator weight n (1 - κ) / 2 at the given orders.

    The mean operator weight says how many bits' products MMD² mostly compares: 1 the marginals, 2 pairs, and so on.
    """
    wrong = [order for order in orders if not 0 < order < n / 2]
    if wrong:
        raise UserError(f"kernel orders {wrong} for {n} bits: give numbers between 0 and {n / 2:g}")
    return Hamming(tuple(1.0 - 2.0 * order / n for order in orders))


def default_kernel(n: int) -> Hamming:
    """From two-body terms up to n/4-body terms, in three steps of equal ratio (n/4 alone below 8 bits)."""
    largest = n / 4
    smallest = min(2.0, largest)
    if smallest == largest:
        return kernel_of_orders(n, (largest,))
    return kernel_of_orders(n, (smallest, sqrt(smallest * largest), largest))
