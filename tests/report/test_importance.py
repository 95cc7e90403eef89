"""The picture of importance: what is drawn where, names of any kind, and the same bytes every time."""

import numpy as np
import pytest

from hyperborn.errors import UserError
from hyperborn.predictive.importance import FeatureImportance
from hyperborn.report.importance import MOST_COLUMNS, importance_figure
from hyperborn.report.plots import importance_picture
from hyperborn.report.style import BLUE, GREY, plot_style


def importance(columns: int, measure: str = "accuracy") -> FeatureImportance:
    random = np.random.default_rng(0)
    increase = np.sort(random.normal(size=columns))
    drop = increase / 2
    drop[:1] = np.nan
    names = tuple(f"$u_{place}$ of a column with a name that is far too long for the room" for place in range(columns))
    return FeatureImportance(
        names, "test", 40, 5, 32, measure, increase, np.full(columns, 0.1), drop, np.full(columns, 0.05),
        increase - 1, increase + 1,
    )  # fmt: skip


def test_dots_and_intervals_are_the_numbers_most_important_first() -> None:
    found = importance(6)
    with plot_style():
        left, right = importance_figure(found).axes
    order = found.order
    for axes, means, errors in ((left, found.increase, found.increase_error), (right, found.drop, found.drop_error)):
        lines = [line for line in axes.get_lines() if line.get_xdata()[0] != line.get_xdata()[-1]]
        drawn = {round(float(line.get_ydata()[0])): np.asarray(line.get_xdata(), float) for line in lines}
        known = [row for row, place in enumerate(order) if np.isfinite(means[place])]
        assert sorted(drawn) == known
        for row in known:
            reach = found.reach * errors[order[row]]
            np.testing.assert_allclose(drawn[row], means[order[row]] + reach * np.array([-1, 1]))
    widths = sorted((bar.get_x(), bar.get_x() + bar.get_width()) for bar in left.patches)
    np.testing.assert_allclose(widths, sorted(zip(found.network_low, found.network_high, strict=True)))
    assert len({text.get_text() for text in left.get_yticklabels()}) == 6
    assert right.get_xlabel() == "accuracy falls by"


def test_an_interval_that_holds_zero_is_grey() -> None:
    found = importance(6)
    with plot_style():
        left, _ = importance_figure(found).axes
    reach = found.reach * 0.1
    for line in left.get_lines():
        place = found.order[round(float(np.asarray(line.get_ydata())[0]))]
        if line.get_marker() in ("o", "D"):
            holds = abs(found.increase[place]) <= reach
            assert (line.get_color(), line.get_marker()) == ((GREY, "D") if holds else (BLUE, "o"))


def test_of_many_columns_the_most_important_are_drawn_and_the_rest_are_counted() -> None:
    with plot_style():
        figure = importance_figure(importance(MOST_COLUMNS + 7, "r2"))
    assert len(figure.axes[0].get_yticklabels()) == MOST_COLUMNS
    assert figure.get_suptitle().endswith(", 7 columns of less importance not shown")
    assert figure.axes[1].get_xlabel() == "R² falls by"


@pytest.mark.parametrize("columns", [1, 30])
def test_the_picture_is_the_same_every_time(columns: int) -> None:
    picture = importance_picture(importance(columns))
    assert picture.startswith(b"\x89PNG")
    assert picture == importance_picture(importance(columns))


def test_no_columns_are_refused() -> None:
    with pytest.raises(UserError, match="there are no columns to draw"):
        importance_picture(importance(0))
