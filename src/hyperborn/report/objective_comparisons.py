"""Picture of objectives side by side: means with standard errors, a panel a metric."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hyperborn.errors import UserError
from hyperborn.report.lettering import fitted_names, fitted_text
from hyperborn.report.notation import EXACT_POSTERIOR, better, estimate_text, in_sections, metric_title, objective_name
from hyperborn.report.style import INK, MARKERS, SIZE, canvas, colours, grid

Rows = Mapping[str, Mapping[str, tuple[float, float]]]
"""Mean and standard error by objective and metric."""

NAMES, NAME_SIZE = 1.8, 9.0
"""Inches that the objectives' names may take, and points of their letters."""
LINE, PANEL, EDGES = 0.3, 1.0, 0.6
"""Inches of an objective's line, of what is above and below a panel's lines, and of what is around the panels."""
TITLE_SIZE = 11.0
"""Points of a panel's title."""


def comparison_figure(table: Rows, metrics: Sequence[str], title: str) -> Figure:
    """A panel a metric with a dot and a bar of one standard error for each objective.

    The exact posterior's mean is a dashed line as well.

    Raises:
        UserError: if there is no objective or no metric.
    """
    if not table or not metrics:
        raise UserError("there is nothing to compare; give at least one objective and one metric")
    columns = len(metrics) if len(metrics) <= 3 else math.ceil(len(metrics) / 2)
    rows = math.ceil(len(metrics) / columns)
    figure = canvas(title, (SIZE[0], max(SIZE[1], rows * (PANEL + LINE * len(table)) + EDGES)))
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for place, (axes, metric) in enumerate(zip(panels, metrics, strict=False)):
        draw_means(axes, table, metric)
        axes.set_title(fitted_text(metric_title(metric), (SIZE[0] - NAMES) / columns, TITLE_SIZE))
        axes.tick_params(axis="y", labelleft=place % columns == 0)
    for axes in panels[len(metrics) :]:
        write_explanation(axes, EXACT_POSTERIOR in table)
    if len(panels) == len(metrics):
        figure.supxlabel(explanation(EXACT_POSTERIOR in table, "; "), fontsize=9)
    return figure


def draw_means(axes: Axes, table: Rows, metric: str) -> None:
    names = in_sections(table)
    others = [name for name in names if name != EXACT_POSTERIOR]
    colour = colours(others) | {EXACT_POSTERIOR: INK}
    marker = dict(zip(others, MARKERS * len(others), strict=False)) | {EXACT_POSTERIOR: "*"}
    for place, name in enumerate(names):
        mean, error = table[name].get(metric, (math.nan, math.nan))
        if not math.isfinite(mean):
            continue
        bar = error if math.isfinite(error) else 0.0
        axes.errorbar(
            [mean], [place], xerr=[bar], fmt=marker[name], color=colour[name], elinewidth=2, capsize=4,
            markersize=11 if name == EXACT_POSTERIOR else 7, zorder=3,
        )  # fmt: skip
        axes.annotate(
            estimate_text(mean, error), (mean, place), (0, 8), textcoords="offset points", ha="center", fontsize=8.5,
            color=colour[name], bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5}, zorder=2,
        )  # fmt: skip
        if name == EXACT_POSTERIOR:
            axes.axvline(mean, color=INK, linestyle=(0, (5, 3)), linewidth=1, alpha=0.6, zorder=1)
    axes.set_yticks(range(len(names)), fitted_names([objective_name(name) for name in names], NAMES, NAME_SIZE))
    axes.set_ylim(len(names) - 0.5, -0.75)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    # Room for the numbers, which are centred on the dots.
    axes.margins(x=0.3)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.set_xlabel(f"{better(metric)} is better" if better(metric) else "", fontsize=9)
    grid(axes, "x")


def explanation(exact: bool, between: str) -> str:
    parts = ["dots: mean over seeds", "bars: ± one standard error"]
    return between.join([*parts, "dashed line: exact posterior"] if exact else parts)


def write_explanation(axes: Axes, exact: bool) -> None:
    """Write what the marks mean into an unused panel."""
    axes.set_axis_off()
    axes.text(0.02, 0.5, explanation(exact, "\n\n"), transform=axes.transAxes, fontsize=9.5, va="center")
