"""Pictures as PNG bytes: pure functions, the same bytes for the same input. Matplotlib is loaded when one is drawn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits, Examples, Labels, Targets
from hyperborn.errors import warning_on_failure
from hyperborn.networks import Field, Network
from hyperborn.predictive import NormalMixture
from hyperborn.predictive.importance import FeatureImportance
from hyperborn.stats import Estimate

Draw = Callable[[], bytes]
"""Makes a picture's file."""


def draw_all(pictures: Mapping[str, Draw], note: Callable[[str], None]) -> dict[str, bytes]:
    """The pictures' files by name, drawn one by one; a picture that fails is left out, and `note` is told of it."""
    files: dict[str, bytes] = {}
    for name, draw in pictures.items():
        with warning_on_failure(name, note):
            files[name] = draw()
    return files


@dataclass(frozen=True)
class Outcome:
    """A method of a study against the reference, over all tasks and sizes that both have.

    Attributes:
        wins, ties, losses: numbers of (task, size).
        tasks: number of tasks.
        mean: of the mean differences of all (task, size), each counting once, in the metric's unit.
        low, high: its 95 % interval.
        too_few_seeds: every (task, size) must tie, even if all differences had one sign.
    """

    method: str
    reference: str
    metric: str
    wins: int
    ties: int
    losses: int
    tasks: int
    mean: float
    low: float
    high: float
    too_few_seeds: bool


@dataclass(frozen=True)
class LearningCurves:
    """Metrics of a study's methods against the number of training examples, averaged over tasks.

    Attributes:
        sizes: numbers of training examples, ascending.
        tasks: number of tasks that the means are over.
        methods: all methods, also those without estimates, in their order.
        estimates: by metric and method an estimate for each size.
    """

    sizes: Sequence[int]
    tasks: int
    methods: Sequence[str]
    estimates: Mapping[str, Mapping[str, Sequence[Estimate]]]


def training_curve(records: Sequence[Mapping[str, Any]], log_evidence: float | None) -> bytes:
    """Loss of each restart and ELBO of the best one against the step, beside the log evidence where it is known.

    A record holds ``step``, ``losses`` (nats, one a restart) and ``elbo`` (nats, None if there is none).

    Raises:
        UserError: if there is no record.
    """
    from hyperborn.report.style import plot_style, png
    from hyperborn.report.training_curves import training_figure

    with plot_style():
        return png(training_figure(records, log_evidence))


def reliability_diagram(probabilities: Float[np.ndarray, "examples classes"], y: Labels, bins: int = 15) -> bytes:
    """Accuracy against confidence, with the number of examples and the expected calibration error.

    Raises:
        UserError: if there is no example or no bin, or the labels do not fit the probabilities.
    """
    from hyperborn.report.reliability import reliability_figure
    from hyperborn.report.style import plot_style, png

    with plot_style():
        return png(reliability_figure(probabilities, y, bins))


def predicted_numbers(predictions: NormalMixture, y: Targets, target: str) -> bytes:
    """Means with 90 % intervals against true numbers, in the units of the target that is named.

    Raises:
        UserError: if there is no example, or the numbers do not fit the predictions.
    """
    from hyperborn.report.predicted_numbers import predicted_figure
    from hyperborn.report.style import plot_style, png

    with plot_style():
        return png(predicted_figure(predictions, y, target))


def importance_picture(found: FeatureImportance) -> bytes:
    """What predictions lose when a column is permuted, with intervals: a line a column, the most important ones first.

    Raises:
        UserError: if there is no column.
    """
    from hyperborn.report.importance import importance_figure
    from hyperborn.report.style import plot_style, png

    with plot_style():
        return png(importance_figure(found))


def top_networks(
    bits: Bits,
    q: Float[np.ndarray, " networks"],
    posterior: Float[np.ndarray, " networks"] | None,
    fields: Sequence[Field],
) -> bytes:
    """The given networks, most probable first, as rows of bits beside their probabilities.

    Raises:
        UserError: if there is no network, or the fields do not cover the bits.
    """
    from hyperborn.report.networks import networks_figure
    from hyperborn.report.style import plot_style, png

    with plot_style():
        return png(networks_figure(bits, q, posterior, fields))


def comparison(
    table: Mapping[str, Mapping[str, tuple[float, float]]],
    metrics: Sequence[str],
    *,
    title: str = "Objectives compared on the test split",
) -> bytes:
    """Mean and standard error of each metric for each objective, and the exact posterior's where there is such a row.

    Raises:
        UserError: if there is no objective or no metric.
    """
    from hyperborn.report.objective_comparisons import comparison_figure
    from hyperborn.report.style import plot_style, png

    with plot_style():
        return png(comparison_figure(table, metrics, title))


def decision_map(
    net: Network,
    predict: Callable[[Examples], Float[np.ndarray, "places classes"]],
    x: Examples,
    y: Labels,
    classes: Sequence[str],
    features: Sequence[str] = ("feature 1", "feature 2"),
) -> bytes:
    """What is predicted where, for data of two features: ``predict`` gives class probabilities of given features.

    ``features`` names the axes.

    Raises:
        UserError: if the data has not two features or no example, or classes or labels do not fit.
    """
    from hyperborn.report.decision_maps import decision_figure
    from hyperborn.report.style import plot_style, png

    with plot_style():
        return png(decision_figure(net, predict, x, y, classes, features))


def differences_picture(found: Sequence[Outcome]) -> bytes:
    """Pooled differences to the reference with 95 % intervals: a panel a metric, a line a method.

    Raises:
        UserError: if there is no outcome, or more than one reference.
    """
    from hyperborn.report.forest_plots import forest_figure
    from hyperborn.report.style import plot_style, png

    with plot_style():
        return png(forest_figure(found))


def learning_curves_picture(curves: LearningCurves) -> bytes:
    """Metrics against the number of training examples: a panel a metric, a line a method.

    A method without estimates of any metric is named instead of drawn.
    """
    from hyperborn.report.learning_curves import learning_curves_figure
    from hyperborn.report.style import plot_style, png

    with plot_style():
        return png(learning_curves_figure(curves))
