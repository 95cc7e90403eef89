"""MMD² and its witness function, of samples from samples and of samples from independent bits.

With rows x_1..x_S of q, MMD²(q, p) = E k(x, x') - 2 E k(x, y) + E k(y, y') is estimated in two ways. The unbiased one
(U-statistic) averages the first term over pairs i ≠ j; it may be negative where q is close to p. The biased one
(V-statistic) averages over all pairs: it is MMD² of the empirical distribution, never negative, too high by
(1 - E k(x, x')) / S for every sample of S rows. Source: Gretton et al., JMLR 13, 723 (2012), equations 3 and 5.

Standard errors are the jackknife's: the estimate without row i follows from the row's kernel sums Σ_j k(x_i, x_j) and
E_y k(x_i, y), so they take O(S) time beside these. Where q = p the estimate is degenerate (its part linear in the
rows vanishes) and the jackknife is conservative: its variance is on average hardly ever too small, and twice the true
one for a part of second order, so the error is about √2 too high. Source: Efron and Stein, Annals of Statistics 9, 586
(1981).

Under independent bits with marginals m (the probabilities of 1) κ^Hamming is a product over bits, and so is its
expectation, for any number of bits: E_{w'~p} κ^Hamming(w, w') = Π_i (1 - (1 - κ) p(w'_i ≠ w_i)).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from hyperborn._typing import Bits
from hyperborn.arguments import check_bits, check_marginals
from hyperborn.errors import UserError
from hyperborn.objectives.kernels.hamming import Hamming, kernel_for
from hyperborn.objectives.kernels.pairwise import kernel_sums
from hyperborn.stats import Estimate

BLOCK = 2**21
"""Bits processed at once: 16 MiB of float64."""


def mmd_squared(
    bits: Bits, others: UInt8[np.ndarray, "others n"], kernel: Hamming | None = None, *, biased: bool = False
) -> Estimate:
    """MMD²(q, p) from independent rows of q (`bits`) and of p (`others`), which need not be as many.

    `n` of the estimate counts the rows of both. If `kernel` is absent, it is `default_kernel`. Memory: that of
    `kernel_sums`, besides arrays of one number a row. The unbiased estimate may be negative.

    Raises:
        UserError: if the rows are not of the same bits, or fewer than 2 of each (1 for the biased estimate).
    """
    check_enough("bits", bits, biased)
    check_enough("others", others, biased)
    check_bits("others", others, bits.shape[1], least=1)
    kernel = kernel_for(kernel, bits.shape[1])
    across = kernel_sums(kernel, bits, others) / len(others)
    ours = SampleTerms.of(kernel, bits, across, biased)
    theirs = SampleTerms.of(kernel, others, kernel_sums(kernel, others, bits) / len(bits), biased)
    mean = ours.within - 2.0 * float(across.mean()) + theirs.within
    return Estimate(mean, combined_error(ours.variance, theirs.variance), len(bits) + len(others))


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
    ours = SampleTerms.of(kernel, bits, across, biased)
    mean = ours.within - 2.0 * float(across.mean()) + product_mean(kernel, marginals)
    return Estimate(mean, combined_error(ours.variance), len(bits))


@dataclass(frozen=True)
class SampleTerms:
    """What one sample adds to the estimate: E k(x, x'), and the jackknife variance (None if there are too few rows)."""

    within: float
    variance: float | None

    @classmethod
    def of(cls, kernel: Hamming, bits: Bits, across: Float[np.ndarray, " networks"], biased: bool) -> "SampleTerms":
        """The terms of rows whose mean kernel with the other distribution is `across`."""
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


def combined_error(*variances: float | None) -> float | None:
    """Standard error of a sum of independent terms; None if the variance of one is not known."""
    known = [variance for variance in variances if variance is not None]
    return float(np.sqrt(sum(known))) if len(known) == len(variances) else None


def check_enough(name: str, bits: Bits, biased: bool) -> None:
    """Raise a UserError for what is not rows of bits, or too few of them for the estimate."""
    check_bits(name, bits, least=1)
    if len(bits) < 2 and not biased:
        raise UserError(f"{name} of 1 row have no unbiased MMD²: give at least 2 rows, or biased=True")


def mmd_witness(
    at: Bits,
    bits: UInt8[np.ndarray, "samples n"],
    others: UInt8[np.ndarray, "others n"],
    kernel: Hamming | None = None,
) -> Float[np.ndarray, " networks"]:
    """2 (E_{w'~q} k(w, w') - E_{w'~p} k(w, w')) of each row w of `at`, from rows of q (`bits`) and p (`others`).

    It is the first variation of MMD²(q, p) at the two empirical distributions, float64, and an unbiased estimate of
    that at q and p if `at` was drawn independently of both: a row that is also in `bits` adds 2 k(w, w) / S = 2 / S.
    If `kernel` is absent, it is `default_kernel`. Memory: that of `kernel_sums`.

    Raises:
        UserError: if the rows are not of the same bits.
    """
    check_bits("at", at, least=1)
    check_bits("bits", bits, at.shape[1], least=1)
    check_bits("others", others, at.shape[1], least=1)
    kernel = kernel_for(kernel, at.shape[1])
    return 2.0 * (kernel_sums(kernel, at, bits) / len(bits) - kernel_sums(kernel, at, others) / len(others))


def mmd_witness_from_product(
    at: Bits,
    bits: UInt8[np.ndarray, "samples n"],
    marginals: Float[np.ndarray, " n"],
    kernel: Hamming | None = None,
) -> Float[np.ndarray, " networks"]:
    """As `mmd_witness`, for a p of independent bits with the given probabilities of 1, whose part is exact.

    Raises:
        UserError: if the rows and the marginals are not of the same bits.
    """
    check_bits("at", at, least=1)
    check_bits("bits", bits, at.shape[1], least=1)
    kernel = kernel_for(kernel, at.shape[1])
    return 2.0 * (kernel_sums(kernel, at, bits) / len(bits) - product_embedding(kernel, marginals, at))


def product_embedding(
    kernel: Hamming, marginals: Float[np.ndarray, " n"], bits: Bits
) -> Float[np.ndarray, " networks"]:
    """The mean embedding E_{w'~p} k(w, w') of each row w, float64, in O(rows n); at most 16 MiB beside the rows.

    Raises:
        UserError: if the rows are no bits, or the marginals no probabilities, one for each bit.
    """
    check_bits("bits", bits, least=1)
    check_marginals(marginals, bits.shape[1])
    kappas = np.asarray(kernel.kappas)[:, None]
    # Sums of logarithms are products of matrices.
    ones, zeros = marginals, 1.0 - marginals
    at_zero, at_one = log_factors(kappas, zeros, ones), log_factors(kappas, ones, zeros)
    offsets, slopes = at_zero.sum(axis=1), (at_one - at_zero).T
    step = max(1, BLOCK // bits.shape[1])
    found = np.empty(len(bits))
    for start in range(0, len(bits), step):
        rows = slice(start, start + step)
        found[rows] = np.exp(offsets + bits[rows].astype(np.float64) @ slopes) @ kernel.shares
    return found


def log_factors(
    kappas: Float[np.ndarray, "kappas 1"], agrees: Float[np.ndarray, " n"], differs: Float[np.ndarray, " n"]
) -> Float[np.ndarray, "kappas n"]:
    """log(1 - (1 - κ) p) of bits that differ with probability p and agree with 1 - p; finite for any κ above 0."""
    lost = (1.0 - kappas) * differs[None]
    # A small factor is summed from its two parts, as 1 - κ or 1 - p may have lost its digits.
    return np.where(lost < 0.5, np.log1p(-np.minimum(lost, 0.5)), np.log(agrees[None] + kappas * differs[None]))


def product_mean(kernel: Hamming, marginals: Float[np.ndarray, " n"]) -> float:
    """E k(w, w') of two independent draws: Σ_κ of its share times Π_i (1 - 2 (1 - κ) m_i (1 - m_i)).

    Raises:
        UserError: if the marginals are no probabilities.
    """
    check_marginals(marginals)
    differs = 2 * marginals * (1 - marginals)
    lost = 1.0 - np.asarray(kernel.kappas)[:, None]
    return float(kernel.shares @ np.prod(1.0 - lost * differs, axis=1))
