"""Objectives side by side, on the same splits and seeds."""

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hyperborn.config import CompareConfig
from hyperborn.config.datasets import data_of
from hyperborn.config.definitions import definition_of
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.networks import Network
from hyperborn.posteriors import ExactPosterior
from hyperborn.predictive import fitted_temperature, scores, tempered
from hyperborn.progress import Progress
from hyperborn.report.notation import EXACT_POSTERIOR
from hyperborn.stats import Estimate
from hyperborn.training.definition import LARGEST_SEED
from hyperborn.training.exact import ExactProblem, exact_posterior
from hyperborn.training.fit import run
from hyperborn.training.regime import Resources
from hyperborn.training.regimes import regime_of

LONG = 60.0
"""Seconds; if the comparison takes longer, an estimate is noted after the first seed."""

MEASURES = ("accuracy", "nll", "brier", "ece", "elbo_gap")
"""Metrics of the test split, then the gap of the ELBO to the log evidence on the training split (nats)."""


@dataclass(frozen=True)
class ObjectiveScores:
    """Scores of one objective, or of the exact posterior, on one seed."""

    label: str
    seed: int
    measures: dict[str, float]
    summary: dict[str, Any]


def compare_objectives(config: CompareConfig, progress: Progress) -> Iterator[list[ObjectiveScores]]:
    """Scores of all objectives and of the exact posterior, seed by seed; over a minute is noted after the first seed.

    Raises:
        UserError: if the data or the definitions cannot be made, or the last seed is out of range.
    """
    if config.seed + config.seeds - 1 > LARGEST_SEED:
        raise UserError(
            f"seeds = {config.seeds} from seed = {config.seed} on pass the largest, {LARGEST_SEED}; lower one"
        )
    started = time.monotonic()
    for seed in range(config.seed, config.seed + config.seeds):
        yield rows_of_seed(config, seed, progress)
        if seed == config.seed:
            expected = (time.monotonic() - started) * config.seeds
            if expected > LONG:
                progress.note(f"all {config.seeds} seeds will take about {expected / 60:.0f} min")


def rows_of_seed(config: CompareConfig, seed: int, progress: Progress) -> list[ObjectiveScores]:
    """Scores of every objective and of the exact posterior, all on the same split and energies."""
    data = data_of(config, progress.note if seed == config.seed else lambda _: None, seed=seed)
    definitions = [definition_of(config, data, name, seed=seed) for name in config.objectives]
    for definition in definitions:
        regime_of(definition).check_exact(definition, "compare")
    exact = exact_posterior(definitions[0], data.train, progress)
    rows: list[ObjectiveScores] = []
    for name, definition in zip(config.objectives, definitions, strict=True):
        problem = ExactProblem(definition, exact)
        summary = run(definition, data, Resources(progress), describe=f"seed {seed}: {name}", problem=problem).summary
        measures = summary["test"] | summary
        rows.append(ObjectiveScores(name, seed, {key: measures[key] for key in MEASURES if key in measures}, summary))
    return [*rows, exact_row(definitions[0].network, data, exact, seed)]


def exact_row(network: Network, data: Dataset, posterior: ExactPosterior, seed: int) -> ObjectiveScores:
    """Scores of the exact posterior, calibrated as the others are; its ELBO is the highest possible."""
    validation, test = data.validation, data.test
    temperature = fitted_temperature(posterior.predictive(network, validation.x), validation.y)
    found = scores(tempered(posterior.predictive(network, test.x), temperature), test.y)
    summary = {"log_evidence": posterior.log_evidence, "entropy": posterior.entropy}
    # The gap is KL(p ‖ p).
    return ObjectiveScores(EXACT_POSTERIOR, seed, {**found, "elbo_gap": 0.0}, summary)


def averages(rows: Iterable[ObjectiveScores]) -> dict[str, dict[str, Estimate]]:
    """Mean and standard error over seeds of every measure, by label in order of first appearance."""
    by_label: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        for key, value in row.measures.items():
            by_label.setdefault(row.label, {}).setdefault(key, []).append(value)
    return {
        label: {key: Estimate.of(np.asarray(values)) for key, values in measures.items()}
        for label, measures in by_label.items()
    }


def means_and_errors(means: Mapping[str, Mapping[str, Estimate]]) -> dict[str, dict[str, tuple[float, float]]]:
    """The averages as tables and plots take them: mean and standard error, not a number where that is unknown."""
    return {
        label: {key: (e.mean, math.nan if e.standard_error is None else e.standard_error) for key, e in found.items()}
        for label, found in means.items()
    }


def comparison_record(config: CompareConfig, rows: Iterable[ObjectiveScores]) -> dict[str, Any]:
    """The comparison for JSON: seeds done and asked for, averages, then the values of every seed."""
    rows = list(rows)
    means: Mapping[str, Mapping[str, Estimate]] = averages(rows)
    return {
        "data": config.data,
        "seeds": len({row.seed for row in rows}),
        "seeds_asked": config.seeds,
        "objectives": {
            label: {key: {"mean": e.mean, "standard_error": e.standard_error} for key, e in measures.items()}
            for label, measures in means.items()
        },
        "runs": [{"objective": row.label, "seed": row.seed, **row.measures, "summary": row.summary} for row in rows],
        "config": config.model_dump(mode="json"),
    }
