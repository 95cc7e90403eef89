"""A linear regression, which predictions of numbers are compared with."""

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Examples, Targets
from hyperborn.data.dataset import SPLITS, Dataset
from hyperborn.data.weights import Weights
from hyperborn.predictive.distributions import own_units, split_scores
from hyperborn.predictive.mixtures import NormalMixture


def linear_scores(data: Dataset) -> dict[str, dict[str, float]]:
    """Scores of each split in the units of the target, predictions being calibrated on validation as all others are."""
    train, validation = data.train, data.validation
    held_out = linear_predictions(train.x, train.y, validation.x, train.weights)
    calibration = held_out.fitted_calibration(validation.y, validation.weights)
    found: dict[str, dict[str, float]] = {}
    for name in SPLITS:
        part = data.split(name)
        predictions = linear_predictions(train.x, train.y, part.x, train.weights).calibrated(calibration)
        found[name] = split_scores(own_units(predictions, data), data, part)
    return found


def linear_predictions(
    x: Examples, y: Targets, new: Float[np.ndarray, "new features"], weights: Weights | None = None
) -> NormalMixture:
    """Predictions of scikit-learn's Bayesian ridge regression, trained on x and y, for new examples.

    Its precisions of noise and weights maximise the evidence (MacKay 1992); predictions are normal distributions, of
    noise and of the doubt about the weights together.
    """
    from sklearn.linear_model import BayesianRidge

    if not len(new):
        return NormalMixture(*np.ones((3, 1, 0)))
    means, deviations = BayesianRidge().fit(x, y, weights).predict(new, return_std=True)
    return NormalMixture(np.ones((1, len(new))), means[None], deviations[None])
