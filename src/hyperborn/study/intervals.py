"""95 % bootstrap intervals of means, for many samples at once.

All samples of one size share their resamples: each interval is what it would be alone, and a resampling is one product
of matrices.
"""

from collections.abc import Sequence

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


def clustered_intervals(
    clusters: Sequence[Float[np.ndarray, "_ samples"]],
    cells: Sequence[int],
    *,
    seed: int,
    resamples: int = RESAMPLES,
) -> Float[np.ndarray, "samples 2"]:
    """Lower and upper ends for a mean over cells that come in clusters: clusters are resampled, then units in each.

    Cluster c holds n_c units (rows) and cells[c] cells; a unit's value is the sum over its cells. The mean is
    Σ_c (mean over units) / Σ_c cells[c], and so is each resample's over the clusters drawn (Davison and Hinkley,
    Bootstrap Methods and their Application, section 3.8). A cluster drawn k times draws k·n_c units, which is k
    independent resamples of it. Percentiles of the resamples: drawing units within clusters counts their variation
    twice, which with few clusters makes up for the percentiles' narrowness. With 12 clusters of 20 units 98 % of all
    means are covered where clusters have the same mean, and 93 % where these vary as much as units do; with 4 clusters
    97 % and 83 %. Memory: resamples × (n_c + samples).
    """
    count = len(clusters)
    if count == 1 and len(clusters[0]) == 1:
        return np.tile([-np.inf, np.inf], (clusters[0].shape[1], 1))
    generator = np.random.default_rng([seed, count])
    drawn = generator.multinomial(count, np.full(count, 1 / count), size=resamples)
    total = np.zeros((resamples, clusters[0].shape[1]))
    for place, values in enumerate(clusters):
        n = len(values)
        total += generator.multinomial(drawn[:, place] * n, np.full(n, 1 / n)) @ values / n
    means = total / (drawn @ np.asarray(cells))[:, None]
    return np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0).T
