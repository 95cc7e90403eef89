"""Picture of the most probable networks: their bits, and their probability."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hyperborn._typing import Bits
from hyperborn.errors import UserError
from hyperborn.networks import Field
from hyperborn.report.style import BLUE, GREY, INK, canvas, grid

LOW, HIGH = "#E4ECF2", "#1F4E6B"
MOST_DIGITS = 40
"""Bits of a row up to which each shows its digit."""


def networks_figure(
    bits: Bits,
    q: Float[np.ndarray, " networks"],
    posterior: Float[np.ndarray, " networks"] | None,
    fields: Sequence[Field],
) -> Figure:
    """Rows of bits, fields apart, beside bars of q and of the exact posterior.

    Raises:
        UserError: if there is no network, or the fields do not cover the bits.
    """
    networks, n = bits.shape
    if networks == 0:
        raise UserError("there are no networks to draw; give at least one")
    if not fields or fields[-1].stop != n:
        covered = fields[-1].stop if fields else 0
        raise UserError(f"fields of {covered} weights do not fit networks of {n} bits; give the network's own fields")
    held = (
        f"{q.sum():.0%} of q" if posterior is None else f"{q.sum():.0%} of q and {posterior.sum():.0%} of the posterior"
    )
    which = f"The {networks} most probable networks hold" if networks > 1 else "The most probable network holds"
    figure = canvas(f"{which} {held}")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.7, 1))
    draw_bits(left, bits, fields)
    draw_bars(right, q, posterior)
    return figure


def draw_bits(axes: Axes, bits: np.ndarray, fields: Sequence[Field]) -> None:
    networks, n = bits.shape
    few = n <= MOST_DIGITS
    gap = 0.3 if few else 0.012 * n
    size = min(9.0, 170 / n, 200 / networks)
    middles = []
    for place, field in enumerate(fields):
        own, begin = bits[:, field.start : field.stop], field.start + place * gap
        edges = begin + np.arange(own.shape[1] + 1)
        middles.append((edges[0] + edges[-1]) / 2)
        axes.pcolormesh(
            edges, np.arange(networks + 1) - 0.5, own, cmap=ListedColormap([LOW, HIGH]), vmin=0, vmax=1,
            edgecolors="white" if few else "face", linewidth=0.8 if few else 0,
        )  # fmt: skip
        for row, column in np.ndindex(own.shape) if few else ():
            colour = "white" if own[row, column] else INK
            text = str(int(own[row, column]))
            axes.text(edges[column] + 0.5, row, text, color=colour, fontsize=size, ha="center", va="center")
    axes.set_xticks(middles, [field.name for field in fields])
    axes.set_yticks(np.arange(networks), [str(row + 1) for row in range(networks)])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlim(0, n + (len(fields) - 1) * gap)
    axes.set_ylim(networks - 0.5, -0.5)
    axes.set_xlabel("weights by field (bit 0: low value, bit 1: high value)")
    axes.set_ylabel("rank")


def draw_bars(axes: Axes, q: np.ndarray, posterior: np.ndarray | None) -> None:
    rows = np.arange(len(q))
    if posterior is None:
        axes.barh(rows, q, height=0.6, color=BLUE, label="q (circuit)")
    else:
        axes.barh(rows - 0.19, q, height=0.36, color=BLUE, label="q (circuit)")
        axes.barh(rows + 0.19, posterior, height=0.36, color=GREY, label="exact posterior")
    axes.tick_params(axis="y", length=0, labelleft=False)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("probability")
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2, handlelength=1)
    grid(axes, "x")
