"""Closed forms of a kernel under independent bits, for any number of bits.

With marginals m (the probabilities of 1) κ^Hamming is a product over bits, and so is its expectation:
E_{w'~p} κ^Hamming(w, w') = Π_i (1 - (1 - κ) p(w'_i ≠ w_i)).
"""

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits
from hyperborn.arguments import check_bits, check_marginals
from hyperborn.objectives.kernels.hamming import Hamming

BLOCK = 2**21
"""Bits taken at once: 16 MiB of float64."""


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
    # A small factor is summed from its two parts, for 1 - κ or 1 - p may have lost the digits that it is made of.
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
