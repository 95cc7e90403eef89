"""Names in pictures are text, whatever is in them, and nothing is cut off or covered, however long they are."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from hyperborn.networks import BinaryMLP
from hyperborn.report.decision_maps import decision_figure
from hyperborn.report.forest_plots import forest_figure
from hyperborn.report.learning_curves import learning_curves_figure
from hyperborn.report.objective_comparisons import comparison_figure
from hyperborn.report.plots import Outcome
from hyperborn.report.style import DPI, canvas, plot_style
from hyperborn.report.training_curves import training_figure
from hyperborn.study.metric_values import learning_curves

HOSTILE = ("$1_$4", "$5_$9", "_hidden", "a\\b\\frac", "two\nlines", "\x1b[31mred", "עברית", "[bold]x[/bold] | y")
SHOWN = (*HOSTILE[:4], "two lines", r"\x1b[31mred", "\u200eעברית", HOSTILE[7])
LONG = tuple(
    f"a very long name that goes on and on, number {place} of many, and ends far to the right" for place in range(8)
)
METRICS: tuple[str, ...] = ("accuracy", "nll", "brier", "ece", "elbo_gap")


@pytest.fixture(autouse=True)
def as_rendered() -> Iterator[None]:
    with plot_style():
        yield


def decision(names: tuple[str, ...]) -> Figure:
    count = len(names)
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(2 * count, 2)), np.arange(2 * count) % count

    def predict(places: np.ndarray) -> np.ndarray:
        weights = np.exp(3 * places @ np.stack([np.cos(np.arange(count)), np.sin(np.arange(count))]))
        return weights / weights.sum(axis=1, keepdims=True)

    return decision_figure(BinaryMLP(2, (), count), predict, x, y, names, names[:2])


def comparison(names: tuple[str, ...]) -> Figure:
    rows = {name: dict.fromkeys(METRICS, (0.1 * place, 0.01)) for place, name in enumerate((*names, "exact posterior"))}
    return comparison_figure(rows, METRICS, f"{names[0]}: objectives compared on the test split")


def forest(names: tuple[str, ...]) -> Figure:
    return forest_figure([Outcome(name, names[0], "nll", 1, 2, 3, 4, 0.1, 0.05, 0.15, False) for name in names])


def curves(names: tuple[str, ...]) -> Figure:
    found = [
        {"task": "iris", "size": size, "seed": 0, "method": name, "nll": 0.1 * place}
        for place, name in enumerate(names)
        for size in (20, 50)
    ]
    rows = [*found, {**found[0], "method": f"lost {names[0]}"}]
    return learning_curves_figure(learning_curves(rows, ["nll"]))


PICTURES: dict[str, Callable[[tuple[str, ...]], Figure]] = {
    "decision": decision, "comparison": comparison, "forest": forest, "curves": curves,
}  # fmt: skip


def beyond(figure: Figure) -> float:
    """Inches by which what is drawn reaches beyond the edges; below zero where all of it is inside."""
    figure.set_dpi(DPI)
    figure.draw_without_rendering()
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    return max(-box.x0, -box.y0, box.x1 - width, box.y1 - height)


def ticks(axes: Axes) -> list[str]:
    return [label.get_text() for label in axes.get_yticklabels()]


def legend(figure: Figure) -> list[str]:
    (found,) = figure.legends
    return [text.get_text() for text in found.get_texts()]


@pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES)
@pytest.mark.parametrize("names", [HOSTILE, LONG, tuple("".join(HOSTILE) * 300 + name for name in "abcdefgh")])
def test_nothing_is_formula_cut_off_or_covered(
    draw: Callable[[tuple[str, ...]], Figure], names: tuple[str, ...]
) -> None:
    figure = draw(names)
    assert beyond(figure) <= 0.01
    assert not any(text.get_parse_math() for text in figure.findobj(Text) if isinstance(text, Text))
    (axes, *_), legends = figure.axes, figure.legends
    assert axes.get_window_extent().height / figure.dpi > 1
    assert not any(axes.get_window_extent().overlaps(one.get_window_extent()) for one in legends)


def test_every_name_is_shown_as_it_is_written() -> None:
    figure = decision(HOSTILE)
    assert legend(figure) == [f"{name} (2 examples)" for name in SHOWN]
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == SHOWN[:2]
    assert legend(curves(HOSTILE)) == [*SHOWN]
    assert ticks(forest(HOSTILE).axes[0]) == [*SHOWN]
    assert ticks(comparison(HOSTILE).axes[0]) == [*SHOWN, "exact posterior"]
    assert decision(HOSTILE[:2]).get_suptitle() == "Predicted probability of class $5_$9"
    assert forest(HOSTILE).get_suptitle() == "Difference to $1_$4, pooled over tasks and sizes"
    assert comparison(HOSTILE).get_suptitle() == "$1_$4: objectives compared on the test split"
    assert curves(HOSTILE).legends[0].get_title().get_text().endswith("not drawn, as they lack tasks: lost $1_$4")


@pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES)
def test_long_names_stay_apart(draw: Callable[[tuple[str, ...]], Figure]) -> None:
    figure = draw(LONG)
    shown = legend(figure) if draw in (decision, curves) else ticks(figure.axes[0])
    assert len(set(shown)) == len(shown) >= 8
    assert all("…" in name or name in LONG for name in shown[:8])


@pytest.mark.parametrize("count", [8, 40])
def test_classes_are_told_apart_by_colour_and_mark(count: int) -> None:
    figure = decision(tuple(f"class {place}" for place in range(count)))
    dots = [part for part in figure.axes[0].collections if len(np.asarray(part.get_offsets())) == 2]
    looks = {
        (tuple(np.ravel(part.get_facecolor())), np.asarray(part.get_paths()[0].vertices).tobytes()) for part in dots
    }
    assert len(looks) == len(dots) == count


def test_the_legend_of_many_says_how_many_more_there_are() -> None:
    figure = decision(tuple(f"class {place}" for place in range(300)))
    assert legend(figure) == [*(f"class {place} (2 examples)" for place in range(12)), "and 288 more"]
    assert beyond(figure) <= 0.01
    assert not figure.axes[0].get_window_extent().overlaps(figure.legends[0].get_window_extent())
    assert legend(curves(tuple(f"method {place}" for place in range(80))))[-1] == "and 20 more"


@pytest.mark.parametrize("gap", [0.002134, 1.2345e-5, 123456.0, -1.2345e-5])
def test_the_title_of_the_gap_is_not_cut_off(gap: float) -> None:
    records = [{"step": step, "losses": [90.0 - step, 80.0], "elbo": -1234567.0 + step} for step in range(3)]
    figure = training_figure(records, records[-1]["elbo"] + gap)
    assert figure.axes[1].get_title(loc="left").endswith("the log evidence")
    assert beyond(figure) <= 0.01


def test_titles_are_made_smaller_before_they_are_shortened() -> None:
    short, longer, longest = (
        canvas(text) for text in ("Loss", "All of what is said in ninety letters or so " * 2, "Loss " * 99)
    )
    sizes = [float(figure.texts[0].get_fontsize()) for figure in (short, longer, longest)]
    assert sizes[0] == 13 > sizes[1] > sizes[2] >= 9
    assert ["…" in figure.get_suptitle() for figure in (short, longer, longest)] == [False, False, True]
    assert max(map(beyond, (short, longer, longest))) <= 0.01


@pytest.mark.parametrize("formulas", [False, True])
def test_powers_of_ten_along_a_logarithmic_axis_are_formulas_if_asked_for(formulas: bool) -> None:
    with plot_style(formulas=formulas):
        axes = canvas("Powers of ten").subplots()
        axes.loglog([1, 1000], [1, 1000])
        labels = [*axes.get_xticklabels(), *axes.get_yticklabels()]
    assert any("10^" in label.get_text() for label in labels)
    assert all(label.get_parse_math() == formulas for label in labels)
