"""Picture of calibration: how often predictions of some confidence are right."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hyperborn._typing import Labels
from hyperborn.predictive.metrics import expected_calibration_error
from hyperborn.report.style import BLUE, GREY, INK, canvas, grid

LEVEL = 1.96
"""Standard normal quantile of 95% intervals."""


class Reliability(NamedTuple):
    """Bins that hold examples: their mean confidence, accuracy and number, and the edges of all bins."""

    confidence: Float[np.ndarray, " filled"]
    accuracy: Float[np.ndarray, " filled"]
    counts: Int[np.ndarray, " filled"]
    edges: Float[np.ndarray, " edges"]
    filled: Int[np.ndarray, " filled"]


def reliability(probabilities: Float[np.ndarray, "examples classes"], y: Labels, bins: int) -> Reliability:
    """The same bins as those of `expected_calibration_error`: equal intervals (low, high] of the confidence."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == y
    interval = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    counts = np.bincount(interval, minlength=bins)
    filled = np.flatnonzero(counts)
    means = [
        np.bincount(interval, weights=values, minlength=bins)[filled] / counts[filled] for values in (confidence, right)
    ]
    return Reliability(means[0], means[1], counts[filled], np.linspace(0, 1, bins + 1), filled)


def wilson(share: Float[np.ndarray, " bins"], counts: Int[np.ndarray, " bins"]) -> Float[np.ndarray, "2 bins"]:
    """Wilson's 95% interval of each share of so many trials."""
    square = LEVEL**2 / counts
    middle = (share + square / 2) / (1 + square)
    half = LEVEL / (1 + square) * np.sqrt(share * (1 - share) / counts + square / (4 * counts))
    return np.stack([middle - half, middle + half])


def reliability_figure(probabilities: Float[np.ndarray, "examples classes"], y: Labels, bins: int) -> Figure:
    """Accuracy against confidence with 95% intervals, and the number of examples below.

    Raises:
        UserError: if there is no example or no bin, or the labels do not fit the probabilities.
    """
    error = expected_calibration_error(probabilities, y, bins)
    drawn = reliability(probabilities, y, bins)
    figure = canvas(f"Calibration: expected calibration error {error:.3f} on {len(y):,} examples")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    top.plot([0, 1], [0, 1], color=INK, linestyle=(0, (5, 3)), linewidth=1.2, label="as right as confident")
    low, high = wilson(drawn.accuracy, drawn.counts)
    # Rounding may put an end of the interval inside the point by one part in 10^16.
    ends = np.maximum([drawn.accuracy - low, high - drawn.accuracy], 0)
    top.vlines(drawn.confidence, drawn.confidence, drawn.accuracy, color=BLUE, alpha=0.25, linewidth=7)
    top.errorbar(
        drawn.confidence, drawn.accuracy, ends, color=BLUE, fmt="o", markersize=7, markeredgecolor="white",
        elinewidth=1.2, capsize=3, label="examples of a bin, 95% interval (pale: gap)",
    )  # fmt: skip
    top.set_ylabel("accuracy (share right)")
    top.set_ylim(-0.03, 1.03)
    top.legend(loc="best")
    grid(top, "both")
    left = drawn.edges[drawn.filled]
    patches = bottom.bar(left, drawn.counts, width=1 / bins, align="edge", color=BLUE, alpha=0.6, edgecolor="white")
    bottom.bar_label(patches, [f"{count:,}" for count in drawn.counts], color=GREY, fontsize=8, padding=1)
    bottom.set_ylabel("examples")
    bottom.set_xlabel("confidence (probability of the predicted class)")
    bottom.margins(y=0.3)
    bottom.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    # No confidence is below one in the number of classes.
    bottom.set_xlim(min(1 / probabilities.shape[1], float(left.min())) - 0.02, 1.02)
    return figure
