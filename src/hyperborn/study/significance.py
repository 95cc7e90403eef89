"""Whether differences are more than chance: Wilcoxon's signed-rank test, and Holm's correction for many tests."""

import numpy as np
from jaxtyping import Float, Int

SAME = 12
"""Differences that agree to so many decimal places are tied; accuracies differ by rounding errors beyond that."""


def signed_ranks(differences: Float[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Twice the ranks of the absolute differences, which is whole, with the differences' signs; zeros have no rank.

    Equal ones have the mean of their ranks. The sum is positive where positive differences outweigh in rank.
    """
    from scipy.stats import rankdata

    rounded = np.round(differences, SAME)
    differing = rounded != 0
    found = np.zeros(len(rounded), int)
    found[differing] = np.rint(2 * rankdata(np.abs(rounded[differing]))) * np.sign(rounded[differing])
    return found


def signed_rank_p(differences: Float[np.ndarray, " n"]) -> float:
    """Two-sided p value of Wilcoxon's signed-rank test that differences are symmetric about zero.

    Zeros are dropped, as Wilcoxon did (Biometrics Bulletin 1, 1945); where all are zero p is 1. Exact, with ties as
    well, where ranks are the mean ones: accuracies on a hundred examples are full of them, and SciPy's `wilcoxon`
    either enumerates signs for these (0.3 s each) or falls back on the normal approximation.
    """
    signed = signed_ranks(differences)
    ranks = np.abs(signed)
    distribution = np.zeros(ranks.sum() + 1)
    distribution[0] = 1.0
    for rank in ranks[ranks > 0]:
        # Each sign is plus or minus with probability 1/2; the sum is that of the positive ones' ranks.
        distribution[rank:] += distribution[: len(distribution) - rank]
        distribution /= 2
    positive = ranks[signed > 0].sum()
    tail = min(positive, ranks.sum() - positive)
    return min(1.0, 2 * float(distribution[: tail + 1].sum()))


def least_p(n: int) -> float:
    """The smallest two-sided p value that n paired differences can have: all of one sign."""
    return min(1.0, 2.0 ** (1 - n))


def holm(p: Float[np.ndarray, " tests"]) -> Float[np.ndarray, " tests"]:
    """p values corrected for their number: rejecting those below α rejects any true hypothesis with probability ≤ α.

    The i-th smallest of m becomes max over j ≤ i of (m − j + 1) p_(j), at most 1 (Holm, Scandinavian Journal of
    Statistics 6, 1979); any dependence between the tests is allowed.
    """
    order = np.argsort(p, kind="stable")
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(np.maximum.accumulate(np.arange(len(p), 0, -1) * p[order]), 1.0)
    return corrected
