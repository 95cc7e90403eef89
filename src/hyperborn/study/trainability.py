"""How reliably a method trains: how far apart its restarts end, and how many reach the optimum."""

from dataclasses import dataclass

import numpy as np

from hyperborn.stats import Estimate
from hyperborn.study.metric_values import Rows, first_positions

ARRIVED = 1e-3
"""Nats above the lowest possible loss, or the best restart's, up to which a restart has reached it."""


@dataclass(frozen=True)
class Trainability:
    """Restarts of a method on one task and size, averaged over seeds; errors are standard errors over seeds.

    Attributes:
        seeds: number of fits.
        spread: standard deviation of the final losses of one fit's restarts (nats); None where no fit has two.
        arrived: share of restarts that end within 1e-3 nats of the lowest possible loss; None where that is known for
            no fit.
        agreeing: share of restarts that end within 1e-3 nats of the best of their fit, itself among them, over the
            fits with two restarts or more; None where there is none. It says whether restarts find the same loss, not
            whether a lower one exists.
    """

    task: str
    size: int
    method: str
    seeds: int
    spread: Estimate | None
    arrived: Estimate | None
    agreeing: Estimate | None


def trainability(rows: Rows) -> list[Trainability]:
    """By method, task and size, from the rows that hold "losses"; losses of different objectives do not compare.

    Each seed counts once, however many restarts it has. As with differences, seeds share examples: the errors say how
    the shares vary with split and start, and understate what new data would add.
    """
    fits: dict[tuple[str, str, int], list[tuple[np.ndarray, float | None]]] = {}
    for row in rows:
        if row.get("losses"):
            losses = np.array(row["losses"], np.float64)
            fits.setdefault((row["method"], row["task"], row["size"]), []).append((losses, row.get("optimum")))
    methods, tasks = first_positions(key[0] for key in fits), first_positions(key[1] for key in fits)
    ordered = sorted(fits, key=lambda key: (methods[key[0]], tasks[key[1]], key[2]))
    return [of_one_group(task, size, method, fits[method, task, size]) for method, task, size in ordered]


def of_one_group(task: str, size: int, method: str, fits: list[tuple[np.ndarray, float | None]]) -> Trainability:
    several = [losses for losses, _ in fits if len(losses) > 1]
    spreads = [np.std(losses, ddof=1) for losses in several]
    arrived = [np.mean(losses <= optimum + ARRIVED) for losses, optimum in fits if optimum is not None]
    agreeing = [np.mean(losses <= losses.min() + ARRIVED) for losses in several]
    return Trainability(task, size, method, len(fits), mean_of(spreads), mean_of(arrived), mean_of(agreeing))


def mean_of(values: list[np.floating]) -> Estimate | None:
    return Estimate.of(np.array(values, np.float64)) if values else None
