"""Picture of pooled differences to a reference, a panel a metric."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from hyperborn.errors import UserError
from hyperborn.report.lettering import fitted_names
from hyperborn.report.notation import better, metric_title, signed_text
from hyperborn.report.plots import Outcome
from hyperborn.report.style import BLUE, GREY, INK, VERMILION, canvas, grid

STYLES = {"better": (BLUE, "o"), "worse": (VERMILION, "s"), "either": (GREY, "D")}
"""Colour and marker by what the interval says of the method."""
FAR = 4.0
"""Times the median method's reach beyond which another one's does not stretch the axis."""
LEAST = 0.15
"""Share of the axis' reach that is shown on each side of zero at least."""
ROW, PANEL, NAMES = 0.27, 2.8, 1.8
"""Inches of a method's line, of a panel's width, and of the names beside the panels."""
NAME_SIZE = 9.0
"""Points of the names."""
PLACES = 3
"""Decimal places of a difference that is written instead of drawn."""


def forest_figure(found: Sequence[Outcome]) -> Figure:
    """Dots and intervals about the reference's line; wins, ties and losses are written on the right.

    Raises:
        UserError: if there is no outcome, or more than one reference.
    """
    references = list(dict.fromkeys(one.reference for one in found))
    if len(references) != 1:
        raise UserError(f"{len(references)} references ({', '.join(references)}) in one picture; give outcomes to one")
    metrics = list(dict.fromkeys(one.metric for one in found))
    methods = list(dict.fromkeys(one.method for one in found))
    size = max(8.0, NAMES + PANEL * len(metrics)), 1.9 + ROW * max(len(methods), 4)
    figure = canvas(f"Difference to {references[0]}, pooled over tasks and sizes", size)
    panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False).ravel()
    for axes, metric in zip(panels, metrics, strict=True):
        draw_differences(axes, {one.method: one for one in found if one.metric == metric}, metric, methods)
        axes.tick_params(axis="y", length=0, labelleft=axes is panels[0])
    labels = {"better": "better", "worse": "worse", "either": "the interval holds zero"}
    handles = [
        Line2D([], [], color=STYLES[side][0], marker=STYLES[side][1], linewidth=2, label=label)
        for side, label in labels.items()
    ]
    title = "95% intervals over tasks; on the right: wins/ties/losses"
    figure.legend(handles=handles, loc="outside lower center", ncols=3, title=title, title_fontsize=9)
    return figure


def draw_differences(axes: Axes, own: dict[str, Outcome], metric: str, methods: Sequence[str]) -> None:
    limit = reach_of(list(own.values()))
    bounds = bounds_of(list(own.values()), limit)
    for place, one in enumerate(own.get(method) for method in methods):
        if one is None:
            continue
        colour, marker = STYLES[side_of(one)]
        if abs(one.mean) <= limit:
            axes.plot([one.low, one.high], [place, place], color=colour, linewidth=2, solid_capstyle="butt", zorder=3)
            axes.plot([one.mean], [place], marker, color=colour, markersize=5.5, zorder=4)
        else:
            above = one.mean > 0
            axes.plot([bounds[above]], [place], ">" if above else "<", color=colour, markersize=6, zorder=4)
            axes.annotate(
                signed_text(one.mean, PLACES), (bounds[above], place), (-8 if above else 8, 0),
                textcoords="offset points", color=colour, fontsize=8, ha="right" if above else "left", va="center",
                zorder=4,
            )  # fmt: skip
        axes.annotate(
            f"{one.wins}/{one.ties}/{one.losses}", (1.01, place), xycoords=("axes fraction", "data"),
            color=GREY, fontsize=8, va="center",
        )  # fmt: skip
    axes.axvline(0, color=INK, linestyle=(0, (5, 3)), linewidth=1, zorder=2)
    axes.set_xlim(*(1.06 * end for end in bounds))
    axes.set_yticks(range(len(methods)), fitted_names(methods, NAMES, NAME_SIZE))
    axes.set_ylim(len(methods) - 0.5, -0.5)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.set_title(metric_title(metric))
    axes.set_xlabel(f"{better(metric) or 'lower'} is better", fontsize=9)
    grid(axes, "both")


def side_of(one: Outcome) -> str:
    if one.low <= 0 <= one.high:
        return "either"
    return "better" if (one.mean > 0) == (better(one.metric) == "higher") else "worse"


def reach_of(own: Sequence[Outcome]) -> float:
    """Where the axis ends: at the farthest end of an interval that is not far beyond the median one."""
    ends = np.array([[abs(one.mean), abs(one.low), abs(one.high)] for one in own])
    reaches = np.where(np.isfinite(ends), ends, 0.0).max(axis=1)
    return float(reaches[reaches <= FAR * np.median(reaches)].max()) or 1.0


def bounds_of(own: Sequence[Outcome], limit: float) -> tuple[float, float]:
    """Where the axis ends on either side, with zero in between and room for the other side's dots."""
    low = min(max(min(one.low, one.mean), -limit) for one in own)
    high = max(min(max(one.high, one.mean), limit) for one in own)
    return min(low, -LEAST * limit), max(high, LEAST * limit)
