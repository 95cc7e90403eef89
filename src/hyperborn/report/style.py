"""The style that all pictures share, and PNG bytes from a figure."""

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from typing import Any, Literal, final

import matplotlib
from matplotlib import rcParamsDefault
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from hyperborn.report.lettering import fitted_text, text_width

# Okabe and Ito's palette, which colour-blind readers tell apart.
BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, YELLOW = "#CC79A7", "#56B4E9", "#F0E442"
INK, GREY, PALE = "#222222", "#767676", "#D9D9D9"
CYCLE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, YELLOW)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
SHADES = (1.0, 0.6, 0.35)
"""Brightness of the cycle's colours the first time, the second and the third."""

COLOURS = {"elbo": BLUE, "mle": VERMILION, "selbo": GREEN, "renyi": PURPLE, "stein": ORANGE}
"""Colours of objectives, the same in every picture; other names take the remaining colours of the cycle."""

SIZE = (8.0, 5.0)
"""Inches; at 100 dots an inch this is 800 x 500, and the files have twice that for sharp screens."""
DPI = 200
EDGE = 0.0125
"""Where titles begin, as a share of the width."""
TITLE_SIZE, SMALLEST_TITLE = 13.0, 9.0
"""Points."""

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
    "figure.titlesize": TITLE_SIZE,
    "figure.titleweight": "bold",
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that the bytes do not depend on the system's fonts
    "font.size": 10,
    "grid.color": "#EBEBEB",
    "legend.fontsize": 9,
    "legend.frameon": False,
    "savefig.dpi": DPI,
    "text.color": INK,
    "xtick.color": GREY,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 9,
    "ytick.color": GREY,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 9,
}


@contextmanager
def plot_style(*, formulas: bool = False) -> Iterator[None]:
    """Matplotlib's defaults with our changes, independent of the user's configuration, which is restored afterwards.

    A character that the font lacks is drawn as a box, without a warning.

    Args:
        formulas: whether text between dollar signs is set as a formula. Matplotlib's own labels of a logarithmic axis
            are written so, such as 10²; names of a user's data must not be.
    """
    # The backend does not change how a picture looks, and setting it would load pyplot.
    settings: dict[Any, Any] = {name: rcParamsDefault[name] for name in rcParamsDefault if "backend" not in name}
    settings.update(LOOK | {"text.parse_math": formulas})
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)
        yield


@final
class StyledFigure(Figure):
    """A figure that is drawn in the style that it was made in, whenever and by whom that is done.

    Matplotlib asks for most settings when a figure is made, but for some, such as those of ticks, when it is drawn, and
    by then the style is no longer in force. A notebook shows the figure though pyplot is not loaded.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._formulas = bool(matplotlib.rcParams["text.parse_math"])

    def draw(self, renderer: Any) -> None:
        """As of any figure."""
        with plot_style(formulas=self._formulas):
            super().draw(renderer)

    def get_tightbbox(self, *args: Any, **settings: Any) -> Any:
        """As of any figure."""
        with plot_style(formulas=self._formulas):
            return super().get_tightbbox(*args, **settings)

    def savefig(self, fname: Any, **settings: Any) -> None:
        """As of any figure, with twice the dots of a screen where `dpi` is not given."""
        with plot_style(formulas=self._formulas):
            super().savefig(fname, **settings)

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """The picture for a notebook, which shows it at half its size: one dot a point of the page, sharp on all."""
        width, height = (round(side * DPI / 2) for side in self.get_size_inches())
        return png(self), {"width": width, "height": height}


def canvas(title: str, size: tuple[float, float] = SIZE) -> Figure:
    """An empty figure with a title, drawn on without pyplot.

    Args:
        title: in smaller letters where it is long; where even these are too wide, its middle is left out.
        size: width and height, inches.
    """
    figure = StyledFigure(figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1))
    room = (1 - 2 * EDGE) * size[0]
    line = fitted_text(title, room, SMALLEST_TITLE, "bold")
    width = text_width(line, TITLE_SIZE, "bold")
    letters = TITLE_SIZE if width <= room else TITLE_SIZE * room / width
    figure.suptitle(line, x=EDGE, horizontalalignment="left", fontsize=letters)
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


def colour_at(place: int) -> str:
    """A colour for a place in a list; after the end of the cycle its colours are repeated, darker."""
    brightness = SHADES[place // len(CYCLE) % len(SHADES)]
    red, green, blue = (brightness * part for part in to_rgb(CYCLE[place % len(CYCLE)]))
    return to_hex((red, green, blue))


def marker_at(place: int) -> str:
    """A marker for a place in a list; where a colour is repeated, the marker differs."""
    return MARKERS[(place + place // len(CYCLE)) % len(MARKERS)]


def grid(axes: Axes, axis: Literal["x", "y", "both"]) -> None:
    """Pale lines behind the data, at the ticks of one axis or both."""
    axes.set_axisbelow(True)
    axes.grid(True, axis=axis)
