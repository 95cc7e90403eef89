"""Predictions that look at no feature, which all others have to beat."""

import numpy as np

from hyperborn.data.dataset import SPLITS, Dataset
from hyperborn.data.weights import Weights, weights_of_classes
from hyperborn.predictive.distributions import own_units, split_scores
from hyperborn.predictive.mixtures import NormalMixture
from hyperborn.predictive.predictions import ClassProbabilities, Predictions


def constant_scores(data: Dataset) -> dict[str, dict[str, float]]:
    """Scores of each split, in the units of the target, of what the training labels are like altogether."""
    found: dict[str, dict[str, float]] = {}
    for name in SPLITS:
        part = data.split(name)
        predictions = own_units(constant_predictions(data, len(part)), data)
        found[name] = split_scores(predictions, data, part)
    return found


def constant_predictions(data: Dataset, examples: int) -> Predictions:
    """The same for so many examples: frequencies of the classes, or the mean and deviation of the numbers.

    Weights of classes do not count: what is scored has none. Numbers are standardised. Where all of them are equal,
    which only those of a run on new data can be, the deviation is the earlier data's.
    """
    y = data.train.y
    if data.n_classes:
        frequencies = np.bincount(y, weights_of_rows(data), minlength=data.n_classes)
        frequencies = frequencies / frequencies.sum()
        return ClassProbabilities(np.tile(frequencies, (examples, 1)))
    component = np.ones((1, examples))
    mean = np.average(y, weights=data.train.weights)
    deviation = np.sqrt(np.average((y - mean) ** 2, weights=data.train.weights))
    return NormalMixture(component, mean * component, (deviation or 1.0) * component)


def weights_of_rows(data: Dataset) -> Weights | None:
    """How often each training example counts, but for the weight of its class; None where all count once."""
    weights, by_class = data.train.weights, weights_of_classes(data.train.y, data.classes, data.class_weight)
    if weights is None or by_class is None:
        return weights
    # Of a class that weighs nothing, what its rows weighed is not known.
    return np.divide(weights, by_class, out=np.ones(len(weights)), where=by_class > 0)
