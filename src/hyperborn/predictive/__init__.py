"""Predictions under a distribution over networks, their metrics and their calibration."""

from hyperborn.predictive.averages import exact_predictive, posterior_predictive
from hyperborn.predictive.distributions import (
    own_units,
    predictions_of_distribution,
    predictions_of_draws,
    predictions_of_networks,
    split_scores,
)
from hyperborn.predictive.metrics import accuracy, area_under_roc, brier, expected_calibration_error, mean_nll, scores
from hyperborn.predictive.mixtures import NormalMixture
from hyperborn.predictive.predictions import ClassProbabilities, Predictions
from hyperborn.predictive.temperature import calibrated_nll, fitted_temperature, tempered

__all__ = [
    "ClassProbabilities",
    "NormalMixture",
    "Predictions",
    "accuracy",
    "area_under_roc",
    "brier",
    "calibrated_nll",
    "exact_predictive",
    "expected_calibration_error",
    "fitted_temperature",
    "mean_nll",
    "own_units",
    "posterior_predictive",
    "predictions_of_distribution",
    "predictions_of_draws",
    "predictions_of_networks",
    "scores",
    "split_scores",
    "tempered",
]
