"""Predictions under a distribution over networks, their metrics and their calibration."""

from hyperborn.predictive.averages import exact_predictive, posterior_predictive, predictive_of_draws
from hyperborn.predictive.metrics import accuracy, brier, expected_calibration_error, mean_nll, scores
from hyperborn.predictive.temperature import calibrated_nll, fitted_temperature, tempered

__all__ = [
    "accuracy",
    "brier",
    "calibrated_nll",
    "exact_predictive",
    "expected_calibration_error",
    "fitted_temperature",
    "mean_nll",
    "posterior_predictive",
    "predictive_of_draws",
    "scores",
    "tempered",
]
