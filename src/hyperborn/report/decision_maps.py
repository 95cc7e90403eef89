"""Picture of the predicted class probabilities over the plane of two features."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure

from hyperborn._typing import Examples, Labels
from hyperborn.errors import UserError
from hyperborn.networks import Network
from hyperborn.report.lettering import fitted_text, legend_below
from hyperborn.report.style import INK, SIZE, canvas, colour_at, marker_at

ACROSS, DOWN = 120, 80
"""Points of the grid on which predictions are made."""
MARGIN = 0.12
"""Room about the data, as a share of its width."""

MOST_CLASSES = 12
"""Classes that the legend names; more would leave no room for the picture."""
LABEL_SIZE = 10.0
"""Points, of the features' names."""

Predict = Callable[[Examples], Float[np.ndarray, "examples classes"]]


def decision_figure(
    net: Network, predict: Predict, x: Examples, y: Labels, classes: Sequence[str], features: Sequence[str]
) -> Figure:
    """Predicted probabilities as colours under the examples.

    Raises:
        UserError: if the data has not two features or no example, or classes or labels do not fit.
    """
    check_examples(net, x, y, classes)
    low, high = x.min(axis=0), x.max(axis=0)
    room = MARGIN * np.where(high > low, high - low, 1.0)
    across, down = (np.linspace(low[i] - room[i], high[i] + room[i], count) for i, count in enumerate((ACROSS, DOWN)))
    places = np.stack(np.meshgrid(across, down), axis=-1)
    probabilities = predict(places.reshape(-1, 2)).reshape(DOWN, ACROSS, len(classes))
    figure = canvas(
        "Predicted class probabilities" if len(classes) > 2 else f"Predicted probability of class {classes[1]}"
    )
    axes = figure.subplots()
    if len(classes) == 2:
        draw_two(figure, axes, across, down, probabilities[:, :, 1])
    else:
        draw_many(axes, across, down, probabilities)
    examples = [x[y == label] for label in range(len(classes))]
    dots = [
        axes.scatter(
            own[:, 0], own[:, 1], s=34, color=colour_at(label), marker=marker_at(label), edgecolor="white",
            linewidth=0.8, zorder=3,
        )
        for label, own in enumerate(examples)
    ]  # fmt: skip
    axes.set_xlabel(fitted_text(features[0], 0.75 * SIZE[0], LABEL_SIZE))
    axes.set_ylabel(fitted_text(features[1], 0.5 * SIZE[1], LABEL_SIZE))
    axes.set_xlim(across[0], across[-1])
    axes.set_ylim(down[0], down[-1])
    names = [f"{name} ({len(own)} examples)" for name, own in zip(classes, examples, strict=True)]
    legend_below(figure, dots, names, most=MOST_CLASSES)
    return figure


def check_examples(net: Network, x: np.ndarray, y: np.ndarray, classes: Sequence[str]) -> None:
    if x.shape[1] != 2:
        raise UserError(f"a decision map needs 2 features and the data has {x.shape[1]}; reduce it to 2 (components)")
    if len(x) == 0:
        raise UserError("there are no examples to draw; give at least one")
    if len(x) != len(y) or len(classes) != net.n_classes:
        message = f"{len(x)} examples, {len(y)} labels and {len(classes)} class names"
        raise UserError(f"{message} do not fit a network of {net.n_classes} classes; give as many as it has")
    net.check_features(x)


def draw_two(figure: Figure, axes: Axes, across: np.ndarray, down: np.ndarray, probability: np.ndarray) -> None:
    """One class's colour to the other's through white, and a line where neither is more probable."""
    shades = LinearSegmentedColormap.from_list("two classes", [pale(colour_at(0)), "white", pale(colour_at(1))])
    extent = (across[0], across[-1], down[0], down[-1])
    image = axes.imshow(
        probability, origin="lower", extent=extent, aspect="auto", interpolation="bilinear", cmap=shades, vmin=0, vmax=1
    )
    if probability.min() < 0.5 < probability.max():
        axes.contour(across, down, probability, levels=[0.5], colors=INK, linewidths=1.4)
    bar = figure.colorbar(image, ax=axes, ticks=[0, 0.25, 0.5, 0.75, 1], fraction=0.05, pad=0.02)
    bar.set_label("probability (line: 0.5)")
    bar.outline.set_visible(False)  # type: ignore[operator]


def draw_many(axes: Axes, across: np.ndarray, down: np.ndarray, probabilities: np.ndarray) -> None:
    """The colour of the most probable class, paler where it is less certain, and lines between these regions."""
    classes = probabilities.shape[2]
    shades = np.array([to_rgb(pale(colour_at(label))) for label in range(classes)])
    extent = (across[0], across[-1], down[0], down[-1])
    # From 0 where all classes are as probable to 1 where one is certain.
    second, first = np.moveaxis(np.partition(probabilities, (-2, -1), axis=2)[:, :, -2:], 2, 0)
    ahead_of_all = probabilities.argmax(axis=2)
    certainty = (first[:, :, None] * classes - 1) / (classes - 1)
    image = np.clip(1 - certainty * (1 - shades[ahead_of_all]), 0, 1)
    axes.imshow(image, origin="lower", extent=extent, aspect="auto", interpolation="bilinear")
    for label in np.unique(ahead_of_all):
        # How far the class is ahead of the best other one; 0 is the border of its region.
        ahead = probabilities[:, :, label] - np.where(ahead_of_all == label, second, first)
        if ahead.min() < 0 < ahead.max():
            axes.contour(across, down, ahead, levels=[0], colors=INK, linewidths=1.0)


def pale(colour: str) -> tuple[float, float, float]:
    """The colour mixed with white, for areas under points of the same colour."""
    red, green, blue = (0.4 + 0.6 * part for part in to_rgb(colour))
    return red, green, blue
