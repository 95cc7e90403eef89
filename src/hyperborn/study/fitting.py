"""Runs a cell: trains its method on its split, and measures the result."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits, Examples
from hyperborn.baselines import Ensemble, Predictor, TrainedMeanField
from hyperborn.config import RunConfig
from hyperborn.config.definitions import definition_of, prior_of
from hyperborn.config.networks import network_of
from hyperborn.data import Dataset
from hyperborn.data.dataset import SPLITS
from hyperborn.energy import energies, energy
from hyperborn.errors import UserError
from hyperborn.networks import Network
from hyperborn.objectives.objectives import Objective
from hyperborn.objectives.optimum import optimum
from hyperborn.posteriors import ExactPosterior, enumeration
from hyperborn.posteriors.enumeration import most_probable
from hyperborn.predictive import (
    ClassProbabilities,
    Predictions,
    calibrated_nll,
    own_units,
    predictions_of_distribution,
    predictions_of_networks,
)
from hyperborn.priors import Bernoulli, Prior
from hyperborn.progress import Progress
from hyperborn.records import record_of
from hyperborn.study.cell import Cell, Method
from hyperborn.study.settings import baseline_of, check_no_backend, is_enumerated, shared_settings
from hyperborn.study.splits import configuration, split_of
from hyperborn.training import Result
from hyperborn.training.exact import ExactProblem
from hyperborn.training.fit import run
from hyperborn.training.regime import Resources
from hyperborn.training.regimes import regime_of

CONVEX = ("mle", "elbo", "selbo")
"""Objectives whose lowest value over all distributions is reported."""
Row = dict[str, Any]
BySplit = dict[str, Predictions]
"""Predictions of each split, in the units of a regression's target, not calibrated."""
UNCALIBRATED = ("accuracy", "rmse", "mae", "r2")
"""Scores that calibration does not change."""


class SplitFits:
    """One split, with the posteriors and runs that several of its cells need; sharing them changes no result.

    `progress` shows its trainings; without it nothing is shown.
    """

    def __init__(self, cell: Cell, progress: Progress | None = None) -> None:
        self.data: Dataset = split_of(cell)
        self.progress = progress or Progress(enabled=False)
        # The cache on disk would fill with the tables of a study's many splits; those of a comparison are few.
        self.keeps_energies = cell.is_of_comparison
        self._posteriors: dict[str, ExactPosterior] = {}
        self._results: dict[str, Result] = {}

    def posterior(self, network: Network, prior: Prior) -> ExactPosterior:
        """The exact posterior of the training split."""
        key = json.dumps([record_of(network), record_of(prior)])
        if key not in self._posteriors:
            shown = self.progress.counter("energies")
            table = energies(network, self.data.train, cache=self.keeps_energies, progress=shown)
            self._posteriors[key] = ExactPosterior(table, prior.log_probabilities(network))
        return self._posteriors[key]

    def result(self, config: RunConfig) -> Result:
        """The run that a configuration asks for.

        Raises:
            UserError: if its parts do not fit each other or the data, or it is on a backend.
        """
        key = config.model_dump_json()
        if key not in self._results:
            definition = definition_of(config, self.data, config.objective)
            check_no_backend(definition)
            problem = None
            if regime_of(definition).enumerates:
                network = definition.network
                assert isinstance(network, Network)
                problem = ExactProblem(definition, self.posterior(network, definition.prior))
            stage = f"seed {config.seed}: {config.objective}"
            self._results[key] = run(definition, self.data, Resources(self.progress), describe=stage, problem=problem)
        return self._results[key]


def run_cell(cell: Cell, fits: SplitFits) -> Row:
    """The scores of a method on a split, and what else is known of it; the same for the same cell.

    Scores of the test split, "accuracy", "nll" (nats an example), "brier" and "ece", are those at the "temperature"
    that was fitted to the validation split, for every method alike; those at temperature 1 end in "_at_1". What
    needs examples of an empty split is left out. Of a regression they are those of `NormalMixture`.

    Raises:
        UserError: if the method's settings do not fit the task.
    """
    of_kind = {"run": fit_run, "baseline": fit_baseline, "exact": fit_exact}
    predictions, row = of_kind[cell.method.kind](cell, fits)
    return row | scores_of_splits(predictions, fits.data)


def fit_run(cell: Cell, fits: SplitFits) -> tuple[BySplit, Row]:
    """A run of hyperborn, with the open settings chosen first.

    Of a posterior on many registers no exact one is known, so that there is no distance to it.
    """
    settings, tried = choose_settings(cell, fits)
    result = fits.result(configuration(cell, settings))
    definition, network, row = result.definition, result.network, {"loss": result.numbers["loss"]}
    known = {"losses": list(result.losses), "steps": result.steps, "fits": tried}
    known |= {"n_weights": network.n_weights, "n_parameters": definition.posterior.n_parameters}
    known["chosen"] = json.dumps({key: settings[key] for key in cell.method.choose}, sort_keys=True)
    if not regime_of(definition).enumerates:
        row |= {name: result.numbers[name] for name in ("elbo", "entropy")} | known
        row |= map_accuracy(result.fitted, fits.data, result.most_probable())
        return predict_splits(fits.data, lambda x: result.predictor.predictive(result.fitted, x)), row
    exact, q = fits.posterior(network, definition.prior), result.probabilities
    row |= distance_to_posterior(q, exact) | known
    row |= lowest_loss(definition.objective, exact, searched=not cell.is_of_comparison)
    row |= map_accuracy(network, fits.data, most_probable(q, 1))
    return predict_splits(fits.data, lambda x: predictions_of_distribution(network, x, q)), row


def lowest_loss(objective: Objective, exact: ExactPosterior, *, searched: bool) -> Row:
    """The objective's lowest value over all distributions, if it is convex and that value is found and certified.

    A study, which has hours, searches for it (`optimum`); a comparison, for which somebody waits, takes formulas alone.
    """
    if not searched:
        lowest = objective.lowest(exact.energies, exact.log_prior)
        return {} if lowest is None else {"optimum": lowest}
    divergence = objective.bind(exact.energies, exact.log_prior).divergence
    if objective.name in CONVEX and (divergence is None or divergence.convex):
        # A search that takes too many steps leaves the scores as they are.
        with suppress(UserError):
            return {"optimum": optimum(objective, exact.energies, exact.log_prior).value}
    return {}


def distance_to_posterior(q: Float[np.ndarray, " states"], exact: ExactPosterior) -> Row:
    """How far a distribution over all networks is from the exact posterior; in nats, except the total variation."""
    found = exact.compared(q)
    row: Row = {name: found[name] for name in ("elbo", "log_evidence", "total_variation")}
    row |= {"gap": found["elbo_gap"], "entropy": enumeration.entropy(q), "posterior_entropy": exact.entropy}
    return row | {"excess_energy": enumeration.expected_energy(q, exact.energies) - float(exact.energies.min())}


def map_accuracy(network: Network, data: Dataset, best: Bits) -> Row:
    """Test accuracy (or error) of the most probable network alone, such as a small device would hold.

    Args:
        network: with its side parameters as they were learnt.
        data: whose test split is predicted.
        best: the most probable network, one row of bits.
    """
    if not len(data.test):
        return {}
    found = own_units(predictions_of_networks(network, data.test.x, best), data)
    labels = data.preprocessing.own_labels(data.test.y)
    return {f"map_{network.likelihood.score}": found.quick_score(labels, data.test.weights)}


def choose_settings(cell: Cell, fits: SplitFits) -> tuple[dict[str, Any], int]:
    """The settings, with open keys chosen one after the other, and how many fits that took."""
    method = cell.method
    settings = {**method.settings, **{key: values[0] for key, values in method.choose.items()}}
    losses: dict[str, float] = {}

    def loss(given: Mapping[str, Any]) -> float:
        config = configuration(cell, given)
        key = config.model_dump_json()
        if key not in losses:
            losses[key] = selection_loss(method, fits.result(config))
        return losses[key]

    for key, values in method.choose.items():
        best = min(range(len(values)), key=lambda place: loss({**settings, key: values[place]}))
        settings[key] = values[best]
    return settings, max(1, len(losses))


def selection_loss(method: Method, result: Result) -> float:
    """The number by which settings are chosen (nats), lower is better: a training loss or a validation NLL."""
    if method.by == "loss":
        return result.numbers["loss"]
    validation = result.data.validation
    predictions = result.predictions(validation.x, calibrated=False)
    if isinstance(predictions, ClassProbabilities):
        return calibrated_nll(predictions.probabilities, validation.y, validation.weights)
    labels, weights = result.data.preprocessing.own_labels(validation.y), validation.weights
    factor = predictions.fitted_calibration(labels, weights)
    # The penalty of the factor's prior, as of a temperature's.
    penalty = 0.5 * np.log(factor) ** 2 / (len(labels) if weights is None else weights.sum())
    return predictions.calibrated(factor).scores(labels, weights)["nll"] + float(penalty)


def fit_baseline(cell: Cell, fits: SplitFits) -> tuple[BySplit, Row]:
    """A baseline on the task's network; where it learns its bits, also how far these are from the exact posterior.

    Of a network for many registers no exact posterior is known.
    """
    own, rest = shared_settings(cell.method)
    config = configuration(cell, own)
    network, prior = network_of(config, fits.data), prior_of(config)
    predictor = baseline_of(cell.method, rest).fit(network, fits.data, prior=prior, seed=cell.seed)
    row: Row = {"n_weights": network.n_weights}
    if is_enumerated(config, fits.data):
        row |= distance_of_baseline(predictor, network, fits.data, lambda: fits.posterior(network, prior))
    return predict_splits(fits.data, lambda x: ClassProbabilities(predictor.predict_proba(x))), row


def distance_of_baseline(
    predictor: Predictor, network: Network, data: Dataset, posterior: Callable[[], ExactPosterior]
) -> Row:
    """How far the bits that a baseline has learnt are from the exact posterior; nothing of full precision."""
    if isinstance(predictor, TrainedMeanField):
        return distance_to_posterior(predictor.result.probabilities, posterior())
    if not isinstance(predictor, Ensemble):
        return {}
    if predictor.marginals is not None:
        q = np.exp(Bernoulli(predictor.marginals.tolist()).log_probabilities(network))
        return distance_to_posterior(q, posterior())
    mean = np.average(energy(network, data.train, predictor.bits), weights=predictor.weights)
    return {"excess_energy": float(mean) - float(posterior().energies.min())}


def fit_exact(cell: Cell, fits: SplitFits) -> tuple[BySplit, Row]:
    """The exact posterior of the task's network."""
    config = configuration(cell, cell.method.settings)
    network = network_of(config, fits.data)
    exact = fits.posterior(network, prior_of(config))
    row: Row = {"n_weights": network.n_weights, **distance_to_posterior(exact.probabilities, exact)}
    row |= map_accuracy(network, fits.data, most_probable(exact.probabilities, 1))
    return predict_splits(fits.data, lambda x: predictions_of_distribution(network, x, exact.probabilities)), row


def predict_splits(data: Dataset, predict: Callable[[Examples], Predictions]) -> BySplit:
    return {name: own_units(predict(data.split(name).x), data) for name in SPLITS}


def scores_of_splits(predictions: BySplit, data: Dataset) -> Row:
    """Scores of the test split, calibrated and not, and the NLL of the others; none of empty ones."""
    labels = {name: data.preprocessing.own_labels(data.split(name).y) for name in SPLITS}
    weights = {name: data.split(name).weights for name in SPLITS}
    calibration = predictions["validation"].fitted_calibration(labels["validation"], weights["validation"])
    test = predictions["test"]
    row: Row = {test.calibration: calibration}
    row |= test.calibrated(calibration).scores(labels["test"], weights["test"])
    plain = test.scores(labels["test"], weights["test"])
    row |= {f"{name}_at_1": value for name, value in plain.items() if name not in UNCALIBRATED}
    for name in ("train", "validation"):
        if len(labels[name]):
            own = predictions[name].calibrated(calibration).scores(labels[name], weights[name])
            row[f"{name}_nll"] = own["nll"]
    return row | {f"n_{name}": len(labels[name]) for name in SPLITS}
