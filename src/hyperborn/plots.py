"""Pictures of results and studies as Matplotlib figures.

    figure = hb.plots.training_curve(result)
    figure.savefig("training.pdf")

A notebook shows a figure that a cell ends with. None of them belongs to pyplot, so that nothing is to be closed, and
Matplotlib's settings, its backend and filters of warnings are after a call as they were. A figure keeps its own style:
what is saved later looks like the pictures of a run folder. Text is drawn as it stands, dollar signs and all.

| function | of |
| --- | --- |
| `training_curve` | a result, or its history |
| `reliability_diagram` | a result of classes, or probabilities and labels |
| `predicted_numbers` | a result of a regression, or predictions and true numbers |
| `decision_map` | a result of classes with two features |
| `most_probable_networks` | a result whose networks can be enumerated, or that was measured |
| `importance` | a result, or what its `feature_importance` found |
| `comparison` | objectives compared: scores with their errors |
| `learning_curves`, `differences` | the rows of a study |

This module is loaded at its first use and loads Matplotlib.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from hyperborn._typing import Labels, Targets
from hyperborn.data.dataset import SPLITS
from hyperborn.errors import UserError, whole_number
from hyperborn.predictive import NormalMixture
from hyperborn.predictive.importance import FeatureImportance
from hyperborn.predictive.predictions import probabilities_of, without_classes
from hyperborn.printable import shown
from hyperborn.report.decision_maps import decision_figure
from hyperborn.report.forest_plots import forest_figure
from hyperborn.report.importance import importance_figure
from hyperborn.report.learning_curves import learning_curves_figure
from hyperborn.report.networks import networks_figure
from hyperborn.report.objective_comparisons import comparison_figure
from hyperborn.report.predicted_numbers import predicted_figure
from hyperborn.report.reliability import reliability_figure
from hyperborn.report.run_pictures import MOST_NETWORKS, most_probable_of, numbers_of
from hyperborn.report.style import plot_style
from hyperborn.report.training_curves import training_figure
from hyperborn.study import metric_values, statistics
from hyperborn.study.report_files import with_all_sizes
from hyperborn.study.rows import StudyRows, drawn_metrics, rows_of
from hyperborn.training.history import TrainingHistory
from hyperborn.training.result import Result

__all__ = [
    "comparison",
    "decision_map",
    "differences",
    "importance",
    "learning_curves",
    "most_probable_networks",
    "predicted_numbers",
    "reliability_diagram",
    "training_curve",
]


def training_curve(of: Result | TrainingHistory, *, log_evidence: float | None = None) -> Figure:
    """Loss of each restart (nats) and ELBO of the best one against the step, beside the log evidence where it is known.

    Args:
        of: a result, or the history of one.
        log_evidence: nats; that of the result, where it has it, if absent.

    Raises:
        UserError: if an earlier version saved the result, without a history.
    """
    history = of
    if isinstance(of, Result):
        history = of.history
        log_evidence = of.numbers.get("log_evidence") if log_evidence is None else log_evidence
        if history is None:
            raise UserError("the result was saved by an earlier version, without its history; train again for one")
    if not isinstance(history, TrainingHistory):
        raise UserError(f"of={shown(of)}: give a result or its history")
    records = [
        {"step": int(step), "losses": losses.tolist(), "elbo": float(elbo)}
        for step, losses, elbo in zip(history.step, history.losses, history.elbo, strict=True)
    ]
    with plot_style():
        return training_figure(records, log_evidence)


def reliability_diagram(
    of: Result | Float[np.ndarray, "examples classes"],
    y: Labels | None = None,
    *,
    split: str = "test",
    bins: int = 15,
    calibrated: bool = True,
) -> Figure:
    """How often predictions of some confidence are right, with the number of examples and the calibration error.

    Args:
        of: a result, or probabilities of classes.
        y: class index of each example, where probabilities are given.
        split: "train", "validation" or "test", of a result.
        bins: of the confidence.
        calibrated: False for the posterior's own predictions, of a result.

    Raises:
        UserError: if there is no example or no bin, labels do not fit the probabilities, or it is a regression.
    """
    whole_number("bins", bins, 1)
    if isinstance(of, Result):
        check_classes(of)
        part = of.data.split(split)
        check_examples(len(part), split)
        probabilities, y = probabilities_of(of.predictions_of_features(part.x, calibrated=calibrated)), part.y
    else:
        probabilities = of
    if y is None:
        raise UserError("y is missing: give the class index of each example, or a result")
    with plot_style():
        return reliability_figure(probabilities, y, bins)


def predicted_numbers(
    of: Result | NormalMixture, y: Targets | None = None, *, split: str = "test", target: str = "number"
) -> Figure:
    """Means with 90 % intervals against true numbers, in the units of the target.

    Args:
        of: a result, or its predictions (`Result.predictions`).
        y: true numbers, where predictions are given.
        split: "train", "validation" or "test", of a result.
        target: the name of the numbers, where predictions are given.

    Raises:
        UserError: if there is no example, numbers do not fit the predictions, or the result is of classes.
    """
    if isinstance(of, Result):
        check_examples(len(of.data.split(split)), split)
        of, y, target = numbers_of(of, split)
    if y is None:
        raise UserError("y is missing: give the true number of each example, or a result")
    with plot_style():
        return predicted_figure(of, y, target)


def decision_map(result: Result, *, split: str = "train") -> Figure:
    """What is predicted where, with the examples of a split, for data of two features.

    The axes are the features as the network takes them, such as standardised ones or principal components.

    Raises:
        UserError: if the data has not two features, the split is empty, or it is a regression.
    """
    check_classes(result)
    data, part = result.data, result.data.split(split)

    def predict(places: np.ndarray) -> np.ndarray:
        # Places far from the data look like raw rows, which `predict_proba` refuses.
        return probabilities_of(result.predictions_of_features(places))

    with plot_style():
        return decision_figure(result.fitted, predict, part.x, part.y, data.classes, data.features)


def most_probable_networks(result: Result, k: int = MOST_NETWORKS) -> Figure:
    """The k most probable networks, or all, as rows of bits beside q and, where it is known, the exact posterior.

    Of a result from a backend they are those that came out most often.

    Raises:
        UserError: if there are too many networks to be enumerated, or k is not positive.
    """
    whole_number("k", k, 1)
    with plot_style():
        return networks_figure(*most_probable_of(result, k))


def importance(of: Result | FeatureImportance) -> Figure:
    """What predictions lose when a column is permuted: NLL (nats an example) and score, with 95 % intervals.

    Args:
        of: what `Result.feature_importance` found, or a result, which is asked for it with its defaults.

    Raises:
        UserError: as `Result.feature_importance`.
    """
    found = of.feature_importance() if isinstance(of, Result) else of
    with plot_style():
        return importance_figure(found)


def comparison(
    table: Mapping[str, Mapping[str, float | tuple[float, float]]],
    metrics: Sequence[str] | None = None,
    *,
    title: str = "Objectives compared on the test split",
) -> Figure:
    """Scores with bars of one standard error, a panel a metric and a row a name; the exact posterior is a line, too.

    Args:
        table: by name and metric a mean and its standard error, or one number; such as
            ``{"ELBO": result.metrics(), "MLE": other.metrics()}``.
        metrics: those drawn, in this order; all if absent.
        title: of the figure.

    Raises:
        UserError: if there is nothing to compare.
    """
    rows = {
        name: {metric: value if isinstance(value, tuple) else (value, float("nan")) for metric, value in row.items()}
        for name, row in table.items()
    }
    metrics = list(dict.fromkeys(metric for row in rows.values() for metric in row)) if metrics is None else metrics
    with plot_style():
        return comparison_figure(rows, metrics, title)


def learning_curves(rows: StudyRows, metrics: Sequence[str] | None = None, *, part: str | None = None) -> Figure:
    """Scores of a study's methods against the number of training examples, averaged over tasks.

    Args:
        rows: a study's folder or its ``study.parquet``, or the rows themselves: a data frame, or mappings with "task",
            "size", "seed", "method" and the metrics by name.
        metrics: those drawn; accuracy, NLL and calibration error of classes, NLL and R² of numbers if absent.
        part: which part of the study, where it has several.

    Raises:
        UserError: if the rows cannot be read, are of several parts, or no task has all sizes.
    """
    own = rows_of(rows, part)
    metrics = drawn_metrics(own) if metrics is None else metrics
    with plot_style():
        return learning_curves_figure(metric_values.learning_curves(with_all_sizes(own), metrics))


def differences(
    rows: StudyRows, reference: str, metrics: Sequence[str] | None = None, *, part: str | None = None
) -> Figure:
    """Differences of a study's methods to the reference with 95 % intervals, pooled over tasks and sizes.

    Args:
        rows: as for `learning_curves`, and so are metrics and part.
        reference: the method that the others are compared with.

    Raises:
        UserError: if the rows cannot be read, are of several parts, or the reference has none.
    """
    own = rows_of(rows, part)
    metrics = drawn_metrics(own) if metrics is None else metrics
    found = [one for metric in metrics for one in statistics.differences(own, metric, reference)]
    with plot_style():
        return forest_figure(statistics.outcomes(found))


def check_classes(result: Result) -> None:
    if not result.data.n_classes:
        raise without_classes("hb.plots.predicted_numbers(result)")


def check_examples(count: int, split: str) -> None:
    if not count:
        raise UserError(f"the {split} split has no examples; choose one of {', '.join(SPLITS)} that has")
