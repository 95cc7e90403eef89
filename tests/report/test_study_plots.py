"""A study's pictures: the bytes, and the values drawn, read from the figure before it is rendered."""

import struct
from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer

from hyperborn.errors import UserError
from hyperborn.report.forest_plots import forest_figure
from hyperborn.report.learning_curves import learning_curves_figure
from hyperborn.report.plots import Outcome, differences_picture, learning_curves_picture
from hyperborn.report.style import BLUE, GREY, VERMILION, plot_style
from hyperborn.study.metric_values import learning_curves

METHODS = [f"method {place}" for place in range(16)]
VALUES = {("iris", 40): [0.7, 0.8], ("iris", 80): [0.8, 0.9], ("wine", 40): [0.5, 0.7], ("wine", 80): [0.7, 0.7]}
ROWS = [
    {"task": task, "size": size, "seed": seed, "method": method, "accuracy": value - 0.01 * place, "nll": 10.0**-place}
    for place, method in enumerate("ab")
    for (task, size), values in VALUES.items()
    for seed, value in enumerate(values)
]


def outcome(method: str, metric: str, mean: float, half: float = 0.01) -> Outcome:
    return Outcome(method, "exact", metric, 1, 2, 3, 4, mean, mean - half, mean + half, False)


@pytest.fixture(autouse=True)
def same_look() -> Iterator[None]:
    with plot_style():
        yield


def size_of(picture: bytes) -> tuple[int, int]:
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


def dots(axes: Axes) -> dict[float, tuple[float, str, str]]:
    """Place from left to right, colour and marker by height of the line."""
    found = {}
    for line in axes.get_lines():
        x, y = np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)
        if len(x) == 1:
            found[float(y[0])] = float(x[0]), str(line.get_color()), str(line.get_marker())
    return found


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def bars(axes: Axes) -> dict[str, ErrorbarContainer]:
    return {str(own.get_label()): own for own in axes.containers if isinstance(own, ErrorbarContainer)}


def test_bytes_are_the_same_every_time_and_grow_with_the_methods() -> None:
    few, many = ([outcome(name, "nll", 0.1) for name in METHODS[:count]] for count in (3, 16))
    assert differences_picture(many) == differences_picture(many)
    assert size_of(differences_picture(many))[1] > size_of(differences_picture(few))[1]
    picture = learning_curves_picture(learning_curves(ROWS, ["accuracy", "nll"]))
    assert picture == learning_curves_picture(learning_curves(ROWS, ["accuracy", "nll"]))
    assert size_of(picture)[0] >= 1600


def test_forest_shows_each_difference_on_its_side() -> None:
    means = {"accuracy": (0.05, -0.05, 0.005), "nll": (0.05, -0.05, 0.005)}
    found = [outcome(name, metric, mean) for metric in means for name, mean in zip("abc", means[metric], strict=True)]
    accuracy, nll = forest_figure(found).axes
    assert dots(accuracy) == {0.0: (0.05, BLUE, "o"), 1.0: (-0.05, VERMILION, "s"), 2.0: (0.005, GREY, "D")}
    assert dots(nll) == {0.0: (0.05, VERMILION, "s"), 1.0: (-0.05, BLUE, "o"), 2.0: (0.005, GREY, "D")}
    assert [label.get_text() for label in accuracy.get_yticklabels()] == ["a", "b", "c"]
    assert texts(accuracy) == ["1/2/3"] * 3
    assert (accuracy.get_xlabel(), nll.get_xlabel()) == ("higher is better", "lower is better")
    low, high = accuracy.get_xlim()
    assert low < -0.06 < 0.06 < high


def test_a_method_far_off_is_an_arrow_with_its_number_and_does_not_stretch_the_axis() -> None:
    found = [outcome(name, "nll", mean) for name, mean in zip("abcd", (0.05, 0.04, -0.03, 2.5), strict=True)]
    (axes,) = forest_figure(found).axes
    assert axes.get_xlim()[1] < 0.1
    place, _, marker = dots(axes)[3.0]
    assert (marker, place <= axes.get_xlim()[1]) == (">", True)
    assert "+2.500" in texts(axes)


def test_forest_of_no_difference_and_of_unknown_errors() -> None:
    point = Outcome("a", "exact", "nll", 0, 1, 0, 1, 0.0, 0.0, 0.0, False)
    unknown = Outcome("b", "exact", "nll", 0, 1, 0, 1, 0.5, -np.inf, np.inf, True)
    assert size_of(differences_picture([point]))[0] >= 1600
    (axes,) = forest_figure([point, unknown]).axes
    assert np.isfinite(axes.get_xlim()).all()
    assert size_of(differences_picture([unknown]))[0] >= 1600


def test_forest_needs_one_reference() -> None:
    other = Outcome("a", "other", "nll", 0, 1, 0, 1, 0.0, 0.0, 0.0, False)
    for found in ([], [outcome("a", "nll", 0.1), other]):
        with pytest.raises(UserError, match=r"^(0|2) references .* in one picture; give outcomes to one$"):
            forest_figure(found)


def test_learning_curves_are_means_over_tasks() -> None:
    accuracy, nll = learning_curves_figure(learning_curves(ROWS, ["accuracy", "nll"])).axes
    line, _, (segments,) = bars(accuracy)["a"].lines
    assert line is not None
    np.testing.assert_allclose(np.asarray(line.get_ydata(), float), [0.675, 0.775])
    # Half a range is the standard error of two values: over tasks sqrt(0.05^2 + 0.1^2) / 2 and sqrt(0.05^2) / 2.
    halves = [np.ptp(segment[:, 1]) / 2 for segment in segments.get_segments()]
    np.testing.assert_allclose(halves, [np.hypot(0.05, 0.1) / 2, 0.025])
    assert [tick.get_text() for tick in accuracy.get_xticklabels()] == ["40", "80"]
    assert (accuracy.get_yscale(), nll.get_yscale()) == ("linear", "log")


def test_only_tasks_with_all_sizes_and_methods_with_all_those_tasks() -> None:
    rows = [row for row in ROWS if (row["task"], row["size"]) != ("wine", 80)]
    rows = [row for row in rows if (row["method"], row["task"], row["size"]) != ("b", "iris", 40)]
    figure = learning_curves_figure(learning_curves(rows, ["accuracy"]))
    (axes,) = figure.axes
    assert set(bars(axes)) == {"a"}
    line = bars(axes)["a"].lines[0]
    assert line is not None
    np.testing.assert_allclose(np.asarray(line.get_ydata(), float), [0.75, 0.85])
    (legend,) = figure.legends
    assert legend.get_title().get_text().endswith("not drawn, as they lack tasks: b")


def test_one_size_and_one_seed_are_drawn() -> None:
    rows = [row for row in ROWS if row["size"] == 40 and row["seed"] == 0]
    assert size_of(learning_curves_picture(learning_curves(rows, ["accuracy"])))[0] >= 1600


def test_sixteen_methods_are_told_apart() -> None:
    rows = [row | {"method": method} for method in METHODS for row in ROWS if row["method"] == "a"]
    (axes,) = learning_curves_figure(learning_curves(rows, ["accuracy"])).axes
    lines = [own.lines[0] for own in bars(axes).values()]
    assert (
        len({(line.get_color(), line.get_marker(), line.get_linestyle()) for line in lines if line is not None}) == 16
    )


def test_nothing_in_common_is_the_users_error() -> None:
    rows = [row for row in ROWS if (row["task"] == "iris") == (row["size"] == 40)]
    with pytest.raises(UserError, match=r"^no task has all sizes \[40, 80\]; give the rows"):
        learning_curves_figure(learning_curves(rows, ["accuracy"]))
    with pytest.raises(UserError, match=r"^no method has ece for all of the tasks \['iris', 'wine'\]"):
        learning_curves_figure(learning_curves(ROWS, ["ece"]))
