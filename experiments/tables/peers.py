"""What scikit-learn's models make of the features that a run has encoded: the models differ, and nothing else does."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import KFold
from sklearn.neural_network import MLPClassifier, MLPRegressor

from hyperborn.predictive.temperature import fitted_temperature, tempered
from hyperborn.selection.cross_fitting import SPREAD, folds_of

DECAYS = (1e-4, 1.0, 10.0)
"""Weight decays of the MLP, one of which three folds choose."""
MANY = 5000
"""Rows from which on the MLP stops early instead, with its default decay."""
LEAST = float(np.finfo(np.float64).eps)
"""A class has at least this probability (e^-36), as in scikit-learn's `log_loss`: forests are sure of what they say."""
FOLDS = 5

Model = Any
"""An estimator of scikit-learn."""
Rows = tuple[np.ndarray, np.ndarray]
"""Features and labels."""
Loss = Callable[[Model, np.ndarray, np.ndarray], np.ndarray]
"""Of a fitted model on features and labels, for each example."""


def classifiers(x: np.ndarray, y: np.ndarray) -> dict[str, Model]:
    """By name, not yet fitted."""
    return {
        "logistic regression": LogisticRegression(max_iter=20_000),
        "forest": RandomForestClassifier(200, random_state=0),
        "MLP": chosen_mlp(MLPClassifier, x, y, class_nll),
    }


def regressors(x: np.ndarray, y: np.ndarray) -> dict[str, Model]:
    """By name, not yet fitted."""
    return {
        "linear regression": LinearRegression(),
        "forest": RandomForestRegressor(200, random_state=0),
        "MLP": chosen_mlp(MLPRegressor, x, y, squared_error),
    }


def chosen_mlp(kind: Callable[..., Model], x: np.ndarray, y: np.ndarray, loss: Loss) -> Model:
    """64 units; their decay is what three folds find best, and many rows stop early instead."""
    settings: dict[str, Any] = {"hidden_layer_sizes": (64,), "max_iter": 3000, "random_state": 0}
    if len(y) >= MANY:
        return kind(**settings, early_stopping=True)

    def held_out(decay: float) -> float:
        folds = KFold(3, shuffle=True, random_state=0).split(x)
        losses = [loss(fitted(kind(**settings, alpha=decay), x[i], y[i]), x[j], y[j]) for i, j in folds]
        return float(np.concatenate(losses).mean())

    return kind(**settings, alpha=min(DECAYS, key=held_out))


def fitted(model: Model, x: np.ndarray, y: np.ndarray) -> Model:
    """Fitted; that an MLP has not converged after 3,000 epochs is left at that."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(x, y)


def class_nll(model: Model, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Minus the logarithm of the probability of each example's own class, nats."""
    return -np.log(np.maximum(probabilities(model, x, int(y.max()) + 1)[np.arange(len(y)), y], LEAST))


def probabilities(model: Model, x: np.ndarray, n_classes: int) -> np.ndarray:
    """Probabilities (examples, classes), 0 of a class that the model has not seen."""
    found = np.zeros((len(x), max(n_classes, int(model.classes_.max()) + 1)))
    found[:, model.classes_] = model.predict_proba(x)
    return found


def squared_error(model: Model, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (model.predict(x) - y) ** 2


def held_out_errors(model: Model, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Squared errors on rows that a model has not learnt from, in turn: their mean is the variance of its own NLL."""
    from sklearn.base import clone

    folds = KFold(min(FOLDS, len(y)), shuffle=True, random_state=0).split(x)
    return np.concatenate([squared_error(fitted(clone(model), x[i], y[i]), x[j], y[j]) for i, j in folds])


def normal_nll(errors: np.ndarray, deviation: float) -> np.ndarray:
    """Minus the logarithm of the normal density of each squared error, nats."""
    return errors / (2 * deviation**2) + np.log(deviation) + 0.5 * np.log(2 * np.pi)


def held_out_probabilities(model: Model, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of rows that a model has not learnt from, in turn, on folds as ours has them; and their classes."""
    from sklearn.base import clone

    folds = folds_of(y, max(2, min(FOLDS, len(y) // 2)), 0)
    n_classes = int(y.max()) + 1
    found = [probabilities(fitted(clone(model), x[f.train], y[f.train]), x[f.held_out], n_classes) for f in folds]
    return np.concatenate(found), np.concatenate([y[f.held_out] for f in folds])


def calibrated_nll(model: Model, learnt: Model, train: Rows, test: Rows) -> tuple[np.ndarray, float]:
    """As `class_nll`, at a temperature fitted to held-out probabilities as ours is; and the mean of these."""
    held_out, classes = held_out_probabilities(model, *train)
    held_out = np.maximum(held_out, LEAST)
    temperature = fitted_temperature(held_out, classes, spread=SPREAD)
    x, y = test
    found = np.maximum(probabilities(learnt, x, max(int(train[1].max()), int(y.max())) + 1), LEAST)
    return tempered_nll(found, y, temperature), float(tempered_nll(held_out, classes, temperature).mean())


def tempered_nll(found: np.ndarray, y: np.ndarray, temperature: float) -> np.ndarray:
    return -np.log(np.maximum(tempered(found, temperature)[np.arange(len(y)), y], LEAST))


@dataclass(frozen=True)
class Scores:
    """Of a model on the rows to test with.

    Attributes:
        nll: of each row (nats).
        calibrated: the same after calibration on held-out rows; of numbers the deviation is fitted to such anyway.
        other: of each row, whether it is right, or of numbers its squared error.
        cross_fitted: mean NLL of the rows to train with, each held out once, calibrated on these.
    """

    nll: np.ndarray
    calibrated: np.ndarray
    other: np.ndarray
    cross_fitted: float


def peers(train: Rows, test: Rows, *, regression: bool) -> dict[str, Scores]:
    """Every model by name, after learning from the rows to train with, on those to test with."""
    (x, y), (tested, truth) = train, test
    found = {}
    for name, model in (regressors if regression else classifiers)(x, y).items():
        learnt = fitted(model, x, y)
        if regression:
            errors, held_out = squared_error(learnt, tested, truth), held_out_errors(model, x, y)
            deviation = float(np.sqrt(held_out.mean()))
            nll = normal_nll(errors, deviation)
            found[name] = Scores(nll, nll, errors, float(normal_nll(held_out, deviation).mean()))
        else:
            right = probabilities(learnt, tested, 0).argmax(axis=1) == truth
            calibrated, cross_fitted = calibrated_nll(model, learnt, train, test)
            found[name] = Scores(class_nll(learnt, tested, truth), calibrated, right, cross_fitted)
    return found
