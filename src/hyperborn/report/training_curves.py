"""Picture of a training: the loss of every restart, and the ELBO beside the log evidence."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hyperborn.errors import UserError
from hyperborn.report.notation import number_text
from hyperborn.report.style import BLUE, GREY, INK, canvas, grid

FEW = 40
"""With at most so many records, each record is drawn as a dot."""

EARLY = 0.1
"""Fraction of the steps, at the start, whose values may lie outside the picture."""
MARGIN = 0.08


def training_figure(records: Sequence[Mapping[str, Any]], log_evidence: float | None) -> Figure:
    """Loss of each restart, the best emphasised, and where there is an ELBO that beside the log evidence.

    Raises:
        UserError: if there is no record.
    """
    if not records:
        raise UserError("there are no training records to draw; train for at least one step")
    steps = np.array([record["step"] for record in records])
    losses = np.array([with_nan(record["losses"]) for record in records])
    elbo = np.array(with_nan([record.get("elbo") for record in records]))
    restarts = f"{losses.shape[1]} restarts" if losses.shape[1] > 1 else "one restart"
    figure = canvas(f"Training: {restarts}, {steps[-1]:,} steps")
    if np.isfinite(elbo).any():
        left, right = figure.subplots(1, 2)
        draw_elbo(right, steps, elbo, log_evidence)
    else:
        left = figure.subplots()
    draw_losses(left, steps, losses)
    return figure


def draw_losses(axes: Axes, steps: np.ndarray, losses: np.ndarray) -> None:
    """A line a restart; the best is that with the lowest loss at the end."""
    last = np.where(np.isfinite(losses[-1]), losses[-1], np.inf)
    best = int(last.argmin())
    others = np.delete(losses, best, axis=1).T
    for place, other in enumerate(others):
        label = "other restarts" if place == 0 else None
        draw_line(axes, steps, other, color=GREY, alpha=0.45, linewidth=1.0, zorder=2, label=label)
    label = f"{'best restart' if len(others) else 'loss'}: {number_with_minus(losses[-1, best])}"
    draw_line(axes, steps, losses[:, best], color=BLUE, linewidth=2.2, zorder=3, label=label)
    axes.set_title("Loss of each restart" if len(others) else "Loss")
    show_later(axes, steps, losses)
    decorate(axes, "loss (nats, lower is better)")
    axes.legend(loc="best")


def draw_elbo(axes: Axes, steps: np.ndarray, elbo: np.ndarray, log_evidence: float | None) -> None:
    """The ELBO of the best restart so far, below the log evidence, which is its upper bound."""
    draw_line(axes, steps, elbo, color=BLUE, linewidth=2.2, zorder=3, label=f"ELBO: {number_with_minus(elbo[-1])}")
    axes.set_title("ELBO of the best restart")
    if log_evidence is not None and np.isfinite(log_evidence):
        label = f"log evidence: {number_with_minus(log_evidence)}"
        axes.axhline(log_evidence, color=INK, linestyle=(0, (5, 3)), linewidth=1.3, label=label)
        gap = log_evidence - elbo[-1]
        # "above" can only be rounding, and should be seen. A longer title would be cut off at the edge of the picture.
        axes.set_title(f"{abs(gap):.3g} nats {'below' if gap >= 0 else 'above'} the log evidence")
    show_later(axes, steps, np.append(elbo, log_evidence if log_evidence is not None else np.nan))
    decorate(axes, "ELBO (nats, higher is better)")
    axes.legend(loc="best")


def show_later(axes: Axes, steps: np.ndarray, values: np.ndarray) -> None:
    """Fit the vertical axis to the values after the first steps, whose large changes would flatten all others."""
    later = values[np.append(steps, np.full(len(values) - len(steps), steps[-1])) >= EARLY * steps[-1]]
    seen = later[np.isfinite(later)]
    if seen.size and np.ptp(seen) > 0:
        axes.set_ylim(seen.min() - MARGIN * np.ptp(seen), seen.max() + MARGIN * np.ptp(seen))


def draw_line(axes: Axes, steps: np.ndarray, values: np.ndarray, **style: Any) -> None:
    # Where records are few, dots show that nothing is known between them.
    dots = {"marker": "o", "markersize": 1.7 * style["linewidth"]} if len(steps) <= FEW else {}
    axes.plot(steps, np.where(np.isfinite(values), values, np.nan), **dots, **style)


def number_with_minus(value: float) -> str:
    """The number with the same minus as on the axes."""
    return number_text(value).replace("-", "−")


def decorate(axes: Axes, label: str) -> None:
    axes.set_xlabel("step")
    axes.set_ylabel(label)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.margins(x=0.02)
    grid(axes, "y")


def with_nan(values: Sequence[float | None]) -> list[float]:
    """The values with NaN for those that are missing."""
    return [float("nan") if value is None else float(value) for value in values]
