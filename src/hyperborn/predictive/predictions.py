"""What predictions of classes and of numbers have in common, and those of classes."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Targets
from hyperborn.arguments import check_labels
from hyperborn.errors import UserError
from hyperborn.predictive.decisions import at_threshold, report_of_decisions
from hyperborn.predictive.metrics import AnswerWeights, accuracy, scores
from hyperborn.predictive.temperature import SPREAD, fitted_temperature, tempered


class Predictions(ABC):
    """A predictive distribution for each example."""

    calibration: ClassVar[str]
    """Name of the number that predictions are calibrated with, which changes nothing where it is 1."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of examples."""

    @abstractmethod
    def fitted_calibration(self, y: Targets, weights: AnswerWeights = None, *, spread: float = SPREAD) -> float:
        """The most probable calibration, given the labels of these examples; without examples it is 1.

        Its logarithm has a normal prior around 0 with the standard deviation `spread`. Each example counts as often as
        its weight says, once without weights.

        Raises:
            UserError: if these are not the labels or weights of as many examples.
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
    def quick_score(self, y: Targets, weights: AnswerWeights = None) -> float:
        """The score by which a network is told as training goes."""

    @abstractmethod
    def scores(self, y: Targets, weights: AnswerWeights = None) -> dict[str, float]:
        """All scores by name; empty without examples. Each example counts as often as its weight says.

        Raises:
            UserError: if these are not the labels or weights of as many examples.
        """


@final
@dataclass(frozen=True, eq=False)
class ClassProbabilities(Predictions):
    """Probabilities (examples, classes) of the classes of each example, calibrated by temperature."""

    probabilities: Float[np.ndarray, "examples classes"]
    calibration: ClassVar[str] = "temperature"

    def __len__(self) -> int:
        return len(self.probabilities)

    def fitted_calibration(self, y: Targets, weights: AnswerWeights = None, *, spread: float = SPREAD) -> float:
        return fitted_temperature(self.probabilities, y, weights, spread=spread)

    def calibrated(self, value: float) -> "ClassProbabilities":
        return ClassProbabilities(tempered(self.probabilities, value))

    @property
    def best(self) -> Targets:
        return self.probabilities.argmax(axis=1)

    def rescaled(self, mean: float, deviation: float) -> "ClassProbabilities":
        del mean, deviation
        raise UserError("classes have no mean and no deviation; rescale predictions of numbers")

    def quick_score(self, y: Targets, weights: AnswerWeights = None) -> float:
        return accuracy(self.probabilities, y, weights)

    def scores(self, y: Targets, weights: AnswerWeights = None) -> dict[str, float]:
        return scores(self.probabilities, y, weights)

    def decided(self, threshold: int | float | None = None) -> Targets:
        """The class index of each example: the most probable one.

        With a threshold, of two classes the second where its probability is at least that.

        Raises:
            UserError: for a threshold that is no number from 0 to 1, or more classes.
        """
        return self.best if threshold is None else at_threshold(self.probabilities, threshold)

    def report(
        self,
        y: Targets,
        classes: Sequence[str],
        weights: AnswerWeights = None,
        *,
        threshold: int | float | None = None,
    ) -> dict[str, Any]:
        """How the classes that are decided for compare with the true ones; empty without examples.

        Args:
            y: class index of each example.
            classes: their names, in the order of the columns.
            weights: how often each example counts, once without any.
            threshold: as for `decided`.

        Returns:
            "accuracy"; the names as "classes"; "recall", the share of each class's examples that is found, by name,
            None where it has none; and, of at most 100 classes, "confusion", a row of counts for each true class, a
            column for each that was decided for.

        Raises:
            UserError: as `decided`, or for labels or names that do not fit.
        """
        count = self.probabilities.shape[1]
        check_labels(y, len(self), count, "a table of predictions")
        if len(classes) != count:
            raise UserError(f"{len(classes)} names do not fit {count} classes; give one a class")
        decided = self.decided(threshold)
        return report_of_decisions(decided, y, classes, weights) if len(y) else {}


def probabilities_of(predictions: Predictions) -> Float[np.ndarray, "examples classes"]:
    """The probabilities of classes.

    Raises:
        UserError: if numbers are predicted.
    """
    return of_classes(predictions, "predictions(x), with its mean and interval").probabilities


def of_classes(predictions: Predictions, instead: str) -> ClassProbabilities:
    """The predictions, which must be of classes.

    Raises:
        UserError: if numbers are predicted; it says what to take instead.
    """
    if not isinstance(predictions, ClassProbabilities):
        raise without_classes(instead)
    return predictions


def decided(predictions: Predictions, threshold: int | float | None) -> Targets:
    """The best label of each example; of two classes, what a threshold decides for.

    Raises:
        UserError: as `ClassProbabilities.decided`, and for a threshold where numbers are predicted.
    """
    if threshold is None:
        return predictions.best
    return of_classes(predictions, "the means, without a threshold (--threshold)").decided(threshold)


def without_classes(instead: str) -> UserError:
    """The error for a question about classes where numbers are predicted, with what to take instead."""
    return UserError(f"the run is a regression, which has no classes; take {instead}")
