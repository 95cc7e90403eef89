"""The picture of predicted against true numbers."""

import numpy as np
import pytest

from hyperborn.errors import UserError
from hyperborn.predictive import NormalMixture
from hyperborn.report.plots import predicted_numbers
from hyperborn.report.predicted_numbers import MOST_POINTS, predicted_figure
from hyperborn.report.style import plot_style


def drawn(examples: int) -> tuple[NormalMixture, np.ndarray]:
    random = np.random.default_rng(0)
    means = random.normal(size=(2, examples))
    mixture = NormalMixture(np.full((2, examples), 0.5), means, np.full((2, examples), 0.3))
    return mixture, mixture.mean + random.normal(size=examples)


@pytest.mark.parametrize("examples", [1, 5, 2000])
def test_every_shown_example_has_its_interval(examples: int) -> None:
    mixture, y = drawn(examples)
    with plot_style():
        figure = predicted_figure(mixture, y, "price ($)")
    (axes,) = figure.axes
    shown = sum(len(bars[0].get_xdata()) for bars in axes.containers)
    assert shown == min(examples, MOST_POINTS)
    assert axes.get_xlabel() == "true price ($)"
    low, high = mixture.interval(0.9)
    ends = {round(float(v), 9) for bars in axes.containers for path in bars[2][0].get_segments() for v in path[:, 1]}
    assert ends <= {round(float(v), 9) for v in np.concatenate([low, high])}
    assert f"{np.mean((low <= y) & (y <= high)):.0%} of {examples:,}" in figure.get_suptitle()


def test_the_picture_is_the_same_every_time() -> None:
    mixture, y = drawn(20)
    picture = predicted_numbers(mixture, y, "$price$_")
    assert picture.startswith(b"\x89PNG")
    assert picture == predicted_numbers(mixture, y, "$price$_")


def test_no_examples_are_refused() -> None:
    with pytest.raises(UserError, match="no examples"):
        predicted_numbers(NormalMixture(*np.ones((3, 1, 0))), np.zeros(0), "y")
