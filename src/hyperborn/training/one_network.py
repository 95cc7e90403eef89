"""The network that stands for a posterior where there is room for one, such as on a microcontroller.

The most probable network of a broad posterior may predict poorly: where registers are independent of each other, it is
the one whose weights are each the likelier ones, which is not how weights come together. So it is one of several
candidates, beside networks that are drawn, and the one that predicts known examples best is taken: docs/one-network.md
says what that gains.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits
from hyperborn.bits import distinct_rows
from hyperborn.data.dataset import Dataset, Split
from hyperborn.networks import Network
from hyperborn.predictive import ClassProbabilities, NormalMixture, own_units, predictions_of_networks, split_scores
from hyperborn.predictive.example_scores import nll_of_networks
from hyperborn.training.regime import PosteriorPredictor

if TYPE_CHECKING:
    from hyperborn.training.result import Result

DRAWS = 256
"""Networks that are drawn beside the most probable one, at most."""
SEED = 0
"""Of the draws."""
MOST_PRODUCTS = 2e9
"""Products of a weight with an input that the choice takes, at most: about a second."""
FEWEST_EXAMPLES, FEWEST_DRAWS = 256, 16
"""Examples and draws that are left of more, however large the network."""


@dataclass(frozen=True, eq=False)
class OneNetwork:
    """The network of a posterior that predicts best by itself.

    Attributes:
        bits: of its weights, (n,).
        calibration: temperature, or factor of the standard deviation, of its predictions.
        nll: mean NLL (nats, of numbers in units of the standardised target) of the examples that it was chosen by, not
            calibrated.
        chosen_by: the split of these examples, "validation" or "train".
        candidates: networks that it was chosen from, all different.
        is_most_probable: whether it is the most probable network.
    """

    bits: Bits
    calibration: float
    nll: float
    chosen_by: str
    candidates: int
    is_most_probable: bool

    def to_record(self) -> dict[str, Any]:
        """How it was chosen, as JSON can hold it."""
        return {
            "nll": self.nll,
            "chosen_by": self.chosen_by,
            "candidates": self.candidates,
            "is_most_probable": self.is_most_probable,
        }


def one_network_of(result: "Result") -> OneNetwork:
    """The network of a result that predicts best by itself; see `OneNetwork`."""
    name, part = judging_examples(result.data)
    candidates, losses = judged_candidates(result.fitted, result.predictor, part)
    best = int(np.argmin(losses))
    bits = candidates[best]
    return OneNetwork(
        bits=bits,
        calibration=calibration_alone(result, bits[None]),
        nll=float(losses[best]),
        chosen_by=name,
        candidates=len(candidates),
        is_most_probable=best == 0,
    )


def judging_examples(data: Dataset) -> tuple[str, Split]:
    """The examples that networks are chosen by: those held out, or those learnt from where none are."""
    name = "validation" if len(data.validation) else "train"
    return name, data.split(name)


def judged_candidates(
    network: Network, predictor: PosteriorPredictor, part: Split
) -> tuple[Bits, Float[np.ndarray, " candidates"]]:
    """Different networks of a posterior, the most probable one first, and their mean NLL (nats) of examples.

    Of many examples the first ones are taken, and of large networks fewer, so that the work is bounded.
    """
    rows = max(1, int(MOST_PRODUCTS / (network.products_per_example * (1 + DRAWS))))
    # Examples of weight 0 say nothing.
    places = np.arange(len(part)) if part.weights is None else np.flatnonzero(part.weights)
    judged = part.rows(places[: max(FEWEST_EXAMPLES, rows)])
    draws = int(MOST_PRODUCTS / (network.products_per_example * len(judged)))
    drawn = predictor.sample(min(DRAWS, max(FEWEST_DRAWS, draws)), SEED)
    best = predictor.most_probable(1)
    different, _, _ = distinct_rows(np.concatenate([best, drawn]))
    others = different[(different != best).any(axis=1)]
    candidates = np.concatenate([best, others])
    losses = np.average(nll_of_networks(network, judged.x, judged.y, candidates), axis=1, weights=judged.weights)
    return candidates, np.where(np.isfinite(losses), losses, np.inf)


def best_network(network: Network, predictor: PosteriorPredictor, part: Split) -> Bits:
    """The network of a posterior that predicts these examples best by itself, one row of bits."""
    candidates, losses = judged_candidates(network, predictor, part)
    return candidates[int(np.argmin(losses))][None]


def one_network_record(result: "Result") -> dict[str, Any]:
    """Size, calibration and test scores of the one network, and how it was chosen."""
    one, test = result.one_network, result.data.test
    scores: dict[str, float] = {}
    if len(test):
        predictions = predictions_of_networks(result.fitted, test.x, one.bits[None]).calibrated(one.calibration)
        scores = split_scores(own_units(predictions, result.data), result.data, test)
    name = ClassProbabilities.calibration if result.network.n_classes else NormalMixture.calibration
    size = result.network.size_in_bytes
    return {"size_in_bytes": size, name: one.calibration, "test": scores, **one.to_record()}


def calibration_alone(result: "Result", bits: Bits) -> float:
    """What predictions of one network, a row of bits, are recalibrated with: by the choice, or the validation split.

    1 without both.
    """
    if result.choice is not None and result.choice.best.calibration_alone is not None:
        return result.choice.best.calibration_alone
    validation = result.data.validation
    if not len(validation):
        return 1.0
    alone = predictions_of_networks(result.fitted, validation.x, bits)
    return alone.fitted_calibration(validation.y, validation.weights)
