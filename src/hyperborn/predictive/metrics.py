"""Metrics of class probabilities: accuracy, negative log likelihood, Brier score, calibration, area under the ROC.

Each takes weights of the examples, which then count that often; without them each counts once.
"""

from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

from hyperborn.arguments import check_class_probabilities, check_labels
from hyperborn.data.weights import checked_weights
from hyperborn.errors import UserError, whole_number

# Lengths are compared below: types are checked in tests only.
Answers: TypeAlias = Int[np.ndarray, " labels"]
AnswerWeights: TypeAlias = Float[np.ndarray, " weights"] | None

LEAST = float(np.finfo(np.float64).tiny)
"""A probability counts as at least this (about e^-708) in a logarithm, so that no score is infinite."""


def accuracy(probabilities: Float[np.ndarray, "examples classes"], y: Answers, weights: AnswerWeights = None) -> float:
    """Fraction of examples whose most probable class, the lowest of equals, is their own."""
    check_answers(probabilities, y)
    return weighted_mean(probabilities.argmax(axis=1) == y, weights)


def mean_nll(probabilities: Float[np.ndarray, "examples classes"], y: Answers, weights: AnswerWeights = None) -> float:
    """Mean over examples of minus the logarithm of their own class's probability, in nats."""
    check_answers(probabilities, y)
    own = probabilities[np.arange(len(y)), y].astype(np.float64)
    return -weighted_mean(np.log(np.maximum(own, LEAST)), weights)


def brier(probabilities: Float[np.ndarray, "examples classes"], y: Answers, weights: AnswerWeights = None) -> float:
    """Mean over examples of the sum over classes of the squared error of the probability, from 0 to 2."""
    check_answers(probabilities, y)
    truth = np.arange(probabilities.shape[1])[None, :] == y[:, None]
    return weighted_mean(np.sum((probabilities - truth) ** 2, axis=1), weights)


def expected_calibration_error(
    probabilities: Float[np.ndarray, "examples classes"],
    y: Answers,
    bins: int = 15,
    weights: AnswerWeights = None,
) -> float:
    """Mean gap between confidence and accuracy, from 0 to 1.

    Examples are put into ``bins`` equal intervals (low, high] of the probability of their most probable class; the gaps
    between mean confidence and accuracy of the intervals are averaged with the number of their examples as weights, or
    with the sum of these examples' own weights.

    Raises:
        UserError: if there is no bin, no example, or the predictions or labels do not fit.
    """
    check_answers(probabilities, y)
    whole_number("bins", bins, 1)
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == y
    interval = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    times = 1 if weights is None else checked_weights("weights", weights, len(y))
    gaps = np.bincount(interval, weights=times * (confidence - right), minlength=bins)
    return float(np.abs(gaps).sum() / (len(y) if weights is None else weights.sum()))


def area_under_roc(
    probabilities: Float[np.ndarray, "examples classes"], y: Answers, weights: AnswerWeights = None
) -> float:
    """Area under the receiver operating characteristic, from 0 to 1; guessing has 0.5.

    Of two classes that of the second one's probability. Of more, the mean over the classes that occur among the labels,
    each told from all others by its own probability (macro, one against the rest).

    Raises:
        UserError: if only one class occurs, there is no example, or the predictions or labels do not fit.
    """
    check_answers(probabilities, y)
    occurring = np.unique(y if weights is None else y[weights > 0])
    if len(occurring) < 2:
        raise UserError(f"all labels are {occurring[0]}; the area under the ROC needs examples of two classes")
    return mean_area(probabilities, y, occurring, weights)


def mean_area(probabilities: np.ndarray, y: np.ndarray, occurring: np.ndarray, weights: AnswerWeights) -> float:
    from sklearn.metrics import roc_auc_score

    # Of two classes both areas are the same, but for ties that rounding makes.
    told = [1] if probabilities.shape[1] == 2 else occurring
    return float(np.mean([roc_auc_score(y == index, probabilities[:, index], sample_weight=weights) for index in told]))


def scores(
    probabilities: Float[np.ndarray, "examples classes"], y: Answers, weights: AnswerWeights = None
) -> dict[str, float]:
    """Accuracy, NLL (nats an example), Brier score, calibration error and area under the ROC; empty without examples.

    The area, "auc", is left out where only one class occurs.

    Raises:
        UserError: if the predictions are not probabilities, or the labels are not those of as many examples.
    """
    check_class_probabilities(probabilities)
    check_labels(y, len(probabilities), probabilities.shape[1], "a table of predictions")
    if len(y) == 0:
        return {}
    found = {
        "accuracy": accuracy(probabilities, y, weights),
        "nll": mean_nll(probabilities, y, weights),
        "brier": brier(probabilities, y, weights),
        "ece": expected_calibration_error(probabilities, y, weights=weights),
    }
    occurring = np.unique(y if weights is None else y[weights > 0])
    return found | ({"auc": mean_area(probabilities, y, occurring, weights)} if len(occurring) > 1 else {})


def weighted_mean(values: np.ndarray, weights: AnswerWeights) -> float:
    """Mean over examples of values (examples,), each counted as often as its weight says.

    Raises:
        UserError: unless the weights are numbers from 0 on, one an example, and not all of them 0.
    """
    if weights is None:
        return float(np.mean(values))
    return float(np.average(values, weights=checked_weights("weights", weights, len(values))))


def check_answers(probabilities: np.ndarray, y: np.ndarray) -> None:
    """Raise a UserError unless these are predictions and labels that fit each other, and there are any."""
    check_class_probabilities(probabilities)
    check_labels(y, len(probabilities), probabilities.shape[1], "a table of predictions")
    if len(y) == 0:
        raise UserError("there are no examples to score")
