"""Temperature scaling: predictions are sharpened or flattened by a factor learnt from held-out examples.

Guo et al. (arXiv 1706.04599) divide a network's logits by a temperature T that minimises the NLL of a validation set.
Here the logits are the logarithms of the class probabilities, and log T has a normal prior around 0: on twenty
examples that are all classified correctly, the NLL alone has its minimum at T = 0. Numbers have a factor of the
standard deviation instead (`hyperborn.predictive.mixtures`), which is found in the same way.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from hyperborn.arguments import check_class_probabilities, check_labels
from hyperborn.data.weights import checked_weights
from hyperborn.errors import UserError, is_number
from hyperborn.predictive.metrics import LEAST, AnswerWeights, mean_nll

SPREAD = 1.0
"""Standard deviation of log T under its prior."""
BOUND = 4.0
"""Largest size of log T."""


def fitted_temperature(
    probabilities: Float[np.ndarray, "examples classes"],
    y: Int[np.ndarray, " labels"],
    weights: AnswerWeights = None,
    *,
    spread: float = SPREAD,
) -> float:
    """The most probable temperature, given predictions of held-out examples and their classes.

    It minimises Σ_i -w_i log softmax(log p_i / T)[y_i] + (log T)² / (2 spread²), with the weights w of the examples, 1
    without any; without examples it is 1. It moves all classes alike: probabilities of a posterior that was trained
    with weights of classes, such as class_weight="balanced", stay those of the weighted classes.

    Raises:
        UserError: if the predictions or the weights do not fit the labels.
    """
    check_spread(spread)
    check_class_probabilities(probabilities)
    check_labels(y, len(probabilities), probabilities.shape[1], "a table of predictions")
    if not len(y):
        return 1.0
    times = None if weights is None else checked_weights("weights", weights, len(y))

    def nll(temperature: float) -> float:
        own = tempered_log_probabilities(probabilities, temperature)[np.arange(len(y)), y]
        return float(-own.sum() if times is None else -own @ times)

    return fitted_factor(nll, spread)


def fitted_factor(nll: Callable[[float], float], spread: float = SPREAD) -> float:
    """The most probable calibration c: it minimises nll(c) + (log c)² / (2 spread²), in nats over all examples."""
    from scipy.optimize import minimize_scalar

    def penalised_nll(logarithm: float) -> float:
        return nll(np.exp(logarithm)) + 0.5 * (logarithm / spread) ** 2

    # In log c the sum need not be convex: the best of a grid is refined between its neighbours.
    grid = np.linspace(-BOUND, BOUND, 33)
    place = int(np.clip(np.argmin([penalised_nll(value) for value in grid]), 1, len(grid) - 2))
    found = minimize_scalar(
        penalised_nll, bounds=(grid[place - 1], grid[place + 1]), method="bounded", options={"xatol": 1e-10}
    )
    return float(np.exp(found.x))


def calibrated_nll(
    probabilities: Float[np.ndarray, "examples classes"],
    y: Int[np.ndarray, " labels"],
    weights: AnswerWeights = None,
    *,
    spread: float = SPREAD,
) -> float:
    """Mean NLL (nats) of the examples at the temperature fitted to them, plus the penalty of its prior.

    Choose by it among models whose predictions will be calibrated on the same examples.

    Raises:
        UserError: if the predictions or the weights do not fit the labels, or there are none.
    """
    temperature = fitted_temperature(probabilities, y, weights, spread=spread)
    times = len(y) if weights is None else float(weights.sum())
    return (
        mean_nll(tempered(probabilities, temperature), y, weights) + 0.5 * (np.log(temperature) / spread) ** 2 / times
    )


def tempered(
    probabilities: Float[np.ndarray, "examples classes"], temperature: float
) -> Float[np.ndarray, "examples classes"]:
    """softmax(log p / T) of each row, which keeps the order of the classes; T = 1 changes nothing.

    Raises:
        UserError: if the predictions are no probabilities, or the temperature is not a positive number.
    """
    check_class_probabilities(probabilities)
    if not (is_number(temperature) and temperature > 0):
        raise UserError(f"temperature = {temperature!r}: give a positive number, such as 1")
    if temperature == 1:
        return probabilities
    return np.exp(tempered_log_probabilities(probabilities, temperature))


def check_spread(spread: Any) -> None:
    """Raise a UserError unless the standard deviation is a positive number."""
    if not (is_number(spread) and spread > 0):
        raise UserError(f"spread = {spread!r}: give a positive number, such as {SPREAD}")


def tempered_log_probabilities(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """log softmax(log p / T) of each row."""
    scaled = np.log(np.maximum(probabilities, LEAST)) / temperature
    scaled = scaled - scaled.max(axis=1, keepdims=True)
    return scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
