"""From a cell to what is measured."""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from jaxtyping import Float

from hyperborn.baselines import BASELINES, Baseline, Ensemble
from hyperborn.building import definition_of, network_of
from hyperborn.config import RunConfig
from hyperborn.data import Dataset, Split
from hyperborn.energy import energies, energy
from hyperborn.errors import UserError
from hyperborn.inference.optimum import optimum
from hyperborn.networks import BinaryMLP, Network
from hyperborn.posteriors import ExactPosterior
from hyperborn.predictive import (
    accuracy,
    exact_predictive,
    fitted_temperature,
    mean_nll,
    most_probable,
    posterior_predictive,
    scores,
    tempered,
)
from hyperborn.predictive.temperature import SPREAD
from hyperborn.priors import Uniform
from hyperborn.progress import Progress
from hyperborn.study.cell import Cell, Method
from hyperborn.study.splitting import configuration, split_of
from hyperborn.training import Result
from hyperborn.training.fit import run
from hyperborn.training.loop import Problem

NETWORK_KEYS = {field.name for field in fields(BinaryMLP)} & RunConfig.model_fields.keys()
CONVEX = ("mle", "elbo", "selbo")
"""Objectives whose lowest value over all distributions is reported."""

Row = dict[str, Any]
Predictions = dict[str, Float[np.ndarray, "examples classes"]]


class Bench:
    """One split, and what cells on it share: energies, fits that several of them need. It alters no result."""

    def __init__(self, cell: Cell) -> None:
        self.data: Dataset = split_of(cell)
        self._posteriors: dict[Network, ExactPosterior] = {}
        self._results: dict[str, Result] = {}

    def posterior(self, network: Network) -> ExactPosterior:
        """The exact posterior under the uniform prior."""
        if network not in self._posteriors:
            # Split after split would fill the cache on disk with tables that nobody asks for again.
            table = energies(network, self.data.train, cache=False)
            self._posteriors[network] = ExactPosterior(table, Uniform().log_probabilities(network))
        return self._posteriors[network]

    def result(self, config: RunConfig) -> Result:
        """The run that a configuration asks for."""
        key = config.model_dump_json()
        if key not in self._results:
            definition = definition_of(config, self.data, config.objective)
            exact = self.posterior(definition.network)
            log_prior = definition.prior.log_probabilities(definition.network)
            problem = Problem(exact.energies, log_prior)
            self._results[key] = run(definition, self.data, Progress(enabled=False), problem=problem)
        return self._results[key]


def measured(cell: Cell, bench: Bench) -> Row:
    """What a method achieves on a split; the same for the same cell.

    Scores of the test split, "accuracy", "nll" (nats an example), "brier" and "ece", are those at the "temperature"
    that was fitted to the validation split, and so is every method's; those at temperature 1 end in "_at_1".

    Raises:
        UserError: if the method's settings do not fit the task.
    """
    of_kind = {"run": of_run, "baseline": of_baseline, "exact": of_exact}
    predictions, row = of_kind[cell.method.kind](cell, bench)
    return row | scored(predictions, bench.data)


def of_run(cell: Cell, bench: Bench) -> tuple[Predictions, Row]:
    """A run of hyperborn, with what is left open chosen on the validation split."""
    settings, tried = chosen(cell, bench)
    result = bench.result(configuration(cell, settings))
    definition, exact = result.definition, bench.posterior(result.network)
    row: Row = {name: result.numbers[name] for name in ("loss", "elbo", "log_evidence", "total_variation", "entropy")}
    row["gap"] = result.numbers["elbo_gap"]
    row["posterior_entropy"] = exact.entropy
    row["excess_energy"] = result.numbers["expected_energy"] - float(exact.energies.min())
    row |= {"losses": list(result.losses), "steps": result.steps, "fits": tried}
    row |= {"n_weights": result.network.n_weights, "n_parameters": definition.posterior.n_parameters}
    row["chosen"] = json.dumps({key: settings[key] for key in cell.method.choose}, sort_keys=True)
    if definition.objective.name in CONVEX:
        log_prior = definition.prior.log_probabilities(result.network)
        row["optimum"] = optimum(definition.objective, exact.energies, log_prior).value
    q = result.probabilities
    row["map_accuracy"] = map_accuracy(result.network, bench.data, q)
    return predicted(bench.data, lambda x: exact_predictive(result.network, x, q)), row


def map_accuracy(network: Network, data: Dataset, q: Float[np.ndarray, " states"]) -> float:
    """Test accuracy of the most probable network alone, which is what a small device would hold."""
    best = most_probable(q, 1)
    return accuracy(posterior_predictive(network, data.test.x, best), data.test.y)


def chosen(cell: Cell, bench: Bench) -> tuple[dict[str, Any], int]:
    """The settings with every open key settled, one after the other, and how many fits that took."""
    method = cell.method
    settings = {**method.settings, **{key: values[0] for key, values in method.choose.items()}}
    prices: dict[str, float] = {}

    def price(given: Mapping[str, Any]) -> float:
        config = configuration(cell, given)
        key = config.model_dump_json()
        if key not in prices:
            prices[key] = price_of(method, bench.result(config))
        return prices[key]

    for key, values in method.choose.items():
        best = min(range(len(values)), key=lambda place: price({**settings, key: values[place]}))
        settings[key] = values[best]
    return settings, max(1, len(prices))


def price_of(method: Method, result: Result) -> float:
    """What a choice is made by: lower is better."""
    if method.by == "loss":
        return result.numbers["loss"]
    # What the temperature costs under its prior counts, for it was fitted to the same examples.
    validation = result.data.validation
    nll = result.metrics("validation")["nll"]
    return nll + 0.5 * (np.log(result.temperature) / SPREAD) ** 2 / len(validation)


def check_settings(cell: Cell) -> None:
    """Raise a UserError for settings that the cell's method does not take, or values that are not allowed."""
    method = cell.method
    if method.kind == "baseline":
        own, rest = network_settings(method)
        configuration(cell, own)
        baseline_of(method, rest)
        return
    configuration(cell, method.settings)
    for key, values in method.choose.items():
        for value in values:
            configuration(cell, {**method.settings, key: value})


def network_settings(method: Method) -> tuple[Row, Row]:
    """A baseline's settings: those of the network, and its own."""
    given = method.settings.items()
    own = {key: value for key, value in given if key in NETWORK_KEYS}
    return own, {key: value for key, value in given if key not in NETWORK_KEYS}


def baseline_of(method: Method, settings: Row) -> Baseline:
    """The baseline with its settings."""
    kind = BASELINES[method.baseline]
    try:
        return kind(**settings)
    except TypeError as error:
        known = ", ".join(field.name for field in fields(kind)) or "none"  # pyright: ignore[reportArgumentType]
        given = ", ".join(settings)
        raise UserError(f"baseline {kind.name} does not take {given}; its settings are {known}") from error


def of_baseline(cell: Cell, bench: Bench) -> tuple[Predictions, Row]:
    """A baseline on the task's network."""
    own, rest = network_settings(cell.method)
    network = network_of(configuration(cell, own), bench.data)
    predictor = baseline_of(cell.method, rest).fit(network, bench.data, seed=cell.seed)
    row: Row = {"n_weights": network.n_weights, "fits": 1}
    if isinstance(predictor, Ensemble) and len(predictor.bits) == 1:
        least = float(bench.posterior(network).energies.min())
        row["excess_energy"] = float(energy(network, bench.data.train, predictor.bits)[0]) - least
    return predicted(bench.data, predictor.predict_proba), row


def of_exact(cell: Cell, bench: Bench) -> tuple[Predictions, Row]:
    """The exact posterior of the task's network."""
    network = network_of(configuration(cell, cell.method.settings), bench.data)
    exact = bench.posterior(network)
    row: Row = {"n_weights": network.n_weights, "log_evidence": exact.log_evidence, "elbo": exact.log_evidence}
    row |= {"entropy": exact.entropy, "posterior_entropy": exact.entropy, "gap": 0.0, "total_variation": 0.0}
    row["excess_energy"] = float(exact.probabilities @ exact.energies - exact.energies.min())
    row["map_accuracy"] = map_accuracy(network, bench.data, exact.probabilities)
    return predicted(bench.data, lambda x: exact.predictive(network, x)), row


def predicted(data: Dataset, predict: Any) -> Predictions:
    return {name: predict(data.split(name).x) for name in ("train", "validation", "test")}


def scored(predictions: Predictions, data: Dataset) -> Row:
    """Scores of the test split at the fitted temperature and at 1, and the NLL of the others."""
    temperature = fitted_temperature(predictions["validation"], data.validation.y)
    test: Split = data.test
    row: Row = {"temperature": temperature, **scores(tempered(predictions["test"], temperature), test.y)}
    row |= {f"{name}_at_1": value for name, value in scores(predictions["test"], test.y).items() if name != "accuracy"}
    row["train_nll"] = mean_nll(tempered(predictions["train"], temperature), data.train.y)
    row["validation_nll"] = mean_nll(tempered(predictions["validation"], temperature), data.validation.y)
    return row | {"n_train": len(data.train), "n_validation": len(data.validation), "n_test": len(test)}
