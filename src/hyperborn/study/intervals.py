"""95 % intervals of means, for many samples at once: by bootstrap over seeds, and Student's over tasks.

All samples of one size share their resamples: each interval is what it would be alone, and a resampling is one product
of matrices.
"""

import numpy as np
from jaxtyping import Float

LEVEL = 0.95
RESAMPLES = 10_000
TOGETHER = 256
"""Samples resampled at a time: with 10,000 resamples 20 MB for their means, and as much again for the quantiles."""


def mean_intervals(
    values: Float[np.ndarray, "n samples"], *, seed: int, resamples: int = RESAMPLES
) -> Float[np.ndarray, "samples 2"]:
    """Lower and upper ends for the mean of each column of n independent values.

    The expanded percentile interval (Hesterberg, arXiv 1411.5279): between the resampled means' quantiles
    α' and 1 − α' with α' = Φ(−√(n/(n−1)) t), t the upper 2.5 % point of Student's distribution of n − 1 degrees of
    freedom. Plain percentiles are too narrow where n is small. Normal values are covered in 92 % of all cases at n = 5
    (plain: 84 %) and in 95 % at n = 10 and 20 (90 %, 93 %); exponential ones in 88 %, 91 % and 92 %. Equal values give
    a point; of a single value nothing is known: −∞ to ∞.
    """
    n, samples = values.shape
    if n == 1:
        return np.tile([-np.inf, np.inf], (samples, 1))
    weights = np.random.default_rng([seed, n]).multinomial(n, np.full(n, 1 / n), size=resamples).T / n
    # About the mean, equal values are zeros, whose resampled means are exactly equal as well.
    mean = values.mean(axis=0)
    centred = np.where(np.ptp(values, axis=0) > 0, values - mean, 0.0).T
    tail = expanded_tail(n)
    ends = [
        np.quantile(centred[start : start + TOGETHER] @ weights, [tail, 1 - tail], axis=1).T
        for start in range(0, samples, TOGETHER)
    ]
    return mean[:, None] + np.concatenate(ends)


def expanded_tail(n: int) -> float:
    """Probability α' left out at each end, for n at least 2."""
    from scipy.stats import norm, t

    return float(norm.cdf(-np.sqrt(n / (n - 1)) * t.ppf((1 + LEVEL) / 2, n - 1)))


def ratio_intervals(
    sums: Float[np.ndarray, "units samples"], counts: Float[np.ndarray, " units"]
) -> Float[np.ndarray, "samples 2"]:
    """Lower and upper ends for θ = Σ_t S_t / Σ_t m_t, column by column, from T ≥ 2 independent units.

    Student's interval of a ratio estimator: θ ± t √(T/(T−1) Σ_t r_t²) / Σ_t m_t with residuals r_t = S_t − m_t θ, t the
    upper 2.5 % point for T − 1 degrees of freedom (Cochran, Sampling Techniques, 3rd edition, chapter 6). With equal
    m_t that is the interval of a mean.

    Coverage in 400,000 simulations of normal values with 20 seeds (standard error at most 0.05 %): with equal m_t
    95.0 % at T = 4 and 12, whether or not units differ in mean. With m_t of 1, 2, 3, 3 at T = 4 and 1, 2, 3 in equal
    parts at T = 12 it is 94.4 % and 94.6 % where units have one mean, 93.4 % and 94.0 % where these vary as much as
    values do; with m_t of 1, 1, 3, 3 it is 93.9 % and 92.0 %. Skewed means are covered less often: exponential ones in
    90 % and 91 % with equal m_t at T = 4 and 12, in 87 % and 90 % with unequal ones.

    Args:
        sums: S_t, a unit's sum of m_t values.
        counts: m_t.
    """
    from scipy.stats import t

    units, total = len(counts), counts.sum()
    ratio = sums.sum(axis=0) / total
    residuals = sums - counts[:, None] * ratio
    error = np.sqrt(units / (units - 1) * (residuals**2).sum(axis=0)) / total
    half = t.ppf((1 + LEVEL) / 2, units - 1) * error
    return np.stack([ratio - half, ratio + half], axis=1)
