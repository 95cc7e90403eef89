"""Cards that a notebook shows: a few facts in a table and a small picture beside it, as HTML.

All text is escaped, for names of features and classes come from users' files. Nothing is loaded from elsewhere, no
script runs, and the page's own colours are kept: lines and letters are `currentColor`, areas are of middling
brightness, which stand out on white and on black, and there is no background. A card has some kilobytes, whatever it is
of.
"""

import html
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from hyperborn.printable import printable

LONGEST = 80
"""Characters of a text that are shown."""
LONGEST_VALUE = 300
"""Characters of a value in the table."""
SHORT = 24
"""Characters of a name within a picture."""

COLOURS = ("#3b8ed0", "#e07b39", "#2aa37a", "#b565a7", "#b8961f", "#6f7bd9", "#8a8a8a")
"""Of areas and lines, in their order; each has a contrast of about 3 to white and 5 to black."""
BOX = "#2f78b5"
"""Of boxes with white letters."""
LETTERS = 11
"""Pixels of a picture's letters."""

CARD = "max-width:72em;overflow-wrap:anywhere"
SIDES = "display:flex;flex-wrap:wrap;gap:0 2em;align-items:flex-start"
NAME = "text-align:left;font-weight:normal;opacity:0.75;vertical-align:top;white-space:nowrap"
VALUE = "text-align:left;vertical-align:top"

Number: TypeAlias = float | int
"""Mostly pixels, from the upper left corner."""
Fact = tuple[str, str]
"""A name and its value, plain text."""


def escaped(text: str, longest: int = LONGEST) -> str:
    """Text for HTML: cut where it is long, without control characters, and with no sign that HTML reads."""
    # Of a text of megabytes only what is shown is looked at.
    line = printable(text[: longest + 1])
    return html.escape(line if len(line) <= longest else f"{line[: longest - 1]}…")


def card(title: str, facts: Sequence[Fact], pictures: Sequence[str] = (), *, kind: str = "") -> str:
    """A card.

    Args:
        title: plain text.
        facts: rows of the table, plain text.
        pictures: from `picture`.
        kind: of what the card is, in pale letters before the title.
    """
    rows = "".join(
        f'<tr><th scope="row" style="{NAME}">{escaped(name, SHORT)}</th>'
        f'<td style="{VALUE}">{escaped(value, LONGEST_VALUE)}</td></tr>'
        for name, value in facts
    )
    pale = f'<span style="opacity:0.75">{escaped(kind)}</span> ' if kind else ""
    drawn = "".join(f"<div>{picture}</div>" for picture in pictures)
    return (
        f'<div style="{CARD}"><div>{pale}<strong>{escaped(title)}</strong></div>'
        f'<div style="{SIDES}"><table style="margin:0.3em 0"><tbody>{rows}</tbody></table>{drawn}</div></div>'
    )


def picture(width: Number, height: Number, label: str, shapes: Sequence[str]) -> str:
    """Shapes as an inline picture of so many pixels; `label` says what it shows to those who cannot see it."""
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    style = "max-width:100%;height:auto;margin:0.3em 0;background:transparent"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escaped(label)}" style="{style}" '
        f'fill="currentColor" font-size="{LETTERS}">{"".join(shapes)}</svg>'
    )


def letters(x: Number, y: Number, text: str, *, anchor: str = "start", pale: bool = False, longest: int = SHORT) -> str:
    """Text whose baseline begins, ends or has its middle at a place."""
    faint = ' opacity="0.75"' if pale else ""
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:g}" y="{y:g}"{where}{faint}>{escaped(text, longest)}</text>'


def area(x: Number, y: Number, width: Number, height: Number, colour: str, title: str = "") -> str:
    """A filled rectangle, with a text that is shown when one points at it."""
    shown = f"<title>{escaped(title)}</title>" if title else ""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}">{shown}</rect>'


def stroke(
    points: Sequence[tuple[Number, Number]], *, colour: str = "currentColor", width: Number = 1.0, **more: str
) -> str:
    """A line through points; further attributes with underscores for hyphens."""
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    attributes = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in more.items())
    return f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="{width:g}"{attributes}/>'


def bars(rows: Sequence[tuple[str, Number, str]], label: str, *, colour: str = COLOURS[0]) -> str:
    """Horizontal bars, one a row: its name, its length as a share of the longest, and the text after it."""
    step, left, room = 16, 110, 150
    longest = max((value for _, value, _ in rows), default=0.0) or 1.0
    shapes: list[str] = []
    for place, (name, value, text) in enumerate(rows):
        y, width = place * step, room * value / longest
        shapes.append(letters(left - 6, y + 12, name, anchor="end"))
        shapes.append(area(left, y + 3, max(width, 0.5), step - 5, colour))
        shapes.append(letters(left + width + 5, y + 12, text, pale=True))
    return picture(left + room + 60, step * max(len(rows), 1), label, shapes)


def columns(heights: Sequence[Number], label: str, low: str, high: str, *, top: Number | None = None) -> str:
    """Upright bars side by side with a base line, and a text below the first and the last."""
    width, height = 260, 70
    step = width / max(len(heights), 1)
    most = (max(heights, default=0.0) if top is None else top) or 1.0
    shapes = [
        area(place * step, height * (1 - value / most), max(step - 1, 0.5 * step), height * value / most, COLOURS[0])
        for place, value in enumerate(heights)
    ]
    shapes.append(stroke([(0, height), (width, height)], opacity="0.5"))
    shapes += [letters(0, height + 14, low, pale=True), letters(width, height + 14, high, anchor="end", pale=True)]
    return picture(width, height + 18, label, shapes)


def thinned(count: int, most: int) -> np.ndarray:
    """Places of at most so many of `count` things, evenly apart, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
