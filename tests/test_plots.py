"""Figures for users: what is drawn, that Matplotlib's state stays, and that a saved one looks like ours."""

import io
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

import hyperborn as hb
from executed_notebook import executed
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP, Regression
from hyperborn.report import plots as pictures
from hyperborn.report.run_pictures import networks_of, predicted_of
from hyperborn.training.history import TrainingHistory
from hyperborn.training.result import Result

NETWORK = BinaryMLP(2, hidden=())
POSTERIOR = hb.Register(hb.circuits.Brickwork(3, depth=1))
# Between two dollars there would be a formula, and no valid one; the font has no glyph of the last sign.
NAMES = ("$1_$4", "_hidden", "\U0001f9e0")
ROWS = [
    {"part": "main", "task": "iris", "size": size, "seed": seed, "method": name, "nll": 0.1 * place + 0.01 * seed}
    | {"accuracy": 0.9 - 0.1 * place, "error": None}
    for place, name in enumerate(NAMES)
    for size in (20, 40)
    for seed in range(3)
]


@pytest.fixture(scope="module")
def result() -> Result:
    data = hb.data.load("gaussian", size=24)
    return hb.fit(NETWORK, data, posterior=POSTERIOR, steps=3, restarts=2, progress=False)


@pytest.fixture(scope="module")
def regression() -> Result:
    x = np.random.default_rng(0).normal(size=(40, 2))
    data = hb.data.from_arrays(x, 3 * x[:, 0] + 7)
    network = Regression(NETWORK, hb.Gaussian(0.5))
    return hb.fit(network, data, posterior=POSTERIOR, steps=3, progress=False)


def saved(figure: Figure) -> bytes:
    """As a user saves it, with our picture's record of its maker left out."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def test_what_a_user_saves_is_the_picture_of_the_run_folder(result: Result, regression: Result) -> None:
    history = result.history
    assert history is not None
    records = [
        {"step": int(step), "losses": list(losses), "elbo": float(elbo)}
        for step, losses, elbo in zip(history.step, history.losses, history.elbo, strict=True)
    ]
    test = result.data.test
    pairs = [
        (hb.plots.training_curve(result), pictures.training_curve(records, result.numbers["log_evidence"])),
        (
            hb.plots.reliability_diagram(result),
            pictures.reliability_diagram(result.predict_proba(test.x), test.y),
        ),
        (hb.plots.most_probable_networks(result), networks_of(result)),
        (hb.plots.predicted_numbers(regression), predicted_of(regression)),
    ]
    # The user's own settings hold by now.
    with matplotlib.rc_context({"font.size": 30, "text.parse_math": True, "savefig.dpi": 50, "axes.facecolor": "red"}):
        for figure, ours in pairs:
            copy = pickle.loads(pickle.dumps(figure))
            assert saved(figure) == saved(copy) == ours


@pytest.mark.parametrize(
    "draw",
    [
        lambda: hb.plots.learning_curves(ROWS),
        lambda: hb.plots.differences(ROWS, NAMES[0]),
        lambda: hb.plots.comparison({name: {"nll": (0.3, 0.1), "accuracy": 0.9} for name in NAMES}),
    ],
)
def test_names_are_text_and_drawn_without_a_warning_whoever_saves_the_figure(draw: Callable[[], Figure]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = draw()
        pickle.dumps(figure)
        for kind in ("png", "svg", "pdf"):
            figure.savefig(io.BytesIO(), format=kind)
        figure.savefig(io.BytesIO(), format="png", bbox_inches="tight", dpi=30)
        figure.canvas.draw()
        figure.get_tightbbox()
    texts = [text for axes in figure.axes for text in axes.get_yticklabels()]
    texts += [text for legend in figure.legends for text in legend.get_texts()]
    assert any(text.get_text() == NAMES[0] and not text.get_parse_math() for text in texts) or "$1_$4" in (
        figure.get_suptitle()
    )


def test_no_state_of_matplotlib_changes() -> None:
    code = f"""
import sys, warnings
import matplotlib
import hyperborn as hb

def state():
    # Asked for by its name, the backend would be chosen, and pyplot loaded.
    return dict(dict.items(matplotlib.rcParams)), list(warnings.filters)

hb.plots
before = state()
rows = {ROWS!r}
figure = hb.plots.learning_curves(rows)
png, size = figure._repr_png_()
assert png.startswith(b"\\x89PNG"), size
assert state() == before
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_notebook_shows_a_figure_without_pyplot() -> None:
    setup = f"import hyperborn as hb, sys\nrows = {ROWS!r}"
    plain, inline, last = executed(
        f"{setup}\nhb.plots.learning_curves(rows)",
        "%matplotlib inline\nhb.plots.learning_curves(rows)",
        "assert 'matplotlib.pyplot' in sys.modules",
    )
    for outputs in (plain, inline):
        (output,) = outputs
        assert output["output_type"] == "execute_result"
        assert "image/png" in output["data"]
    assert plain[0]["metadata"]["image/png"] == {"width": 840, "height": pytest.approx(520, abs=80)}
    assert last == []


def test_training_curve_takes_a_history_and_says_where_there_is_none(result: Result) -> None:
    history = TrainingHistory.of([{"step": 3, "losses": [1.0], "expected_energy": 1.0, "elbo": None}])
    (axes,) = hb.plots.training_curve(history).axes
    assert axes.get_ylabel() == "loss (nats, lower is better)"
    _, right = hb.plots.training_curve(result).axes
    assert right.get_title(loc="left").endswith("nats below the log evidence")
    from dataclasses import replace

    with pytest.raises(UserError, match="saved by an earlier version"):
        hb.plots.training_curve(replace(result, history=None))


def test_reliability_takes_probabilities_or_a_split(result: Result) -> None:
    probabilities, y = np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 0])
    assert hb.plots.reliability_diagram(probabilities, y).get_suptitle().endswith("on 2 examples")
    figure = hb.plots.reliability_diagram(result, split="train", calibrated=False, bins=4)
    assert figure.get_suptitle().endswith("on 14 examples")
    with pytest.raises(UserError, match="y is missing"):
        hb.plots.reliability_diagram(probabilities)


def test_predicted_numbers_are_in_units_of_the_target(regression: Result) -> None:
    test = regression.data.test
    own = regression.data.preprocessing.own_labels(test.y)
    figure = hb.plots.predicted_numbers(regression.predictions(test.x), own, target="height (cm)")
    assert figure.axes[0].get_xlabel() == "true height (cm)"
    low, high = hb.plots.predicted_numbers(regression).axes[0].get_xlim()
    assert low < own.min() < own.max() < high
    with pytest.raises(UserError, match="y is missing"):
        hb.plots.predicted_numbers(regression.predictions(test.x))


def test_what_fits_the_other_task_is_named(result: Result, regression: Result) -> None:
    with pytest.raises(UserError, match="take reliability_diagram"):
        hb.plots.predicted_numbers(result)
    for draw in (hb.plots.reliability_diagram, hb.plots.decision_map):
        with pytest.raises(UserError, match=r"take hb\.plots\.predicted_numbers"):
            draw(regression)


def test_a_decision_map_shows_what_is_predicted_beyond_the_data(result: Result) -> None:
    figure = hb.plots.decision_map(result, split="test")
    (image,) = figure.axes[0].images
    low, high = image.get_extent()[:2]
    x = result.data.test.x
    assert low < x[:, 0].min() < x[:, 0].max() < high
    shown = np.asarray(image.get_array())
    corner = result.predictions_of_features(np.array([[low, image.get_extent()[2]]])).probabilities  # type: ignore[attr-defined]
    np.testing.assert_allclose(shown[0, 0], corner[0, 1], rtol=1e-6)


def test_the_most_probable_networks_of_a_backend_are_those_that_came_out(result: Result) -> None:
    figure = hb.plots.most_probable_networks(result, 3)
    assert figure.get_suptitle().startswith("The 3 most probable networks hold ")
    assert "of the posterior" in figure.get_suptitle()
    measured = result.on(hb.backends.Statevector(), shots=20)
    assert measured.outcomes is not None
    drawn = hb.plots.most_probable_networks(measured, 2)
    widths = sorted(patch.get_width() for patch in drawn.axes[1].patches)  # type: ignore[attr-defined]
    np.testing.assert_allclose(widths, np.sort(measured.outcomes.weights)[-2:])


def test_a_study_is_drawn_from_its_file_or_a_frame(tmp_path: Path) -> None:
    pandas, pyarrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / "study.parquet")
    first = saved(hb.plots.learning_curves(ROWS))
    for given in (tmp_path, str(tmp_path / "study.parquet"), pandas.DataFrame(ROWS), pyarrow.Table.from_pylist(ROWS)):
        assert saved(hb.plots.learning_curves(given)) == first
    figure = hb.plots.differences(tmp_path, NAMES[0], ["nll"])
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["NLL (nats)"]
    assert figure.get_suptitle() == "Difference to $1_$4, pooled over tasks and sizes"
