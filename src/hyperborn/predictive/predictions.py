"""What predictions of classes and of numbers have in common, and what they are made from."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from hyperborn._typing import Examples, Targets
from hyperborn.data.columns import LARGEST_NUMBER
from hyperborn.data.tables import real_numbers
from hyperborn.errors import UserError
from hyperborn.networks import Network
from hyperborn.predictive.metrics import accuracy, scores
from hyperborn.predictive.temperature import SPREAD, fitted_temperature, tempered


class Predictions(ABC):
    """A predictive distribution for each example."""

    calibration: ClassVar[str]
    """Name of the number that predictions are calibrated with, which changes nothing where it is 1."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of examples."""

    @abstractmethod
    def fitted_calibration(self, y: Targets, *, spread: float = SPREAD) -> float:
        """The most probable calibration, given the labels of these examples; without examples it is 1.

        Its logarithm has a normal prior around 0 with the standard deviation `spread`.

        Raises:
            UserError: if these are not the labels of as many examples.
        """

    @abstractmethod
    def calibrated(self, value: float) -> "Predictions":
        """Predictions that are less certain for a value above 1, and more certain for one below."""

    @property
    @abstractmethod
    def best(self) -> Targets:
        """One label for each example: its most probable class, or the mean of a number."""

    @abstractmethod
    def rescaled(self, mean: float, deviation: float) -> "Predictions":
        """Predictions of mean + deviation · y, from those of a number y.

        Raises:
            UserError: of classes.
        """

    @abstractmethod
    def quick_score(self, y: Targets) -> float:
        """The score by which a network is told as training goes."""

    @abstractmethod
    def scores(self, y: Targets) -> dict[str, float]:
        """All scores by name; empty without examples.

        Raises:
            UserError: if these are not the labels of as many examples.
        """


@final
@dataclass(frozen=True, eq=False)
class ClassProbabilities(Predictions):
    """Probabilities (examples, classes) of the classes of each example, calibrated by temperature."""

    probabilities: Float[np.ndarray, "examples classes"]
    calibration: ClassVar[str] = "temperature"

    def __len__(self) -> int:
        return len(self.probabilities)

    def fitted_calibration(self, y: Targets, *, spread: float = SPREAD) -> float:
        return fitted_temperature(self.probabilities, y, spread=spread)

    def calibrated(self, value: float) -> "ClassProbabilities":
        return ClassProbabilities(tempered(self.probabilities, value))

    @property
    def best(self) -> Targets:
        return self.probabilities.argmax(axis=1)

    def rescaled(self, mean: float, deviation: float) -> "ClassProbabilities":
        del mean, deviation
        raise UserError("classes have no mean and no deviation; rescale predictions of numbers")

    def quick_score(self, y: Targets) -> float:
        return accuracy(self.probabilities, y)

    def scores(self, y: Targets) -> dict[str, float]:
        return scores(self.probabilities, y)


def probabilities_of(predictions: Predictions) -> Float[np.ndarray, "examples classes"]:
    """The probabilities of classes.

    Raises:
        UserError: if numbers are predicted.
    """
    if not isinstance(predictions, ClassProbabilities):
        raise without_classes("predictions(x), with its mean and interval")
    return predictions.probabilities


def without_classes(instead: str) -> UserError:
    """The error for a question about classes where numbers are predicted, with what to take instead."""
    return UserError(f"the run is a regression, which has no classes; take {instead}")


def features_of(network: Network, x: ArrayLike) -> Examples:
    """Whatever a caller takes for features as a float64 table that fits the network.

    Raises:
        UserError: if x is no table of finite numbers with as many columns as the network has features.
    """
    remedy = f"give numbers of shape (examples, {network.n_features}), as data.test.x holds them"
    try:
        table = real_numbers(x)
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(f"x is no table of numbers ({error}); {remedy}") from error
    if table.ndim != 2:
        raise UserError(f"x has shape {table.shape}; {remedy}")
    network.check_features(table)
    large = np.argwhere(np.abs(table) > LARGEST_NUMBER)
    if len(large):
        row, column = large[0]
        raise UserError(
            f"x[{row}, {column}] = {table[row, column]:.6g}: give numbers up to {LARGEST_NUMBER:g} either way"
        )
    return table
