"""Predictions that look at no feature, which all others have to beat."""

import numpy as np

from hyperborn.data.dataset import SPLITS, Dataset
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

    Weights that the training split alone has, as weights of classes are, do not count for classes: what is scored has
    none. Numbers are standardised. Where all of them are equal, which only those of a run on new data can be, the
    deviation is the earlier data's.
    """
    y = data.train.y
    if data.n_classes:
        weights = None if len(data.test) and data.test.weights is None else data.train.weights
        frequencies = np.bincount(y, weights, minlength=data.n_classes)
        frequencies = frequencies / frequencies.sum()
        return ClassProbabilities(np.tile(frequencies, (examples, 1)))
    component = np.ones((1, examples))
    mean = np.average(y, weights=data.train.weights)
    deviation = np.sqrt(np.average((y - mean) ** 2, weights=data.train.weights))
    return NormalMixture(component, mean * component, (deviation or 1.0) * component)
