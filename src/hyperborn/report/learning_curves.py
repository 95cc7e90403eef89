"""Picture of metrics against the number of training examples, a panel a metric."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from hyperborn.report.lettering import legend_below
from hyperborn.report.notation import better, metric_title
from hyperborn.report.plots import LearningCurves
from hyperborn.report.style import CYCLE, canvas, colour_at, grid, marker_at
from hyperborn.stats import Estimate

DASHES = ("-", "--", ":")
"""Line styles: the next one each time that the cycle of colours begins again, darker."""
MOST_METHODS = 60
"""Methods that the legend names."""
PANELS, LEGEND_ROW = 4.6, 0.2
"""Inches of the panels' height, and of a row of the legend below them."""
APART, FARTHEST = 0.006, 0.1
"""Shares of the axis by which a method is set apart from the next, so that their bars do not hide one another, and by
which the first is set apart from the last at most."""

WIDE = 8.0
"""Ratio of the largest to the smallest value from which on the axis is logarithmic."""

Lines = Mapping[str, Sequence[Estimate]]
"""An estimate for each size, by method."""


def learning_curves_figure(curves: LearningCurves) -> Figure:
    """Means over tasks with bars of one standard error over seeds, against the size on a logarithmic axis."""
    metrics = list(curves.estimates)
    title = f"Scores against training examples: means of {curves.tasks} task{'s' * (curves.tasks != 1)}"
    figure = canvas(title, (max(8.0, 4.2 * len(metrics)), PANELS))
    drawn = [method for method in curves.methods if any(method in lines for lines in curves.estimates.values())]
    panels = figure.subplots(1, len(metrics), squeeze=False).ravel()
    handles: dict[str, ErrorbarContainer] = {}
    for axes, metric in zip(panels, metrics, strict=True):
        handles |= draw_curves(axes, curves.sizes, curves.estimates[metric], metric, drawn)
    missing = [method for method in curves.methods if method not in drawn]
    absent = f"; not drawn, as they lack tasks: {', '.join(missing)}" if missing else ""
    note = f"bars: ± one standard error over seeds{absent}"
    shown = [handles[method] for method in drawn]
    lines_below = legend_below(figure, shown, drawn, most=MOST_METHODS, title=note, handle=3.2)
    figure.set_figheight(PANELS + LEGEND_ROW * lines_below)
    return figure


def draw_curves(
    axes: Axes, sizes: Sequence[int], lines: Lines, metric: str, methods: Sequence[str]
) -> dict[str, ErrorbarContainer]:
    """The handles of the drawn lines, by method."""
    handles: dict[str, ErrorbarContainer] = {}
    apart = min(APART, FARTHEST / len(methods)) * (np.log(sizes[-1] / sizes[0]) or 1.0)
    for place, method in enumerate(methods):
        if method not in lines:
            continue
        shift = np.exp(apart * (place - (len(methods) - 1) / 2))
        handles[method] = axes.errorbar(
            np.array(sizes) * shift, [one.mean for one in lines[method]],
            [one.standard_error or 0.0 for one in lines[method]], label=method, color=colour_at(place),
            marker=marker_at(place), linestyle=DASHES[place // len(CYCLE) % len(DASHES)],
            markersize=5, linewidth=1.4, elinewidth=0.9,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("training examples")
    if is_wide(lines):
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter(FuncFormatter(plain_number))
        axes.yaxis.set_minor_locator(NullLocator())
    axes.set_title(metric_title(metric))
    axes.set_ylabel(f"{better(metric) or 'lower'} is better", fontsize=9)
    grid(axes, "y")
    return handles


def plain_number(value: float, _: int | None) -> str:
    """The label of a tick; a function of a module, so that figures can be pickled."""
    return f"{value:g}"


def is_wide(lines: Lines) -> bool:
    means = [one.mean for line in lines.values() for one in line]
    return min(means) > 0 and max(means) > WIDE * min(means)
