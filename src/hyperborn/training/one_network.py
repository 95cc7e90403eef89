"""The network that stands for a posterior where there is room for one, such as on a microcontroller.

The most probable network of a broad posterior may predict poorly: where registers are independent of each other, it is
the one whose weights are each the likelier ones, which is not how weights come together. So it is one of several
candidates, beside networks that are drawn, and the one is taken whose predictions are nearest to the average's. That
needs no labels, and leaves the validation examples to calibrate it. docs/one-network.md compares it with other rules.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits, Examples
from hyperborn.bits import distinct_rows
from hyperborn.data.dataset import Split
from hyperborn.networks import Network
from hyperborn.predictive import ClassProbabilities, NormalMixture, own_units, predictions_of_networks, split_scores
from hyperborn.predictive.example_scores import cross_entropies
from hyperborn.training.regime import PosteriorPredictor

if TYPE_CHECKING:
    from hyperborn.training.result import Result

DRAWS = 256
"""Networks that are drawn beside the most probable one, at most."""
SEED = 0
"""Of the draws."""
MOST_PRODUCTS = 2e9
"""Products of a weight with an input that the choice takes, at most, beside those of the average: about a second."""
FEWEST_EXAMPLES, MOST_EXAMPLES, FEWEST_DRAWS = 256, 2000, 16
"""Examples that are taken of more, however large or small the network, and draws at least."""


@dataclass(frozen=True, eq=False)
class OneNetwork:
    """The network of a posterior that predicts most as their average does.

    Attributes:
        bits: of its weights, (n,).
        calibration: temperature, or factor of the standard deviation, of its predictions.
        cross_entropy: mean over training and validation examples of -Σ p log p(· | network) (nats, of numbers in units
            of the standardised target), with the average's predictions p; neither is calibrated.
        candidates: networks that it was chosen from, all different.
        is_most_probable: whether it is the most probable network.
    """

    bits: Bits = field(repr=False)
    calibration: float
    cross_entropy: float
    candidates: int
    is_most_probable: bool

    def to_record(self) -> dict[str, Any]:
        """How it was chosen, as JSON can hold it."""
        return {
            "cross_entropy": self.cross_entropy,
            "candidates": self.candidates,
            "is_most_probable": self.is_most_probable,
        }


def one_network_of(result: "Result") -> OneNetwork:
    """The network of a result that predicts most as the average does; see `OneNetwork`."""
    data = result.data
    candidates, distances = judged_candidates(result.fitted, result.predictor, (data.train, data.validation))
    best = int(np.argmin(distances))
    bits = candidates[best]
    return OneNetwork(
        bits=bits,
        calibration=calibration_alone(result, bits[None]),
        cross_entropy=float(distances[best]),
        candidates=len(candidates),
        is_most_probable=best == 0,
    )


def judged_candidates(
    network: Network,
    predictor: PosteriorPredictor,
    parts: Sequence[Split],
    products: float = MOST_PRODUCTS,
    draw: Callable[[int], Bits] | None = None,
) -> tuple[Bits, Float[np.ndarray, " candidates"]]:
    """Different networks of a posterior, the most probable one first, and their mean cross entropies (nats).

    Of many examples some of each part are taken, and of large networks fewer draws, so that the work is bounded.

    Args:
        network: with its side parameters as they were learnt.
        predictor: of the posterior.
        parts: examples to predict.
        products: of weights and inputs, at most.
        draw: draws so many networks, where the predictor cannot.
    """
    rows = min(MOST_EXAMPLES, max(FEWEST_EXAMPLES, int(products / (network.products_per_example * (1 + DRAWS)))))
    x, weights = examples_of(parts, rows)
    draws = int(products / (network.products_per_example * len(x)))
    drawn = (draw or partial(predictor.sample, seed=SEED))(min(DRAWS, max(FEWEST_DRAWS, draws)))
    best = predictor.most_probable(1)
    different, _, _ = distinct_rows(np.concatenate([best, drawn]))
    others = different[(different != best).any(axis=1)]
    candidates = np.concatenate([best, others])
    distances = cross_entropies(network, x, predictor.predictive(network, x), candidates) @ (weights / weights.sum())
    return candidates, np.where(np.isfinite(distances), distances, np.inf)


def examples_of(parts: Sequence[Split], most: int) -> tuple[Examples, Float[np.ndarray, " examples"]]:
    """Features and weights of examples, so many at most, evenly from all parts; examples of weight 0 say nothing."""
    weights = [np.ones(len(part)) if part.weights is None else part.weights for part in parts]
    places = np.flatnonzero(np.concatenate(weights))
    if len(places) > most:
        places = places[np.linspace(0, len(places) - 1, most).astype(np.int64)]
    # Taken from each part by itself: of many images, a copy of all of them would be large.
    ends = np.cumsum([0, *map(len, parts)])
    own = [places[(places >= first) & (places < last)] - first for first, last in pairwise(ends)]
    x = [part.x[rows] for part, rows in zip(parts, own, strict=True)]
    kept = [values[rows] for values, rows in zip(weights, own, strict=True)]
    return np.concatenate(x), np.concatenate(kept)


def best_network(
    network: Network, predictor: PosteriorPredictor, part: Split, draw: Callable[[int], Bits] | None = None
) -> Bits:
    """The network of a posterior that predicts these examples most as the average does, one row of bits."""
    candidates, distances = judged_candidates(network, predictor, (part,), draw=draw)
    return candidates[int(np.argmin(distances))][None]


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
