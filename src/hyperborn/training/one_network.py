"""What the most probable network predicts by itself, beside the average."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hyperborn._typing import Bits
from hyperborn.predictive import ClassProbabilities, NormalMixture, own_units, predictions_of_networks, split_scores

if TYPE_CHECKING:
    from hyperborn.training.result import Result


@dataclass(frozen=True, eq=False)
class OneNetwork:
    """The network that is taken where only one can be.

    Attributes:
        bits: of its weights, (n,).
        calibration: temperature, or factor of the standard deviation, of its predictions.
    """

    bits: Bits
    calibration: float


def one_network_of(result: "Result", best: Bits) -> dict[str, Any]:
    """Size, calibration and test scores of one network, given as one row of bits."""
    network, test, calibration = result.network, result.data.test, calibration_alone(result, best)
    scores: dict[str, float] = {}
    if len(test):
        predictions = predictions_of_networks(result.fitted, test.x, best).calibrated(calibration)
        scores = split_scores(own_units(predictions, result.data), result.data, test)
    name = ClassProbabilities.calibration if network.n_classes else NormalMixture.calibration
    return {"size_in_bytes": network.size_in_bytes, name: calibration, "test": scores}


def calibration_alone(result: "Result", best: Bits) -> float:
    """What predictions of the most probable network are recalibrated with: by the choice, or the validation split.

    1 without both.
    """
    if result.choice is not None and result.choice.best.calibration_alone is not None:
        return result.choice.best.calibration_alone
    validation = result.data.validation
    if not len(validation):
        return 1.0
    alone = predictions_of_networks(result.fitted, validation.x, best)
    return alone.fitted_calibration(validation.y, validation.weights)
