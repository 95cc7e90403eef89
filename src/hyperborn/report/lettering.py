"""Text in pictures: names of any length and any characters, cut to the available width, and legends of many names.

`style.LOOK` keeps Matplotlib from reading text as mathematics.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from matplotlib import rcParams
from matplotlib.artist import Artist
from matplotlib.container import Container
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.textpath import text_to_path

from hyperborn.printable import printable

LONGEST = 400
"""Characters of a name that are used: no picture has room for more."""

LEFT_TO_RIGHT = "\u200e"
"""Invisible character; a line that begins with it runs from left to right, whatever scripts are in it."""

POINTS = 72
"""Points of an inch."""

WIDER = 1.03
"""Hinting makes text at most this many times wider than its unhinted width."""

LEGEND_SIZE = 9.0
"""Points of a legend's text."""
PADDING, BETWEEN, BORDER = 0.8, 2.0, 1.8
"""Room beside an entry's text, between columns, and around a legend, in units of its text's size."""

MOST_COLUMNS = 5


def fitted_text(text: str, room: float, size: float, weight: str = "normal") -> str:
    """The text on one line; its middle is left out where the line is wider than `room`.

    Args:
        text: any text.
        room: inches.
        size: of the letters, points.
        weight: of the letters.
    """
    half = LONGEST // 2
    line = printable(text if len(text) <= LONGEST else text[:half] + "…" + text[-half:])
    if any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in line):
        line = LEFT_TO_RIGHT + line
    if text_width(line, size, weight) <= room:
        return line
    kept = (
        bisect_right(range(len(line)), room, key=lambda count: text_width(without_middle(line, count), size, weight))
        - 1
    )
    return without_middle(line, max(kept, 0))


def without_middle(line: str, kept: int) -> str:
    """The line cut to so many of its first and last characters."""
    head = (kept + 1) // 2
    return f"{line[:head]}…{line[len(line) - (kept - head) :]}"


def text_width(line: str, size: float, weight: str = "normal") -> float:
    """Width of a line of text, inches, as it is drawn."""
    font = FontProperties(family=rcParams["font.family"], size=size, weight=weight)
    return WIDER * text_to_path.get_text_width_height_descent(line, font, ismath=False)[0] / POINTS


def fitted_names(names: Sequence[str], room: float, size: float) -> list[str]:
    """Each name `fitted`; where two would look the same, all are numbered, starting with 0."""
    lines = [fitted_text(name, room, size) for name in names]
    if len(set(lines)) == len(lines):
        return lines
    return [fitted_text(f"{place}: {name}", room, size) for place, name in enumerate(names)]


def legend_below(
    figure: Figure,
    handles: Sequence[Artist | Container],
    names: Sequence[str],
    *,
    most: int,
    title: str | None = None,
    handle: float = 2.0,
) -> int:
    """A legend below the panels, in as many columns as there is room for; how many rows it has.

    Args:
        figure: of its final width.
        handles: what each name stands for.
        names: any text.
        most: entries that are shown; of more names the first, and how many others there are.
        title: above the entries.
        handle: length of a handle, in units of the text's size.
    """
    # A legend takes containers too, such as error bars, though its annotations say only artists.
    shown: list[Any] = list(handles[:most])
    lines = list(names[:most])
    if len(names) > most:
        shown.append(Line2D([], [], linestyle="none"))
        lines.append(f"and {len(names) - most:,} more")
    size = LEGEND_SIZE / POINTS
    room = figure.get_figwidth() - (BORDER + BETWEEN) * size
    beside = (handle + PADDING) * size
    widest = max(text_width(fitted_text(line, room, LEGEND_SIZE), LEGEND_SIZE) for line in lines) + beside
    columns = min(max(int((room + BETWEEN * size) / (widest + BETWEEN * size)), 2), MOST_COLUMNS, len(lines))
    own = (room - (columns - 1) * BETWEEN * size) / columns - beside
    legend = figure.legend(
        shown, ["-"] * len(shown), loc="outside lower center", ncols=columns, fontsize=LEGEND_SIZE,
        handlelength=handle, handletextpad=PADDING, columnspacing=BETWEEN,
        title=None if title is None else fitted_text(title, room, LEGEND_SIZE), title_fontsize=LEGEND_SIZE,
    )  # fmt: skip
    # Matplotlib leaves out entries whose labels begin with an underscore, so entries get their names afterwards.
    for text, line in zip(legend.get_texts(), fitted_names(lines, own, LEGEND_SIZE), strict=True):
        text.set_text(line)
    return -(-len(lines) // columns)
