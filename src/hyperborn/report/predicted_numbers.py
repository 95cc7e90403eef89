"""Picture of a regression: predicted against true numbers, with predictive intervals."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hyperborn._typing import Targets
from hyperborn.errors import UserError
from hyperborn.predictive.mixtures import NormalMixture
from hyperborn.report.notation import number_text
from hyperborn.report.style import BLUE, INK, VERMILION, canvas, grid

SHARE = 0.9
"""Probability of the intervals."""
MOST_POINTS = 300
"""Examples drawn, at most; of more every so many-th by size."""
MARGIN = 0.05


def predicted_figure(predictions: NormalMixture, y: Targets, target: str) -> Figure:
    """Means with 90 % intervals against the true numbers; intervals that miss are of another colour.

    Raises:
        UserError: if there is no example.
    """
    if not len(y):
        raise UserError("there are no examples to draw; give at least one")
    found = predictions.scores(y)
    low, high = predictions.interval(SHARE)
    mean = predictions.mean
    inside = (low <= y) & (y <= high)
    order = np.argsort(y, kind="stable")
    shown = order[np.linspace(0, len(order) - 1, min(MOST_POINTS, len(order))).astype(np.int64)]
    figure = canvas(
        f"Predicted numbers: root mean squared error {number_text(found['rmse'])}, {inside.mean():.0%} of {len(y):,} "
        f"inside their {SHARE:.0%} interval"
    )
    axes = figure.subplots()
    for chosen, colour, label in ((inside, BLUE, "inside"), (~inside, VERMILION, "outside")):
        own = shown[chosen[shown]]
        # Of a lopsided distribution the mean may lie outside of an interval by rounding.
        ends = np.maximum([mean[own] - low[own], high[own] - mean[own]], 0)
        if len(own):
            axes.errorbar(
                y[own], mean[own], ends, color=colour, fmt="o", markersize=5, markeredgecolor="white", elinewidth=1.0,
                alpha=0.8, label=f"mean and {SHARE:.0%} interval, truth {label}",
            )  # fmt: skip
    edges = np.array([min(y.min(), mean.min()), max(y.max(), mean.max())])
    edges += MARGIN * np.ptp(edges) * np.array([-1, 1])
    axes.plot(edges, edges, color=INK, linestyle=(0, (5, 3)), linewidth=1.2, label="predicted = true")
    axes.set_xlabel(f"true {target}")
    axes.set_ylabel(f"predicted {target}")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8))
    axes.legend(loc="best")
    grid(axes, "both")
    return figure
