"""Estimates of MMD² from samples, with standard errors.

With rows x_1..x_S of q, MMD²(q, p) = E k(x, x') - 2 E k(x, y) + E k(y, y') is estimated in two ways. The unbiased one
(U-statistic) averages the first term over pairs i ≠ j; it may be negative where q is close to p. The biased one
(V-statistic) averages over all pairs: it is MMD² of the empirical distribution, never negative, too high by
(1 - E k(x, x')) / S for every sample of S rows. Source: Gretton et al., JMLR 13, 723 (2012), equations
3 and 5.

Standard errors are the jackknife's: the estimate without row i follows from the row's kernel sums Σ_j k(x_i, x_j) and
E_y k(x_i, y), so they cost O(S) once these are there. Where q = p the estimate is degenerate (its part linear in the
rows vanishes) and the jackknife is conservative: its variance is on average hardly ever too small, and twice the true
one for a part of second order, so the error is about √2 too high. Source: Efron and Stein, Annals of Statistics 9, 586
(1981).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from hyperborn._typing import Bits
from hyperborn.arguments import check_bits
from hyperborn.errors import UserError
from hyperborn.objectives.kernels.bandwidths import kernel_for
from hyperborn.objectives.kernels.hamming import Hamming
from hyperborn.objectives.kernels.product import product_embedding, product_mean
from hyperborn.objectives.kernels.sums import kernel_sums
from hyperborn.stats import Estimate


def mmd_squared(
    bits: Bits, others: UInt8[np.ndarray, "others n"], kernel: Hamming | None = None, *, biased: bool = False
) -> Estimate:
    """MMD²(q, p) from independent rows of q (`bits`) and of p (`others`), which need not be as many.

    `n` of the estimate counts the rows of both. Without `kernel`, `default_kernel` serves. Memory: that of
    `kernel_sums`, besides arrays of one number a row. The unbiased estimate may be negative.

    Raises:
        UserError: if the rows are not of the same bits, or fewer than 2 of each (1 for the biased estimate).
    """
    check_enough("bits", bits, biased)
    check_enough("others", others, biased)
    check_bits("others", others, bits.shape[1], least=1)
    kernel = kernel_for(kernel, bits.shape[1])
    across = kernel_sums(kernel, bits, others) / len(others)
    ours = Side.of(kernel, bits, across, biased)
    theirs = Side.of(kernel, others, kernel_sums(kernel, others, bits) / len(bits), biased)
    mean = ours.within - 2.0 * float(across.mean()) + theirs.within
    return Estimate(mean, error_of(ours.variance, theirs.variance), len(bits) + len(others))


def mmd_squared_from_product(
    bits: Bits, marginals: Float[np.ndarray, " n"], kernel: Hamming | None = None, *, biased: bool = False
) -> Estimate:
    """MMD²(q, p) from independent rows of q and the marginals (probabilities of 1) of independent bits, p.

    The terms with p are exact, for any number of bits; otherwise as `mmd_squared`.

    Raises:
        UserError: if the rows and the marginals do not fit, or there are fewer than 2 rows (1 for the biased estimate).
    """
    check_enough("bits", bits, biased)
    kernel = kernel_for(kernel, bits.shape[1])
    across = product_embedding(kernel, marginals, bits)
    ours = Side.of(kernel, bits, across, biased)
    mean = ours.within - 2.0 * float(across.mean()) + product_mean(kernel, marginals)
    return Estimate(mean, error_of(ours.variance), len(bits))


@dataclass(frozen=True)
class Side:
    """What one sample adds to the estimate: E k(x, x'), and the jackknife variance (None if there are too few rows)."""

    within: float
    variance: float | None

    @classmethod
    def of(cls, kernel: Hamming, bits: Bits, across: Float[np.ndarray, " networks"], biased: bool) -> "Side":
        """The side of rows whose mean kernel with the other distribution is `across`."""
        size = len(bits)
        own = kernel_sums(kernel, bits, bits)
        # k(w, w) = 1, which the unbiased form leaves out.
        diagonal = 0 if biased else 1
        within = float(own.sum() - diagonal * size) / (size * (size - diagonal))
        if size - 1 - diagonal < 1:
            return cls(within, None)
        left = own.sum() - 2.0 * own + 1.0 - diagonal * (size - 1)
        estimates = left / ((size - 1) * (size - 1 - diagonal)) - 2.0 * (across.sum() - across) / (size - 1)
        return cls(within, float((size - 1) * np.var(estimates)))


def error_of(*variances: float | None) -> float | None:
    known = [variance for variance in variances if variance is not None]
    return float(np.sqrt(sum(known))) if len(known) == len(variances) else None


def check_enough(name: str, bits: Bits, biased: bool) -> None:
    check_bits(name, bits, least=1)
    if len(bits) < 2 and not biased:
        raise UserError(f"{name} of 1 row have no unbiased MMD²: give at least 2 rows, or biased=True")
