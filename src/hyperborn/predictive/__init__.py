"""Predictions under a distribution over networks, and how good they are."""

from hyperborn.predictive.chosen import most_probable
from hyperborn.predictive.exact import exact_predictive
from hyperborn.predictive.metrics import accuracy, brier, expected_calibration_error, mean_nll, scores
from hyperborn.predictive.sampled import posterior_predictive, sampled_predictive
from hyperborn.predictive.temperature import calibrated_nll, fitted_temperature, tempered

__all__ = [
    "accuracy",
    "brier",
    "calibrated_nll",
    "exact_predictive",
    "expected_calibration_error",
    "fitted_temperature",
    "mean_nll",
    "most_probable",
    "posterior_predictive",
    "sampled_predictive",
    "scores",
    "tempered",
]
