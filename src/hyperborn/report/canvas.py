"""The look that all pictures share, and PNG bytes from a figure."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from typing import Any, Literal

import matplotlib
from matplotlib import rcParamsDefault
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

# Okabe and Ito's palette, which colour-blind readers tell apart.
BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, YELLOW = "#CC79A7", "#56B4E9", "#F0E442"
INK, GREY, PALE = "#222222", "#767676", "#D9D9D9"
CYCLE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, YELLOW)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

COLOURS = {"elbo": BLUE, "mle": VERMILION, "selbo": GREEN, "renyi": PURPLE, "stein": ORANGE}
"""An objective looks the same in every picture; others take what is left of the cycle."""

SIZE = (8.0, 5.0)
"""Inches; at 100 dots an inch this is 800 x 500, and the files have twice that for sharp screens."""
DPI = 200

LOOK = {
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "figure.dpi": 100,
    "figure.figsize": SIZE,
    "figure.titlesize": 13,
    "figure.titleweight": "bold",
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that the bytes do not depend on the system's fonts
    "font.size": 10,
    "grid.color": "#EBEBEB",
    "legend.fontsize": 9,
    "legend.frameon": False,
    "text.color": INK,
    "xtick.color": GREY,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 9,
    "ytick.color": GREY,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 9,
}


@contextmanager
def look() -> Iterator[None]:
    """Matplotlib's defaults with our changes, whatever the user has configured; the user's settings come back after."""
    # A backend is none of a picture's looks, and setting it would load pyplot.
    settings: dict[Any, Any] = {name: rcParamsDefault[name] for name in rcParamsDefault if "backend" not in name}
    settings.update(LOOK)
    with matplotlib.rc_context(settings):
        yield


def canvas(title: str) -> Figure:
    """An empty figure with a title, drawn on without pyplot."""
    figure = Figure(figsize=SIZE, layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1))
    figure.suptitle(title, x=0.0125, horizontalalignment="left")
    return figure


def png(figure: Figure) -> bytes:
    """The figure as PNG, the same bytes every time: no date and no version inside."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI, metadata={"Software": None}, facecolor="white")
    return stream.getvalue()


def colours(names: Sequence[str]) -> dict[str, str]:
    """A colour for each objective."""
    known = {name: COLOURS[name.lower()] for name in names if name.lower() in COLOURS}
    spare = cycle([colour for colour in CYCLE if colour not in known.values()])
    return {name: known[name] if name in known else next(spare) for name in names}


def grid(axes: Axes, axis: Literal["x", "y", "both"]) -> None:
    """Pale lines behind the data, at the ticks of one axis or both."""
    axes.set_axisbelow(True)
    axes.grid(True, axis=axis)
