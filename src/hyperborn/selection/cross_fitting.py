"""Predictions of examples that were not learnt from: folds, fits on all but one of them, and their scores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from threading import Event
from typing import cast

import jax
import numpy as np
from jaxtyping import Float, Int

from hyperborn._typing import Targets
from hyperborn.data import Dataset, Split
from hyperborn.data.splits import seed_for
from hyperborn.data.weights import Weights
from hyperborn.energy import energies
from hyperborn.errors import UserError
from hyperborn.networks import Network, fitted
from hyperborn.objectives.objectives import ELBO
from hyperborn.posteriors import ExactPosterior
from hyperborn.predictive import ClassProbabilities, NormalMixture, Predictions, own_units, predictions_of_networks
from hyperborn.predictive.metrics import LEAST, weighted_mean
from hyperborn.progress import Progress
from hyperborn.training.choice import CandidateScore
from hyperborn.training.definition import Definition
from hyperborn.training.interruption import Interrupted
from hyperborn.training.loop import check_finite, fresh
from hyperborn.training.one_network import SEED, best_network
from hyperborn.training.regime import Resources
from hyperborn.training.regimes import regime_of

FOLDS = 3
"""Purpose of a seed: see `hyperborn.data.splits.seed_for`."""

SPREAD = 0.3
"""Standard deviation of the logarithm of a calibration under its prior.

A narrow one, for 18 examples that are all classified correctly would ask for any temperature. Of 1, 0.5, 0.25 and 0.1,
the test NLL of seven tables of 24 to 984 rows was lowest, and level, with 0.5 and 0.25.
"""

STEPS_AT_ONCE = 500
"""Steps between which Ctrl-C is heard."""


@dataclass(frozen=True, eq=False)
class Fold:
    """Rows to learn from, and rows to predict."""

    train: Int[np.ndarray, " train"]
    held_out: Int[np.ndarray, " held"]


def folds_of(y: Targets, folds: int, seed: int) -> list[Fold]:
    """Stratified folds, all with training sets of one size, so that one compiled program serves.

    A class is spread over as many folds as it has examples; a class of one example is in every training set. Numbers
    are spread at random. A training set that is larger by one than another loses an example of its commonest class.
    """
    numbers = fold_numbers(y, folds, seed)
    parts = [(np.flatnonzero(numbers != fold), np.flatnonzero(numbers == fold)) for fold in range(folds)]
    size = min(len(train) for train, _ in parts)
    return [Fold(shortened(train, y, size), held) for train, held in parts if len(held)]


def fold_numbers(y: Targets, folds: int, seed: int) -> Int[np.ndarray, " rows"]:
    """The fold of every row, from 0 on; -1 for a row that is never held out. Sizes differ by one at most."""
    order = np.random.default_rng(seed_for(seed, FOLDS)).permutation(len(y))
    numbers = np.full(len(y), -1)
    if y.dtype.kind != "f":
        order = order[np.argsort(y[order], kind="stable")]
        order = order[np.bincount(y)[y[order]] > 1]
    numbers[order] = np.arange(len(order)) % folds
    return numbers


def of_weight(split: Split) -> Split:
    """The examples that count: those of weight 0 say nothing."""
    return split if split.weights is None else split.rows(np.flatnonzero(split.weights))


def can_be_held_out(split: Split) -> bool:
    """Whether folds hold any example out that counts: some class has two, or there are four numbers."""
    y = of_weight(split).y
    return len(y) >= 4 if y.dtype.kind == "f" else bool(np.bincount(y).max(initial=0) > 1)


def shortened(rows: Int[np.ndarray, " rows"], y: Targets, size: int) -> Int[np.ndarray, " size"]:
    """So many of the rows: the last ones of the commonest class are left out, or of numbers the last ones."""
    excess = len(rows) - size
    if not excess:
        return rows
    labels = y[rows]
    places = np.arange(len(rows)) if y.dtype.kind == "f" else np.flatnonzero(labels == np.bincount(labels).argmax())
    return np.delete(rows, places[-excess:])


def learning_from(data: Dataset, train: Split) -> Dataset:
    """The data set with other examples to learn from, and none held out."""
    none = train.rows(np.zeros(0, np.int64))
    return replace(data, train=train, validation=none, test=none)


@dataclass(frozen=True, eq=False)
class Answer:
    """Predictions of the same examples, not calibrated.

    Attributes:
        average: of the posterior's networks.
        alone: gives those of one of its networks, picked by the examples that were learnt from as `Result.one_network`
            is. Of all candidates only the chosen one is asked for them.
    """

    average: Predictions
    alone: Callable[[], Predictions]


def answer_of(definition: Definition, data: Dataset, held_out: Split, given_up: Event) -> Answer:
    """What is predicted of examples after learning from the training split as the definition says.

    Of one register the exact posterior at its β stands in for the circuit that would be trained to it: it is what the
    circuit comes near, and takes no time.

    Raises:
        UserError: if a loss or a prediction is not finite any more.
        Interrupted: soon after `given_up` is set.
    """
    regime, network = regime_of(definition), cast(Network, definition.network)
    if regime.enumerates:
        exact = exact_posterior(definition, data)
        nowhere = np.zeros(definition.posterior.parameter_shape)
        predictor = regime.predictor(definition, nowhere, lambda: exact.probabilities)
        draw = partial(exact.sample, key=jax.random.key(SEED))
    else:
        angles, side = trained_parameters(definition, data, given_up)
        predictor, network = regime.predictor(definition, angles, lambda: np.zeros(0)), fitted(network, side)
        draw = partial(predictor.sample, seed=SEED)

    def alone() -> Predictions:
        return predictions_of_networks(network, held_out.x, best_network(network, predictor, data.train, draw))

    average = predictor.predictive(network, held_out.x)
    if not np.isfinite(losses_of(average, held_out.y)).all():
        raise UserError("predictions of held-out examples are not finite; standardise the features, or scale them down")
    return Answer(average, alone)


def exact_posterior(definition: Definition, data: Dataset) -> ExactPosterior:
    """The distribution at which the definition's ELBO is lowest."""
    network, objective = cast(Network, definition.network), cast(ELBO, definition.objective)
    table = energies(network, data.train, cache=False)
    return ExactPosterior(table, definition.prior.log_probabilities(network), objective.beta)


def trained_parameters(
    definition: Definition, data: Dataset, given_up: Event
) -> tuple[Float[np.ndarray, "..."], Float[np.ndarray, " m"]]:
    """Angles of the posterior and side parameters (float64) of the best restart after all steps, without reports."""
    definition.check(data)
    quiet = Resources(Progress(enabled=False))
    with regime_of(definition).prepare(definition, definition.energies(data), quiet) as problem:
        state, done = fresh(definition).state, 0
        with np.errstate(over="ignore"):
            while done < definition.steps:
                if given_up.is_set():
                    raise Interrupted("a fit was given up")
                state = problem.advance_unseen(state, min(STEPS_AT_ONCE, definition.steps - done))
                done = min(done + STEPS_AT_ONCE, definition.steps)
                if not np.isfinite(state.params).all():
                    break
            params, best = np.asarray(state.params), 0
            if len(params) > 1 or not np.isfinite(params).all():
                diagnosis = problem.advance(state, 0)[1]
                check_finite(definition, diagnosis, done)
                best = int(np.argmin(diagnosis.loss))
    found = params[best].reshape(-1)
    n = definition.posterior.n_parameters
    return found[:n].reshape(definition.posterior.parameter_shape), found[n:].astype(np.float64)


def concatenated(parts: Sequence[Predictions]) -> Predictions:
    """Predictions of the examples of all parts, one after another."""
    if all(isinstance(part, ClassProbabilities) for part in parts):
        return ClassProbabilities(np.concatenate([cast(ClassProbabilities, part).probabilities for part in parts]))
    mixtures = [cast(NormalMixture, part) for part in parts]
    most = max(len(mixture.weights) for mixture in mixtures)

    def padded(values: np.ndarray, filling: float) -> np.ndarray:
        return np.pad(values, ((0, most - len(values)), (0, 0)), constant_values=filling)

    return NormalMixture(
        np.concatenate([padded(mixture.weights, 0.0) for mixture in mixtures], axis=1),
        np.concatenate([padded(mixture.means, 0.0) for mixture in mixtures], axis=1),
        np.concatenate([padded(mixture.deviations, 1.0) for mixture in mixtures], axis=1),
    )


def losses_of(predictions: Predictions, y: Targets) -> Float[np.ndarray, " examples"]:
    """Negative log likelihood of each example (nats)."""
    if isinstance(predictions, ClassProbabilities):
        return -np.log(np.maximum(predictions.probabilities[np.arange(len(y)), y], LEAST))
    return -cast(NormalMixture, predictions).log_density(cast(np.ndarray, y))


def weighted(losses: Float[np.ndarray, " examples"], weights: Weights | None) -> Float[np.ndarray, " examples"]:
    """Losses whose mean is the weighted mean."""
    return losses if weights is None else losses * weights / weights.mean()


def standard_error(losses: Float[np.ndarray, " examples"], weights: Weights | None) -> float:
    """Of the weighted mean of losses, as a ratio has it: the root of Σ (w d)² over Σ w, with the distances d to it."""
    if len(losses) < 2:
        return 0.0
    times = np.ones(len(losses)) if weights is None else weights
    distances = times * (losses - weighted_mean(losses, weights))
    return float(np.sqrt((distances**2).sum() * len(losses) / (len(losses) - 1)) / times.sum())


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Predictions of held-out examples, not calibrated, with their labels, as a candidate's rounds gave them."""

    answers: tuple[Answer, ...] = ()
    splits: tuple[Split, ...] = ()

    def added(self, answer: Answer, held_out: Split) -> "HeldOut":
        return HeldOut((*self.answers, answer), (*self.splits, held_out))

    @property
    def labels(self) -> Targets:
        return np.concatenate([split.y for split in self.splits])

    @property
    def weights(self) -> Weights | None:
        """How often each example counts; None where all count once."""
        found = [split.weights for split in self.splits if split.weights is not None]
        return np.concatenate(found) if len(found) == len(self.splits) and found else None

    @cached_property
    def average(self) -> Predictions:
        return concatenated([answer.average for answer in self.answers])

    @property
    def alone(self) -> Predictions:
        return concatenated([answer.alone() for answer in self.answers])

    def calibration_of(self, predictions: Predictions) -> float:
        """The calibration fitted to predictions of these examples."""
        return predictions.fitted_calibration(self.labels, self.weights, spread=SPREAD)

    @cached_property
    def calibration(self) -> float:
        """Of the average."""
        return self.calibration_of(self.average)

    @cached_property
    def losses(self) -> Float[np.ndarray, " examples"]:
        """Calibrated negative log likelihood of each example (nats; of numbers, of the standardised ones)."""
        return weighted(losses_of(self.average.calibrated(self.calibration), self.labels), self.weights)

    def score(self, name: str, settings: dict[str, object], data: Dataset, *, alone: bool) -> CandidateScore:
        """What is kept of a candidate; `alone` for the calibration of one network as well."""
        predictions = own_units(self.average.calibrated(self.calibration), data)
        labels = data.preprocessing.own_labels(self.labels)
        losses = losses_of(predictions, labels)
        return CandidateScore(
            name=name,
            settings=settings,
            nll=weighted_mean(losses, self.weights),
            standard_error=standard_error(losses, self.weights),
            calibration=self.calibration,
            scores=predictions.scores(labels, self.weights),
            examples=len(losses),
            calibration_alone=self.calibration_of(self.alone) if alone else None,
        )
