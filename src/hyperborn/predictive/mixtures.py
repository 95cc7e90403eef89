"""Predictions of numbers: a mixture of normal distributions for each example."""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Targets
from hyperborn.data.weights import checked_weights
from hyperborn.errors import UserError, is_number
from hyperborn.likelihoods.squares import check_numbers
from hyperborn.predictive.metrics import LEAST, AnswerWeights, weighted_mean
from hyperborn.predictive.predictions import Predictions
from hyperborn.predictive.temperature import SPREAD, fitted_factor

Components = Float[np.ndarray, "components examples"]

HALVINGS = 60
"""Halvings of the interval in which a quantile is looked for."""
FARTHEST = 9.0
"""Standard deviations of a component beyond which it has no quantile: 1e-19 of it lies there."""


@final
@dataclass(frozen=True, eq=False)
class NormalMixture(Predictions):
    """Σ_c weight_c · Normal(mean_c, deviation_c²) for each example; weights of an example add up to 1.

    A component is a network of the posterior, or several whose predictions are nearly the same. All is in the units of
    the means. `calibrated` multiplies all distances to an example's mean, so that it multiplies the standard deviation.
    """

    weights: Components
    means: Components
    deviations: Components
    calibration: ClassVar[str] = "deviation_factor"
    shares: ClassVar[tuple[float, ...]] = (0.5, 0.9)
    """Probabilities of the central intervals whose coverage is reported."""

    def __len__(self) -> int:
        return self.means.shape[1]

    @property
    def mean(self) -> Float[np.ndarray, " examples"]:
        return (self.weights * self.means).sum(axis=0)

    @property
    def best(self) -> Targets:
        return self.mean

    @property
    def deviation(self) -> Float[np.ndarray, " examples"]:
        """Standard deviation: of the noise, and of what networks disagree about."""
        spread = self.deviations**2 + (self.means - self.mean) ** 2
        return np.sqrt((self.weights * spread).sum(axis=0))

    def log_density(self, y: Float[np.ndarray, " examples"]) -> Float[np.ndarray, " examples"]:
        """log p(y) of a number for each example (nats, a density in the units of the means)."""
        scaled = (y - self.means) / self.deviations
        exponents = np.log(np.maximum(self.weights, LEAST)) - 0.5 * scaled**2 - np.log(self.deviations)
        top = exponents.max(axis=0)
        return top + np.log(np.exp(exponents - top).sum(axis=0)) - 0.5 * np.log(2 * np.pi)

    def cumulative(self, y: Float[np.ndarray, " examples"]) -> Float[np.ndarray, " examples"]:
        """Probability of at most y, a number for each example."""
        from scipy.special import ndtr

        return (self.weights * ndtr((y - self.means) / self.deviations)).sum(axis=0)

    def quantile(self, probability: float) -> Float[np.ndarray, " examples"]:
        """The number of each example below which its probability is the given one.

        Raises:
            UserError: unless the probability lies between 0 and 1.
        """
        if not is_number(probability) or not 0 < probability < 1:
            raise UserError(f"probability = {probability!r}: give a number between 0 and 1")
        low = (self.means - FARTHEST * self.deviations).min(axis=0)
        high = (self.means + FARTHEST * self.deviations).max(axis=0)
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            below = self.cumulative(middle) < probability
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return 0.5 * (low + high)

    def interval(self, share: float) -> tuple[Float[np.ndarray, " examples"], Float[np.ndarray, " examples"]]:
        """Bounds of the central interval of this probability: as much lies below it as above it."""
        return self.quantile((1 - share) / 2), self.quantile((1 + share) / 2)

    def rescaled(self, mean: float, deviation: float) -> "NormalMixture":
        """The predictions of mean + deviation · y: from standardised numbers to those that a person gave."""
        return NormalMixture(self.weights, mean + deviation * self.means, deviation * self.deviations)

    def fitted_calibration(self, y: Targets, weights: AnswerWeights = None, *, spread: float = SPREAD) -> float:
        check_numbers(y, len(self), "a mixture")
        if not len(y):
            return 1.0
        times = None if weights is None else checked_weights("weights", weights, len(y))

        def nll(factor: float) -> float:
            own = self.calibrated(factor).log_density(y)
            return float(-own.sum() if times is None else -own @ times)

        return fitted_factor(nll, spread)

    def calibrated(self, value: float) -> "NormalMixture":
        middle = self.mean
        return NormalMixture(self.weights, middle + value * (self.means - middle), value * self.deviations)

    def quick_score(self, y: Targets, weights: AnswerWeights = None) -> float:
        return float(np.sqrt(weighted_mean((y - self.mean) ** 2, weights)))

    def scores(self, y: Targets, weights: AnswerWeights = None) -> dict[str, float]:
        """Root of the mean squared error, mean absolute error, NLL (nats an example), R², and coverage by name.

        R² is 1 - Σ (y - mean)² / Σ (y - ȳ)² with the mean ȳ of these labels; it is left out where all are equal.
        "coverage_90" is the share of the labels inside of the central interval of probability 0.9. Examples with
        weights count that often in all of them.
        """
        check_numbers(y, len(self), "a mixture")
        if not len(y):
            return {}
        errors = y - self.mean
        found = {"rmse": self.quick_score(y, weights), "mae": weighted_mean(np.abs(errors), weights)}
        found["nll"] = -weighted_mean(self.log_density(y), weights)
        # Labels that do not count do not vary either.
        if np.ptp(y if weights is None else y[weights > 0]) > 0:
            around = y - weighted_mean(y, weights)
            times = 1 if weights is None else weights
            found["r2"] = float(1 - (times * errors**2).sum() / (times * around**2).sum())
        below = self.cumulative(y)
        for share in self.shares:
            inside = np.abs(below - 0.5) <= share / 2
            found[f"coverage_{100 * share:.0f}"] = weighted_mean(inside, weights)
        return found
