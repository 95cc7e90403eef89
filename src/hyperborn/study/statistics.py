"""Methods compared with a reference on the same splits: differences by task and size, and pooled.

The limits of an interval over seeds: the splits of a real data set share examples, so results of different seeds are
not independent. The intervals and p values say how results vary with the split and with the randomness of training, and
understate the uncertainty about new data of the same kind (Nadeau and Bengio, Machine Learning 52, 2003). The units of
the pooled interval are tasks; it is about tasks like these, which were not drawn at random.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from hyperborn.errors import UserError
from hyperborn.report.notation import better
from hyperborn.report.plots import Outcome
from hyperborn.stats import Estimate
from hyperborn.study.intervals import RESAMPLES, mean_intervals, ratio_intervals
from hyperborn.study.metric_values import Rows, values_by_group
from hyperborn.study.significance import holm, least_p, signed_rank_p, signed_ranks

SIGNIFICANT = 0.05
"""A corrected p value below is a win or a loss."""


@dataclass(frozen=True)
class Difference:
    """A method's metric minus the reference's on one task and size, in the metric's unit.

    Attributes:
        seeds: those that both have, in ascending order.
        values: the difference of each seed.
        estimate: mean over seeds and its standard error.
        low, high: 95 % bootstrap interval of the mean (`mean_intervals`).
        p: of Wilcoxon's signed-rank test, two-sided.
        corrected_p: after Holm; the family is all (task, size) of one method and metric against one reference.
    """

    method: str
    reference: str
    metric: str
    task: str
    size: int
    seeds: tuple[int, ...]
    values: tuple[float, ...]
    estimate: Estimate
    low: float
    high: float
    p: float
    corrected_p: float

    @property
    def verdict(self) -> Literal["win", "tie", "loss"]:
        """A win where the corrected p is below 0.05 and both mean and rank sum favour the method.

        A loss where both favour the reference. The test is one of rank sums, which a single seed far off hardly
        moves and which decides the mean: of 19 seeds a little better and one much worse, p is small and the mean is
        the reference's. Where the two disagree, the verdict is a tie.
        """
        side = np.sign(self.estimate.mean)
        if self.corrected_p >= SIGNIFICANT or side == 0 or np.sign(signed_ranks(np.array(self.values)).sum()) != side:
            return "tie"
        return "win" if (side > 0) == (better(self.metric) == "higher") else "loss"


def differences(
    rows: Rows, metric: str, reference: str, *, seed: int = 0, resamples: int = RESAMPLES
) -> list[Difference]:
    """Paired differences of every method to the reference, by method, task and size.

    Seeds that one of the two lacks are left out, and so are tasks and sizes without a common seed. A family of m needs
    more than log2(2m / 0.05) seeds for a win or a loss: with fewer even differences of one sign are ties.

    Args:
        rows: of one part of a study: no two of one task, size, seed and method.
        metric: its name in the rows; rows without it are left out.
        reference: name of the method that is subtracted.
        seed: of the resampling. An interval is a function of its own differences and this.
        resamples: number of bootstrap resamples.

    Raises:
        UserError: if the reference has no such metric, a value is not finite, or two rows are of one group and seed.
    """
    values = values_by_group(rows, metric)
    methods = list(dict.fromkeys(method for _, _, method in values))
    if reference not in methods:
        known = ", ".join(methods) or "none"
        raise UserError(f"reference={reference!r} has no {metric} in these rows; methods that have it: {known}")
    paired = {}
    for (task, size, method), own in values.items():
        other = values.get((task, size, reference), {})
        seeds = tuple(sorted(own.keys() & other.keys()))
        if method != reference and seeds:
            paired[method, task, size] = seeds, np.array([own[seed] - other[seed] for seed in seeds])
    intervals = intervals_of([both[1] for both in paired.values()], seed, resamples)
    p = np.array([signed_rank_p(both[1]) for both in paired.values()])
    corrected = np.empty(len(p))
    for method in methods:
        family = [place for place, key in enumerate(paired) if key[0] == method]
        corrected[family] = holm(p[family])
    return [
        Difference(
            method, reference, metric, task, size, seeds, tuple(own.tolist()), Estimate.of(own),
            float(intervals[place, 0]), float(intervals[place, 1]), float(p[place]), float(corrected[place]),
        )
        for place, ((method, task, size), (seeds, own)) in enumerate(paired.items())
    ]  # fmt: skip


def intervals_of(samples: Sequence[np.ndarray], seed: int, resamples: int) -> Float[np.ndarray, "samples 2"]:
    """Intervals of the samples' means, those of one length at once."""
    found = np.empty((len(samples), 2))
    lengths = np.array([len(sample) for sample in samples])
    for n in np.unique(lengths):
        places = np.flatnonzero(lengths == n).tolist()
        values = np.stack([samples[place] for place in places], axis=1)
        found[places] = mean_intervals(values, seed=seed, resamples=resamples)
    return found


def outcomes(found: Sequence[Difference], *, seed: int = 0, resamples: int = RESAMPLES) -> list[Outcome]:
    """Wins, ties, losses and the pooled difference of each metric and method, in the order in which they come.

    The units of the 95 % interval are tasks (`ratio_intervals`). With one task it is the bootstrap interval over its
    seeds (`mean_intervals`), and speaks of that task only.

    Args:
        found: whole families, or what is to be counted as such.
        seed: of the resampling where there is one task; more are not resampled.
        resamples: number of bootstrap resamples, likewise.
    """
    families: dict[tuple[str, str, str], list[Difference]] = {}
    for difference in found:
        families.setdefault((difference.metric, difference.method, difference.reference), []).append(difference)
    return [outcome_of(own, seed, resamples) for own in families.values()]


def outcome_of(own: Sequence[Difference], seed: int, resamples: int) -> Outcome:
    verdicts = [one.verdict for one in own]
    wins, ties, losses = (verdicts.count(verdict) for verdict in ("win", "tie", "loss"))
    means: dict[str, list[float]] = {}
    for one in own:
        means.setdefault(one.task, []).append(one.estimate.mean)
    counts = np.array([float(len(task)) for task in means.values()])
    if len(means) > 1:
        ends = ratio_intervals(np.array([[sum(task)] for task in means.values()]), counts)
    else:
        ends = mean_intervals(over_seeds(own)[:, None] / counts, seed=seed, resamples=resamples)
    return Outcome(
        own[0].method, own[0].reference, own[0].metric, wins, ties, losses, len(means),
        float(np.mean([one.estimate.mean for one in own])), float(ends[0, 0]), float(ends[0, 1]), too_few_seeds(own),
    )  # fmt: skip


def over_seeds(own: Sequence[Difference]) -> Float[np.ndarray, " seeds"]:
    """For each seed of one task, the sum of its differences over sizes; their mean is the sum of the sizes' means.

    Sizes stay together, as a seed's splits of several sizes may share examples. A seed that a size lacks counts as
    that size's mean, and the deviations of the others for as much more: so the mean of what was drawn varies.
    """
    seeds = sorted({seed for one in own for seed in one.seeds})
    total = np.zeros(len(seeds))
    for one in own:
        total += one.estimate.mean
        share = len(one.seeds) / len(seeds)
        total[np.searchsorted(seeds, one.seeds)] += (np.array(one.values) - one.estimate.mean) / share
    return total


def too_few_seeds(family: Sequence[Difference]) -> bool:
    """Whether even differences of one sign would all be ties."""
    return bool((holm(np.array([least_p(len(one.seeds)) for one in family])) >= SIGNIFICANT).all())
