"""Is a difference more than chance: Wilcoxon's signed-rank test, and Holm's correction for many of them."""

import numpy as np
from jaxtyping import Float

SAME = 12
"""Decimal places to which differences count as tied: those of shares such as accuracy differ by rounding beyond."""


def signed_rank(differences: Float[np.ndarray, " n"]) -> float:
    """Two-sided p value of Wilcoxon's signed-rank test that differences are symmetric about zero.

    Zeros are dropped, as Wilcoxon did (Biometrics Bulletin 1, 1945); where all are zero p is 1. Exact, with ties as
    well, where ranks are the mean ones: accuracies on a hundred examples are full of them, and SciPy's `wilcoxon`
    either enumerates signs for these (0.3 s each) or falls back on the normal approximation.
    """
    from scipy.stats import rankdata

    rounded = np.round(differences, SAME)
    differing = rounded[rounded != 0]
    # Twice the mean ranks are whole.
    ranks = np.rint(2 * rankdata(np.abs(differing))).astype(int)
    distribution = np.zeros(ranks.sum() + 1)
    distribution[0] = 1.0
    for rank in ranks:
        # Each sign is plus or minus with probability 1/2; the sum is that of the positive ones' ranks.
        distribution[rank:] += distribution[: len(distribution) - rank]
        distribution /= 2
    positive = ranks[differing > 0].sum()
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
