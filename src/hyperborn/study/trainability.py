"""How surely a method trains: how far its restarts end from one another, and how many reach the optimum."""

import math
from dataclasses import dataclass

import numpy as np

from hyperborn.stats import Estimate
from hyperborn.study.rows import Rows, places

ARRIVED = 1e-3
"""Nats above the lowest possible loss up to which a restart has reached it."""


@dataclass(frozen=True)
class Trainability:
    """Restarts of a method on one task and size, averaged over seeds; errors are standard errors over seeds.

    Attributes:
        seeds: number of fits.
        spread: standard deviation of the final losses of one fit's restarts (nats), those that are finite; None where
            no fit has two.
        arrived: share of restarts that end within 1e-3 nats of the lowest possible loss; one that diverged has not.
            None where that loss is known for no fit.
        diverged: restarts, of all fits, whose final loss is not finite.
    """

    task: str
    size: int
    method: str
    seeds: int
    spread: Estimate | None
    arrived: Estimate | None
    diverged: int


def trainability(rows: Rows) -> list[Trainability]:
    """By method, task and size, from the rows that hold "losses"; losses of different objectives do not compare.

    Each seed counts once, however many restarts it has. As with differences, seeds share examples: the errors say how
    the shares vary with split and start, and understate what new data would add.
    """
    fits: dict[tuple[str, str, int], list[tuple[np.ndarray, float | None]]] = {}
    for row in rows:
        if row.get("losses"):
            # Files without NaN hold None for a loss that is not finite.
            losses = np.array([math.nan if loss is None else loss for loss in row["losses"]], np.float64)
            fits.setdefault((row["method"], row["task"], row["size"]), []).append((losses, row.get("optimum")))
    methods, tasks = places(key[0] for key in fits), places(key[1] for key in fits)
    ordered = sorted(fits, key=lambda key: (methods[key[0]], tasks[key[1]], key[2]))
    return [of_cell(task, size, method, fits[method, task, size]) for method, task, size in ordered]


def of_cell(task: str, size: int, method: str, fits: list[tuple[np.ndarray, float | None]]) -> Trainability:
    finite = [losses[np.isfinite(losses)] for losses, _ in fits]
    spreads = [np.std(losses, ddof=1) for losses in finite if len(losses) > 1]
    shares = [
        np.mean(np.isfinite(losses) & (losses <= optimum + ARRIVED)) for losses, optimum in fits if optimum is not None
    ]
    diverged = sum(len(losses) for losses, _ in fits) - sum(len(losses) for losses in finite)
    return Trainability(task, size, method, len(fits), estimate(spreads), estimate(shares), diverged)


def estimate(values: list[np.floating]) -> Estimate | None:
    return Estimate.of(np.array(values, np.float64)) if values else None
