"""Picture of metrics against the number of training examples, a panel a metric."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from hyperborn.errors import UserError
from hyperborn.report.canvas import CYCLE, canvas, colour_at, grid, marker_at
from hyperborn.report.lettering import legend_below
from hyperborn.report.names import better, metric_title
from hyperborn.stats import Estimate
from hyperborn.study.rows import Rows, values_of

DASHES = ("-", "--", ":")
"""The cycle of colours comes again, darker, with the next of these."""
MOST_METHODS = 60
"""Methods that the legend names."""
PANELS, LEGEND_ROW = 4.6, 0.2
"""Inches of the panels' height, and of a row of the legend below them."""
APART, FARTHEST = 0.006, 0.1
"""Shares of the axis by which a method is set apart from the next, so that their bars do not hide one another, and by
which the first is set apart from the last at most."""

WIDE = 8.0
"""Ratio of the largest to the smallest value from which on the axis is logarithmic."""

Lines = dict[str, list[Estimate]]
"""An estimate for each size, by method."""


def learning_curves_figure(rows: Rows, metrics: Sequence[str]) -> Figure:
    """Means over tasks with bars of one standard error over seeds, against the size on a logarithmic axis.

    Raises:
        UserError: if no task has all sizes, no method all those tasks, or a value is not finite.
    """
    methods = list(dict.fromkeys(row["method"] for row in rows))
    sizes = sorted({row["size"] for row in rows})
    found = [averaged(rows, metric) for metric in metrics]
    tasks = complete_tasks(rows)
    title = f"Scores against training examples: means of {len(tasks)} task{'s' * (len(tasks) != 1)}"
    figure = canvas(title, (max(8.0, 4.2 * len(metrics)), PANELS))
    drawn = [method for method in methods if any(method in lines for lines in found)]
    panels = figure.subplots(1, len(metrics), squeeze=False).ravel()
    handles: dict[str, ErrorbarContainer] = {}
    for axes, metric, lines in zip(panels, metrics, found, strict=True):
        handles |= draw_panel(axes, sizes, lines, metric, drawn)
    missing = [method for method in methods if method not in drawn]
    absent = f"; not drawn, as they lack tasks: {', '.join(missing)}" if missing else ""
    note = f"bars: ± one standard error over seeds{absent}"
    shown = [handles[method] for method in drawn]
    lines_below = legend_below(figure, shown, drawn, most=MOST_METHODS, title=note, handle=3.2)
    figure.set_figheight(PANELS + LEGEND_ROW * lines_below)
    return figure


def complete_tasks(rows: Rows) -> list[str]:
    """Tasks that have rows of every size."""
    sizes = {row["size"] for row in rows}
    tasks = list(dict.fromkeys(row["task"] for row in rows))
    complete = [task for task in tasks if {row["size"] for row in rows if row["task"] == task} == sizes]
    if not complete:
        raise UserError(f"no task has all sizes {sorted(sizes)}; give the rows of sizes that tasks have in common")
    return complete


def averaged(rows: Rows, metric: str) -> Lines:
    """For each method that has all sizes of all complete tasks, the mean over these tasks by size.

    The standard error is that over seeds, tasks held fixed: √(Σ e_t²) / T.
    """
    values = values_of(rows, metric)
    sizes, tasks = sorted({row["size"] for row in rows}), complete_tasks(rows)
    lines: Lines = {}
    for method in dict.fromkeys(method for _, _, method in values):
        if all((task, size, method) in values for task in tasks for size in sizes):
            lines[method] = [over_tasks([values[task, size, method] for task in tasks]) for size in sizes]
    if not lines:
        raise UserError(f"no method has {metric} for all of the tasks {tasks} in all sizes; give rows of fewer tasks")
    return lines


def over_tasks(cells: Sequence[dict[int, float]]) -> Estimate:
    own = [Estimate.of(np.array(list(cell.values()))) for cell in cells]
    errors = [one.standard_error for one in own if one.standard_error is not None]
    error = float(np.sqrt(np.sum(np.square(errors))) / len(own)) if len(errors) == len(own) else None
    return Estimate(float(np.mean([one.mean for one in own])), error, sum(one.n for one in own))


def draw_panel(
    axes: Axes, sizes: Sequence[int], lines: Lines, metric: str, methods: Sequence[str]
) -> dict[str, ErrorbarContainer]:
    """What was drawn for each method."""
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
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
    axes.set_title(metric_title(metric))
    axes.set_ylabel(f"{better(metric) or 'lower'} is better", fontsize=9)
    grid(axes, "y")
    return handles


def is_wide(lines: Lines) -> bool:
    means = [one.mean for line in lines.values() for one in line]
    return min(means) > 0 and max(means) > WIDE * min(means)
