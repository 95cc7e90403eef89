"""Pictures: the PNG bytes that users get, and the values drawn, read from the figure before it is rendered."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from hyperborn import report
from hyperborn.bits import bits_of
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.predictive import expected_calibration_error, posterior_predictive
from hyperborn.report.decision_maps import decision_figure
from hyperborn.report.networks import networks_figure
from hyperborn.report.objective_comparisons import comparison_figure
from hyperborn.report.reliability import reliability, reliability_figure, wilson
from hyperborn.report.style import plot_style
from hyperborn.report.training_curves import training_figure

NET = BinaryMLP(n_features=2, hidden=(2,), n_classes=2, activation="tanh")
BITS = bits_of(np.array([5, 300, 17]), NET.n_weights)
Q, POSTERIOR = np.array([0.5, 0.3, 0.1]), np.array([0.4, 0.2, 0.15])
LOSSES = [[90.0, 80.0, 85.0], [50.0, 60.0, 45.0], [41.0, 44.0, 40.5]]
RECORDS = [{"step": 10 * i, "losses": losses, "elbo": -min(losses)} for i, losses in enumerate(LOSSES)]
TABLE = {
    "exact posterior": {"accuracy": (0.955, 0.008), "elbo_gap": (0.0, 0.0)},
    "mle": {"accuracy": (0.92, 0.011), "elbo_gap": (6.31, 0.21)},
    "elbo": {"accuracy": (0.953, float("nan"))},
}


def predictions(examples: int = 400, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.ones(classes), examples)
    return probabilities, generator.integers(0, classes, examples)


def flat_data() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(1).normal(size=(30, 2))
    return x, (x[:, 0] > 0).astype(np.int64)


def predict(x: np.ndarray) -> np.ndarray:
    return posterior_predictive(NET, x, BITS[:1])


PICTURES: dict[str, Callable[[], bytes]] = {
    "training curve": lambda: report.training_curve(RECORDS, -39.2),
    "reliability diagram": lambda: report.reliability_diagram(*predictions()),
    "top networks": lambda: report.top_networks(BITS, Q, POSTERIOR, NET.fields),
    "comparison": lambda: report.comparison(TABLE, ["accuracy", "nll", "brier", "ece", "elbo_gap"]),
    "decision map": lambda: report.decision_map(NET, predict, *flat_data(), ["no", "yes"]),
}


def lines(axes: Axes) -> dict[str, np.ndarray]:
    """Drawn y values by label; labels that matplotlib made begin with an underscore."""
    return {str(line.get_label()): np.asarray(line.get_ydata(), dtype=float) for line in axes.get_lines()}


def legend(axes: Axes) -> list[str]:
    found = axes.get_legend()
    assert found is not None
    return [text.get_text() for text in found.get_texts()]


def numbers(values: Any) -> np.ndarray:
    return np.asarray(values, dtype=float)


def bars(axes: Axes) -> list[Rectangle]:
    return [patch for patch in axes.patches if isinstance(patch, Rectangle)]


def dots(axes: Axes) -> list[ErrorbarContainer]:
    return [container for container in axes.containers if isinstance(container, ErrorbarContainer)]


@pytest.fixture(autouse=True)
def as_rendered() -> Iterator[None]:
    """Figures are made under the settings that they are rendered with."""
    with plot_style():
        yield


def title(figure: Figure) -> str:
    return figure.get_suptitle()


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_png_of_one_size_and_the_same_each_time(name: str) -> None:
    first = PICTURES[name]()
    assert first.startswith(b"\x89PNG\r\n\x1a\n")
    assert (int.from_bytes(first[16:20]), int.from_bytes(first[20:24])) == (1600, 1000)
    assert b"Software" not in first
    assert b"tIME" not in first
    assert PICTURES[name]() == first


def test_the_users_settings_neither_matter_nor_change() -> None:
    first = PICTURES["top networks"]()
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "savefig.dpi": 50}):
        assert PICTURES["top networks"]() == first
        assert matplotlib.rcParams["font.size"] == 30
        assert matplotlib.rcParams["axes.facecolor"] == "red"


def test_matplotlib_is_loaded_at_use_and_pyplot_never() -> None:
    code = """
import sys
from hyperborn import report
assert "matplotlib" not in sys.modules and "rich" not in sys.modules
report.training_curve([{"step": 0, "losses": [1.0], "elbo": None}], None)
assert "matplotlib" in sys.modules and "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_training_curve_draws_every_restart_and_names_the_gap() -> None:
    figure = training_figure(RECORDS, -39.2)
    left, right = figure.axes
    drawn = lines(left)
    assert len(drawn) == 3
    # The third restart ends lowest.
    np.testing.assert_array_equal(drawn["best restart: 40.500"], [85, 45, 40.5])
    assert sorted(tuple(values) for values in drawn.values()) == sorted(zip(*LOSSES, strict=True))
    best = max(left.get_lines(), key=lambda line: line.get_linewidth())
    assert best.get_label() == "best restart: 40.500"
    elbo = lines(right)
    np.testing.assert_array_equal(elbo["ELBO: −40.500"], [-80, -45, -40.5])
    np.testing.assert_array_equal(elbo["log evidence: −39.200"], [-39.2, -39.2])
    assert right.get_title(loc="left") == "1.3 nats below the log evidence"
    assert title(figure) == "Training: 3 restarts, 20 steps"
    assert legend(left) == ["other restarts", "best restart: 40.500"]
    assert {line.get_marker() for line in left.get_lines()} == {"o"}


def test_many_records_are_a_line_without_dots() -> None:
    records = [{"step": step, "losses": [1.0 + step], "elbo": None} for step in range(41)]
    (axes,) = training_figure(records, None).axes
    assert [line.get_marker() for line in axes.get_lines()] == ["None"]
    assert legend(axes) == ["loss: 41.000"]


def test_training_curve_without_elbo_or_evidence() -> None:
    (axes,) = training_figure([{"step": 3, "losses": [1.0], "elbo": None}], -1.0).axes
    assert axes.get_ylabel() == "loss (nats, lower is better)"
    _, right = training_figure(RECORDS, None).axes
    assert list(lines(right)) == ["ELBO: −40.500"]


def test_a_restart_that_diverged_is_not_the_best() -> None:
    records = [{"step": i, "losses": [5.0 - i, value], "elbo": None} for i, value in enumerate([4.0, float("nan")])]
    (axes,) = training_figure(records, None).axes
    np.testing.assert_array_equal(lines(axes)["best restart: 4.000"], [5, 4])
    assert report.training_curve([{"step": 0, "losses": [float("inf")], "elbo": float("-inf")}], None)


@pytest.mark.parametrize("bins", [1, 4, 15])
def test_reliability_bins_are_those_of_the_error(bins: int) -> None:
    probabilities, y = predictions()
    drawn = reliability(probabilities, y, bins)
    assert drawn.counts.sum() == len(y)
    error = np.sum(drawn.counts * np.abs(drawn.confidence - drawn.accuracy)) / len(y)
    np.testing.assert_allclose(error, expected_calibration_error(probabilities, y, bins), rtol=1e-12)
    # (low, high]
    assert (drawn.confidence > drawn.edges[drawn.filled] - 1e-12).all()
    assert (drawn.confidence <= drawn.edges[drawn.filled + 1] + 1e-12).all()


def test_wilson_intervals() -> None:
    # Newcombe (1998), table I: 81 of 263, 0.2553 to 0.3662; 0 of 20, 0 to 0.1611; 1 of 29, 0.0061 to 0.1718.
    low, high = wilson(np.array([81 / 263, 0.0, 1 / 29]), np.array([263, 20, 29]))
    np.testing.assert_allclose(low, [0.2553, 0, 0.0061], atol=5e-5)
    np.testing.assert_allclose(high, [0.3662, 0.1611, 0.1718], atol=5e-5)


def test_reliability_diagram_draws_points_counts_and_error() -> None:
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.35, 0.65]])
    y = np.array([0, 1, 1, 0])
    figure = reliability_figure(probabilities, y, 5)
    top, bottom = figure.axes
    # As in the metrics' own test: 0.6 wrong; 0.8 right and 0.65 wrong; 0.9 right.
    points = next(line for line in top.get_lines() if line.get_marker() == "o")
    np.testing.assert_allclose(numbers(points.get_xdata()), [0.6, 0.725, 0.9])
    np.testing.assert_allclose(numbers(points.get_ydata()), [0, 0.5, 1])
    assert [patch.get_height() for patch in bars(bottom)] == [1, 2, 1]
    np.testing.assert_allclose([patch.get_x() for patch in bars(bottom)], [0.4, 0.6, 0.8])
    assert title(figure) == "Calibration: expected calibration error 0.287 on 4 examples"


@pytest.mark.parametrize("examples", [1, 3, 8, 1000])
def test_counts_of_examples_have_whole_ticks(examples: int) -> None:
    probabilities = np.tile([0.9, 0.1], (examples, 1))
    ticks = reliability_figure(probabilities, np.zeros(examples, int), 15).axes[1].get_yticks()
    assert len(ticks) > 1
    np.testing.assert_array_equal(ticks, np.round(ticks))


def test_certain_and_right_predictions_can_be_drawn() -> None:
    probabilities = np.eye(2)[[0, 1, 1]]
    figure = reliability_figure(probabilities, np.array([0, 1, 1]), 15)
    assert title(figure).startswith("Calibration: expected calibration error 0.000 on 3")
    assert report.reliability_diagram(probabilities, np.array([0, 1, 1]))


def test_top_networks_draws_bits_by_field_and_both_probabilities() -> None:
    figure = networks_figure(BITS, Q, POSTERIOR, NET.fields)
    left, right = figure.axes
    assert title(figure) == "The 3 most probable networks hold 90% of q and 75% of the posterior"
    blocks = [np.asarray(mesh.get_array()).reshape(3, -1) for mesh in left.collections]
    assert [block.shape[1] for block in blocks] == [4, 2, 2, 1]
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), BITS)
    assert "".join(text.get_text() for text in left.texts[:4]) == "".join(str(bit) for bit in BITS[0, :4])
    assert [label.get_text() for label in left.get_xticklabels()] == ["W1", "b1", "W2", "b2"]
    np.testing.assert_allclose([patch.get_width() for patch in bars(right)], [*Q, *POSTERIOR])
    assert left.yaxis_inverted()


def test_top_networks_without_a_posterior_and_with_many_bits() -> None:
    figure = networks_figure(BITS[:1], Q[:1], None, NET.fields)
    assert title(figure) == "The most probable network holds 50% of q"
    assert len(figure.axes[1].patches) == 1
    net = BinaryMLP(n_features=16, hidden=(3,), n_classes=4)
    bits = np.zeros((20, net.n_weights), dtype=np.uint8)
    assert len(networks_figure(bits, np.full(20, 0.01), None, net.fields).axes[0].texts) == 0


def test_comparison_draws_means_and_errors() -> None:
    figure = comparison_figure(TABLE, ["accuracy", "nll", "elbo_gap"], "iris")
    accuracy, nll, gap = figure.axes
    assert [label.get_text() for label in accuracy.get_yticklabels()] == ["MLE", "ELBO", "exact posterior"]
    means = [numbers(dot.lines[0].get_xdata())[0] for dot in dots(accuracy)]
    assert means == [0.92, 0.953, 0.955]
    ends = [numbers(dot.lines[2][0].get_segments()[0])[:, 0] for dot in dots(accuracy)]
    np.testing.assert_allclose(ends, [[0.909, 0.931], [0.953, 0.953], [0.947, 0.963]])
    assert [text.get_text() for text in accuracy.texts] == ["0.920 ± 0.011", "0.953", "0.955 ± 0.008"]
    assert accuracy.get_xlabel() == "higher is better"
    # The line of the exact posterior passes behind the numbers, and these behind the dots.
    (line,) = [drawn for drawn in accuracy.get_lines() if drawn.get_linestyle() != "None" and drawn.get_alpha() == 0.6]
    for text in accuracy.texts:
        box = text.get_bbox_patch()
        assert box is not None
        assert box.get_facecolor()[:3] == (1, 1, 1)
        assert line.get_zorder() < text.get_zorder() < min(dot.lines[0].get_zorder() for dot in dots(accuracy))
    # Nobody has an NLL, and ELBO has no gap.
    assert nll.get_title(loc="left") == "NLL (nats)"
    assert len(nll.containers) == 0
    assert [text.get_text() for text in gap.texts] == ["6.31 ± 0.21", "0"]


def test_an_objective_keeps_its_colour() -> None:
    def colour(names: list[str], name: str) -> str:
        figure = comparison_figure({key: {"nll": (1.0, 0.1)} for key in names}, ["nll"], "")
        return str(dots(figure.axes[0])[names.index(name)].lines[0].get_color())

    assert colour(["mle", "elbo"], "elbo") == colour(["elbo"], "elbo") == colour(["renyi", "ELBO"], "ELBO")
    names = ["mle", "elbo", "selbo", "renyi", "hellinger"]
    assert len({colour(names, name) for name in names}) == len(names)


def test_decision_map_asks_about_the_area_and_draws_the_examples() -> None:
    x, y = flat_data()
    asked = []

    def watched(places: np.ndarray) -> np.ndarray:
        asked.append(places)
        return predict(places)

    figure = decision_figure(NET, watched, x, y, ["no", "yes"], ["width", "height"])
    (places,) = asked
    assert (places.min(axis=0) < x.min(axis=0)).all()
    assert (places.max(axis=0) > x.max(axis=0)).all()
    axes = figure.axes[0]
    drawn = [group for group in (numbers(part.get_offsets()) for part in axes.collections) if len(group) > 1]
    np.testing.assert_array_equal(drawn[0], x[y == 0])
    np.testing.assert_array_equal(drawn[1], x[y == 1])
    # The colour at a place is that of the prediction there: the image's rows go upwards.
    (image,) = axes.images
    shown = np.asarray(image.get_array())
    np.testing.assert_allclose(shown.ravel(), predict(places)[:, 1])
    left, right, bottom, top = image.get_extent()
    np.testing.assert_allclose([left, bottom], places[0])
    np.testing.assert_allclose([right, top], places[-1])
    assert title(figure) == "Predicted probability of class yes"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("width", "height")


def test_decision_map_of_three_classes() -> None:
    net = BinaryMLP(n_features=2, hidden=(), n_classes=3)
    x, _ = flat_data()

    def three(places: np.ndarray) -> np.ndarray:
        # Certain of class 0 on the left, undecided on the right.
        return np.where(places[:, :1] < 0, np.array([1.0, 0.0, 0.0]), np.array([1.0, 1.0, 1.0]) / 3)

    figure = decision_figure(net, three, x, np.arange(30) % 3, ["a", "b", "c"], ["u", "v"])
    shown = np.asarray(figure.axes[0].images[0].get_array())
    np.testing.assert_allclose(shown[:, -1], 1)
    assert (shown[:, 0].min(axis=1) < 0.6).all()


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: report.training_curve([], None), "no training records"),
        (lambda: report.reliability_diagram(np.zeros((0, 2)), np.zeros(0, int)), "no examples"),
        (lambda: report.reliability_diagram(*predictions(), bins=0), "bins=0"),
        (lambda: report.top_networks(BITS[:0], Q[:0], None, NET.fields), "no networks"),
        (lambda: report.top_networks(BITS, Q, None, NET.fields[:2]), "fields of 6 weights do not fit networks of 9"),
        (lambda: report.top_networks(BITS, Q, None, ()), "fields of 0 weights"),
        (lambda: report.comparison({}, ["nll"]), "nothing to compare"),
        (lambda: report.comparison(TABLE, []), "nothing to compare"),
        (lambda: report.decision_map(NET, predict, np.zeros((3, 4)), np.zeros(3, int), ["a", "b"]), "the data has 4"),
        (lambda: report.decision_map(NET, predict, np.zeros((0, 2)), np.zeros(0, int), ["a", "b"]), "no examples"),
        (lambda: report.decision_map(NET, predict, *flat_data(), ["a"]), "1 class names do not fit"),
    ],
)
def test_what_cannot_be_drawn_is_named(draw: Callable[[], bytes], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        draw()
    assert "\n" not in str(caught.value)
