"""Single networks of a trained posterior, and the rules that choose one of them."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from jaxtyping import Float

import hyperborn as hb
from hyperborn._typing import Bits, Examples
from hyperborn.data.dataset import Split
from hyperborn.networks import Network
from hyperborn.networks.outputs import blocks_of_outputs
from hyperborn.predictive import ClassProbabilities, own_units, predictions_of_networks, split_scores
from report import NEAREST

DRAWS = 256
"""Networks beside the most probable one."""
DRAWS_SEED = 1
"""Of the draws; the 32 networks of the average have seed 0."""
LOGARITHMS = np.linspace(-4, 4, 33)
"""Of the calibrations that candidates are compared with. The one that is chosen is calibrated more finely."""
MEMORY = 256 * 2**20
FLIPPED_AT_ONCE = 32
"""Flips of one bit each that are compared with each other."""

Totals = Float[np.ndarray, " networks"]


@dataclass(frozen=True, eq=False)
class Candidates:
    """Networks of one run with their NLL, summed over examples (nats).

    The first is the most probable one, and the others are drawn.

    Attributes:
        result: the run.
        bits: (networks, n).
        training: of the training examples.
        validation: of the validation examples.
        calibrated: of the validation examples, each network calibrated on them.
        from_average: of labels that are the average's predictions, of training and validation examples.
        seconds: of the run, of `training`, of `validation` with `calibrated`, and of `from_average`.
    """

    result: hb.Result
    bits: Bits
    training: Totals
    validation: Totals
    calibrated: Totals
    from_average: Totals
    seconds: dict[str, float]


def candidates_of(result: hb.Result, fit_seconds: float) -> Candidates:
    """The most probable network and `DRAWS` drawn ones."""
    bits = np.concatenate([result.most_probable(1), result.sample(DRAWS, seed=DRAWS_SEED)])
    started = perf_counter()
    training = result.energies(bits)
    between = perf_counter()
    validation, calibrated = validation_totals(result.fitted, bits, result.data.validation)
    after = perf_counter()
    x = np.concatenate([result.data.train.x, result.data.validation.x])
    from_average = average_totals(result, bits, x)
    seconds = {
        "fit": fit_seconds,
        "training": between - started,
        "validation": after - between,
        "average": perf_counter() - after,
    }
    return Candidates(result, bits, training, validation, calibrated, from_average, seconds)


def validation_totals(network: Network, bits: Bits, split: Split) -> tuple[Totals, Totals]:
    """NLL of each network (nats, summed over examples): as it is, and with the best of `LOGARITHMS` and its prior."""
    as_is, at_each = np.zeros(len(bits)), np.zeros((len(LOGARITHMS), len(bits)))
    beside = 3 * max(1, network.n_classes)
    for rows, columns, outputs in blocks_of_outputs(network, bits, split.x, memory=MEMORY, beside=beside):
        labels = split.y[columns]
        as_is[rows] += network.likelihood.nll(outputs, labels).sum(axis=1)
        for place, logarithm in enumerate(LOGARITHMS):
            moved = calibrated_outputs(outputs, logarithm, bool(network.n_classes))
            at_each[place, rows] += network.likelihood.nll(moved, labels).sum(axis=1)
    return as_is, (at_each + 0.5 * LOGARITHMS[:, None] ** 2).min(axis=0)


def average_totals(result: hb.Result, bits: Bits, x: Examples) -> Totals:
    """NLL of each network (nats, summed over examples) if every label had the probability that the average gives it.

    Of numbers it is that of the average's means: all networks of a run have the same noise, so that the rest is the
    same for them.
    """
    network, average = result.fitted, result.predictive(x)
    shares: list[tuple[np.ndarray, np.ndarray]] = [(np.ones(len(x)), average.best)]
    if isinstance(average, ClassProbabilities):
        shares = [(share, np.full(len(x), index)) for index, share in enumerate(average.probabilities.T)]
    totals = np.zeros(len(bits))
    for rows, columns, outputs in blocks_of_outputs(
        network, bits, x, memory=MEMORY, beside=3 * max(1, network.n_classes)
    ):
        for share, labels in shares:
            totals[rows] += network.likelihood.nll(outputs, labels[columns]) @ share[columns]
    return totals


def calibrated_outputs(outputs: np.ndarray, logarithm: float, is_classes: bool) -> np.ndarray:
    """Outputs at the calibration exp(logarithm): logits are divided by it, and it multiplies the noise of a number."""
    return outputs / np.exp(logarithm) if is_classes else outputs + np.array([0.0, logarithm])


RULES: dict[str, Callable[[Candidates], Totals]] = {
    "validation": lambda found: found.validation,
    "validation, calibrated": lambda found: found.calibrated,
    "training": lambda found: found.training,
    "training + validation": lambda found: found.training + found.validation,
    NEAREST: lambda found: found.from_average,
}
"""What the chosen network has the least of."""


def chosen(runs: list[Candidates], rule: Callable[[Candidates], Totals]) -> tuple[hb.Result, Bits]:
    """The network of all these runs that the rule prefers, (1, n), and its run."""
    best = min(runs, key=lambda found: float(rule(found).min()))
    place = int(rule(best).argmin())
    return best.result, best.bits[place : place + 1]


def polished(energies: Callable[[Bits], Totals], bits: Bits, random: np.random.Generator) -> Bits:
    """Bits (1, n) of no higher energy, after every bit was tried once, in an order that is drawn.

    Of `FLIPPED_AT_ONCE` flips at a time the best is kept, if it lowers the energy.
    """
    bits = bits.copy()
    least = float(energies(bits)[0])
    order = random.permutation(bits.shape[1])
    for first in range(0, len(order), FLIPPED_AT_ONCE):
        places = order[first : first + FLIPPED_AT_ONCE]
        tried = np.repeat(bits, len(places), axis=0)
        tried[np.arange(len(places)), places] ^= 1
        found = energies(tried)
        if found.min() < least:
            least = float(found.min())
            bits = tried[found.argmin()][None]
    return bits


def scores_alone(result: hb.Result, bits: Bits) -> list[float]:
    """NLL (nats) and accuracy or RMSE on the test examples of one network, calibrated on those of validation.

    Without validation examples it is not calibrated.
    """
    data = result.data
    calibration = 1.0
    if len(data.validation):
        held_out = predictions_of_networks(result.fitted, data.validation.x, bits)
        calibration = held_out.fitted_calibration(data.validation.y, data.validation.weights)
    predictions = predictions_of_networks(result.fitted, data.test.x, bits).calibrated(calibration)
    return kept(split_scores(own_units(predictions, data), data, data.test))


def kept(scores: dict[str, Any]) -> list[float]:
    """What is compared: NLL (nats), and accuracy or RMSE."""
    return [round(float(scores[name]), 5) for name in ("nll", "accuracy", "rmse") if name in scores]
