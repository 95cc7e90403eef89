"""From the cells to docs/elbo-gap.md and docs/images/elbo-gap.png."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hyperborn.report.style import CYCLE, MARKERS, canvas, grid, plot_style, png

DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- table: make gap -->\n", "<!-- end of table -->"
KINDS = ("AllPairs", "pairs on a ring", "pairs on a ladder", "2n strongest", "Brickwork", "autoregressive", "product")
FLOOR = 1e-3
"""Smaller gaps (nats) are drawn here."""

Rows = Sequence[dict[str, Any]]


def write(rows: Rows) -> None:
    page = DOCS / "elbo-gap.md"
    text = page.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    page.write_text(head + BEGIN + "\n".join(tables(rows)) + "\n" + END + tail, encoding="utf-8")
    (DOCS / "images" / "elbo-gap.png").write_bytes(picture(rows))


def tables(rows: Rows) -> list[str]:
    """A table for each size of network: families down, tasks across."""
    lines: list[str] = []
    for large in (False, True):
        own = [row for row in rows if (row["n_weights"] > 14) == large]
        tasks = list(dict.fromkeys(row["task"] for row in own))
        if not tasks:
            continue
        entropy = {row["task"]: row["posterior_entropy"] for row in own}
        lines += ["", f"| family | parameters | {' | '.join(tasks)} | seconds a fit |"]
        lines += [f"| --- | ---: |{' ---: |' * (len(tasks) + 1)}"]
        lines += [f"| *entropy of the posterior* | | {' | '.join(f'*{entropy[task]:.2f}*' for task in tasks)} | |"]
        for family in dict.fromkeys(row["family"] for row in own):
            cells = {row["task"]: row for row in own if row["family"] == family}
            sizes = sorted({row["n_parameters"] for row in cells.values()})
            count = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
            gaps = " | ".join(f"{cells[task]['gap']:.3f}" if task in cells else "" for task in tasks)
            seconds = np.median([row["seconds"] for row in cells.values()])
            lines.append(f"| {family} | {count} | {gaps} | {seconds:.0f} |")
    return lines


def picture(rows: Rows) -> bytes:
    """Gap against parameters: a point a cell, a line through the medians of a kind's families on the small tasks."""
    small = [row for row in rows if row["n_weights"] <= 14]
    with plot_style(formulas=True):
        figure = canvas("Gap against parameters: all pairs have the smallest worst gap of all families")
        axes = figure.subplots()
        for kind, colour, marker in zip(KINDS, CYCLE, MARKERS, strict=True):
            own = [row for row in small if row["family"].startswith(kind)]
            if not own:
                continue
            sizes = sorted({row["n_parameters"] for row in own})
            medians = [np.median([row["gap"] for row in own if row["n_parameters"] == size]) for size in sizes]
            gaps = np.maximum([row["gap"] for row in own], FLOOR)
            axes.scatter([row["n_parameters"] for row in own], gaps, color=colour, marker=marker, s=14, alpha=0.5)
            axes.plot(sizes, np.maximum(medians, FLOOR), color=colour, marker=marker, label=kind)
        axes.axhline(0.1, color="#767676", linestyle=":", linewidth=1)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("parameters")
        axes.set_ylabel("log evidence - ELBO (nats); below 0.001 drawn there")
        axes.legend()
        grid(axes, "both")
        return png(figure)
