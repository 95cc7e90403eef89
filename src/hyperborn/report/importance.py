"""Picture of the importance of columns: how much worse predictions are when each is permuted."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from hyperborn.errors import UserError
from hyperborn.predictive.importance import FeatureImportance
from hyperborn.report.lettering import fitted_names
from hyperborn.report.notation import metric_name
from hyperborn.report.style import BLUE, GREY, INK, PALE, canvas, grid

MOST_COLUMNS = 20
"""Columns drawn, the most important ones; how many others there are is said."""
ROW, NAMES, NAME_SIZE = 0.3, 2.2, 9.0
"""Inches of a column's line and of the names, and points of their letters."""


def importance_figure(found: FeatureImportance) -> Figure:
    """The increase of the NLL and the fall of the score for each column, with 95 % intervals; the NLL's on the left.

    Columns whose interval holds zero are grey. Wide pale bars are the middle 95 % of single networks of the posterior.

    Raises:
        UserError: if there is no column.
    """
    if not found.columns:
        raise UserError("there are no columns to draw; give at least one")
    shown = found.order[:MOST_COLUMNS]
    others = len(found.columns) - len(shown)
    more = f", {others:,} columns of less importance not shown" if others else ""
    title = f"What predictions lose when a column of the {found.split} split is permuted{more}"
    figure = canvas(title, (8.0, 2.0 + ROW * max(len(shown), 4)))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.5, 1))
    rows = np.arange(len(shown))
    low, high = found.network_low[shown], found.network_high[shown]
    left.barh(rows, high - low, left=low, height=0.62, color=PALE, zorder=1)
    draw_intervals(left, found.increase[shown], found.reach * found.increase_error[shown])
    draw_intervals(right, found.drop[shown], found.reach * found.drop_error[shown])
    left.set_yticks(rows, fitted_names([found.columns[place] for place in shown], NAMES, NAME_SIZE))
    left.set_ylim(len(shown) - 0.5, -0.5)
    left.set_xlabel("NLL rises by (nats an example)")
    right.set_xlabel(f"{metric_name(found.measure)} falls by")
    right.tick_params(axis="y", labelleft=False)
    handles = [
        Line2D([], [], color=BLUE, marker="o", linewidth=2, label="average prediction"),
        Line2D([], [], color=GREY, marker="D", linewidth=2, label="its interval holds zero"),
        Patch(color=PALE, label="95% of single networks"),
    ]
    how = f"95% intervals over {found.examples:,} examples, {found.repeats} permutation{'s' * (found.repeats > 1)} each"
    figure.legend(handles=handles, loc="outside lower center", ncols=3, title=how, title_fontsize=9)
    return figure


def draw_intervals(axes: Axes, means: np.ndarray, reaches: np.ndarray) -> None:
    """A dot and a line a row; numbers that are not known are left out."""
    for row in np.flatnonzero(np.isfinite(means)):
        mean, reach = means[row], reaches[row]
        colour, marker = (GREY, "D") if mean - reach <= 0 <= mean + reach else (BLUE, "o")
        ends = [mean - reach, mean + reach]
        axes.plot(ends, [row, row], color=colour, linewidth=2, solid_capstyle="butt", zorder=3)
        axes.plot([mean], [row], marker, color=colour, markersize=5.5, zorder=4)
    axes.axvline(0, color=INK, linestyle=(0, (5, 3)), linewidth=1, zorder=2)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
    grid(axes, "both")
