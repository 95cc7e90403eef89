"""A logistic regression, which predictions of classes are compared with."""

import warnings

import numpy as np

from hyperborn.data.dataset import SPLITS, Dataset
from hyperborn.predictive.distributions import split_scores
from hyperborn.predictive.predictions import ClassProbabilities

MOST = 50_000_000
"""Examples times features times classes up to which it is fitted: a few seconds."""
MOST_STEPS = 1000


def logistic_scores(data: Dataset) -> dict[str, dict[str, float]]:
    """Scores of each split, of scikit-learn's logistic regression as it comes (C = 1, not calibrated).

    Nothing of data that are too large for it, or of which the training split has one class.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    train = data.train
    if train.x.size * data.n_classes > MOST or len(np.unique(train.y)) < 2:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(max_iter=MOST_STEPS).fit(train.x, train.y, train.weights)
    found: dict[str, dict[str, float]] = {}
    for name in SPLITS:
        part = data.split(name)
        # Classes that it has not seen have probability 0.
        probabilities = np.zeros((len(part), data.n_classes))
        if len(part):
            probabilities[:, model.classes_] = model.predict_proba(part.x)
        found[name] = split_scores(ClassProbabilities(probabilities), data, part)
    return found
