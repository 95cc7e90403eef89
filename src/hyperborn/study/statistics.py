"""Methods against a reference method on the same splits: differences, and what they add up to.

What an interval over seeds does not say: the splits of a real data set share examples, so that results of different
seeds are not independent. The intervals and p values say how results vary with the split and the training's chance,
and understate the uncertainty about new data of the same kind (Nadeau and Bengio, Machine Learning 52, 2003). The
pooled interval, which resamples tasks, speaks of tasks like these, which nobody drew at random.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from hyperborn.errors import UserError
from hyperborn.report.names import better
from hyperborn.stats import Estimate
from hyperborn.study.intervals import RESAMPLES, clustered_intervals, mean_intervals
from hyperborn.study.rows import Rows, values_of
from hyperborn.study.significance import holm, signed_rank

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
        """A win where the corrected p is below 0.05 and the mean favours the method, a loss where the reference."""
        gain = self.estimate.mean if better(self.metric) == "higher" else -self.estimate.mean
        if self.corrected_p >= SIGNIFICANT or gain == 0:
            return "tie"
        return "win" if gain > 0 else "loss"


@dataclass(frozen=True)
class Outcome:
    """A method against the reference over all tasks and sizes that both have.

    Attributes:
        wins, ties, losses: numbers of (task, size).
        tasks: number of tasks.
        mean: of the mean differences of all (task, size), each counting once, in the metric's unit.
        low, high: 95 % bootstrap interval that resamples tasks, then seeds within each (`clustered_intervals`). With
            one task it speaks of that one only.
    """

    method: str
    reference: str
    metric: str
    wins: int
    ties: int
    losses: int
    tasks: int
    mean: float
    low: float
    high: float


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
        UserError: if the reference has no such metric, a value is not finite, or two rows are of one cell and seed.
    """
    values = values_of(rows, metric)
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
    p = np.array([signed_rank(both[1]) for both in paired.values()])
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
    """Wins, ties, losses and the pooled difference of each metric and method, in the order in which they come."""
    pairs: dict[tuple[str, str, str], list[Difference]] = {}
    for difference in found:
        pairs.setdefault((difference.metric, difference.method, difference.reference), []).append(difference)
    # Those with the same tasks, sizes and seeds share resamples.
    layouts: dict[tuple[tuple[str, int, tuple[int, ...]], ...], list[list[Difference]]] = {}
    for own in pairs.values():
        layouts.setdefault(tuple((one.task, one.size, one.seeds) for one in own), []).append(own)
    ends: dict[tuple[str, str, str], tuple[float, float]] = {}
    for layout, group in layouts.items():
        tasks = list(dict.fromkeys(task for task, _, _ in layout))
        clusters = [np.stack([over_seeds(own, task) for own in group], axis=1) for task in tasks]
        cells = [sum(task == other for other, _, _ in layout) for task in tasks]
        intervals = clustered_intervals(clusters, cells, seed=seed, resamples=resamples)
        for own, (low, high) in zip(group, intervals.tolist(), strict=True):
            ends[own[0].metric, own[0].method, own[0].reference] = low, high
    return [outcome_of(own, *ends[key]) for key, own in pairs.items()]


def over_seeds(own: Sequence[Difference], task: str) -> Float[np.ndarray, " seeds"]:
    """For each seed of a task, the sum of its differences over sizes; their mean is the sum of the sizes' means.

    Sizes stay together, as a seed's splits of several sizes may share examples. A seed that a size lacks counts as
    that size's mean, and the deviations of the others for as much more: so the mean of what was drawn varies.
    """
    cells = [one for one in own if one.task == task]
    seeds = sorted({seed for one in cells for seed in one.seeds})
    total = np.zeros(len(seeds))
    for one in cells:
        total += one.estimate.mean
        share = len(one.seeds) / len(seeds)
        total[np.searchsorted(seeds, one.seeds)] += (np.array(one.values) - one.estimate.mean) / share
    return total


def outcome_of(own: Sequence[Difference], low: float, high: float) -> Outcome:
    verdicts = [one.verdict for one in own]
    wins, ties, losses = (verdicts.count(verdict) for verdict in ("win", "tie", "loss"))
    tasks = len({one.task for one in own})
    mean = float(np.mean([one.estimate.mean for one in own]))
    return Outcome(own[0].method, own[0].reference, own[0].metric, wins, ties, losses, tasks, mean, low, high)
