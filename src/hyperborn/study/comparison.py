"""Objectives side by side: a study of one task, whose methods are a run with each objective and the exact posterior."""

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from hyperborn.config import CompareConfig
from hyperborn.config.applicability import given_for
from hyperborn.config.networks import registers_asked_for
from hyperborn.errors import UserError
from hyperborn.predictive.linear_regression import linear_scores
from hyperborn.progress import Progress
from hyperborn.report.notation import EXACT_POSTERIOR
from hyperborn.stats import Estimate
from hyperborn.study.cell import Cell, Method
from hyperborn.study.fitting import SHARED_KEYS, Row, check_settings
from hyperborn.study.metric_values import means_by_group
from hyperborn.study.scheduler import EXACT, LabelledCell, cells_with_rows, labelled_row
from hyperborn.study.splits import OF_DATA, OWNED, split_of
from hyperborn.study.store import LABELS
from hyperborn.training.definition import LARGEST_SEED

LONG = 60.0
"""Seconds; if the comparison takes longer, an estimate is noted after the first seed."""

MEASURES = ("accuracy", "rmse", "nll", "brier", "ece", "r2", "coverage_90", "elbo_gap")
"""Metrics of the test split, of classes or of a number, then the gap of the ELBO to the log evidence (nats)."""

LINEAR = "linear regression"
"""The name of the row that holds the scores of a linear regression, beside those of a regression."""

PART = "comparison"
"""What the cells are a part of, where they have one."""

OF_TASK = {*OF_DATA, *OWNED, *SHARED_KEYS} - {"seed"}
"""Keys of the configuration that the task takes: data, splits, network and prior. Its methods take the others."""


def comparison_cells(config: CompareConfig) -> list[LabelledCell]:
    """The cells of a comparison, seed by seed; methods are called by their objectives.

    Raises:
        UserError: if the last seed is out of range.
    """
    if config.seed + config.seeds - 1 > LARGEST_SEED:
        raise UserError(
            f"seeds = {config.seeds} from seed = {config.seed} on pass the largest, {LARGEST_SEED}; lower one"
        )
    given = config.model_dump(mode="json", include=set(config.given))
    task = {key: value for key, value in given.items() if key in OF_TASK}
    asked = registers_asked_for(config)
    if asked is not None:
        # One objective or option that asks for a kind of posterior asks for it everywhere.
        task["posterior"] = "registers" if asked else "register"
    methods = {name: objective_method(config, given, name) for name in config.objectives} | {EXACT_POSTERIOR: EXACT}
    return [
        (PART, config.data, label, Cell(task, None, 0, seed, method))
        for seed in range(config.seed, config.seed + config.seeds)
        for label, method in methods.items()
    ]


def objective_method(config: CompareConfig, given: Mapping[str, Any], objective: str) -> Method:
    """A run with one of the objectives, and with the options that such a run uses."""
    used = given_for(config, objective) - OF_TASK - {"objectives", "seeds", "seed", "posterior"}
    return Method("run", "", {"objective": objective, **{key: given[key] for key in used}}, {}, "validation")


def compare_objectives(config: CompareConfig, progress: Progress) -> Iterator[list[Row]]:
    """Rows of all objectives and of the exact posterior, seed by seed; over a minute is noted after the first seed.

    Raises:
        UserError: if the data or the definitions cannot be made, a run fails, or the last seed is out of range.
    """
    cells = comparison_cells(config)
    started = time.monotonic()
    seeds = [list(split) for _, split in groupby(cells, key=lambda labelled: labelled[3].seed)]
    check_first(seeds[0], progress)
    for split in seeds:
        rows = [row_of(labelled, found) for labelled, found in cells_with_rows(split, progress)]
        yield rows + linear_rows(rows[0], split[0][3])
        if split is seeds[0]:
            expected = (time.monotonic() - started) * config.seeds
            if expected > LONG:
                progress.note(f"all {config.seeds} seeds will take about {expected / 60:.0f} min")


def check_first(split: Sequence[LabelledCell], progress: Progress) -> None:
    """Check, before any work, that every method fits the task, and note what is done to its data.

    Raises:
        UserError: for the first that does not.
    """
    data = split_of(split[0][3], progress.note)
    for *_, cell in split:
        check_settings(cell, data, "compare")


def row_of(labelled: LabelledCell, found: Row) -> Row:
    """The row of a cell.

    Raises:
        UserError: if it failed.
    """
    if "error" in found:
        raise UserError(found["error"])
    return labelled_row(labelled, found)


def linear_rows(first: Row, cell: Cell) -> list[Row]:
    """The row of a linear regression on the split of a cell; none of classes."""
    if "rmse" not in first:
        return []
    labels = {key: first[key] for key in LABELS & first.keys()} | {"seed": cell.seed}
    return [labels | {"method": LINEAR} | linear_scores(split_of(cell))["test"]]


def with_gap(row: Row) -> Row:
    """A row with the gap by the name that results have for it; the exact posterior's is 0, but for rounding.

    A linear regression has none.
    """
    if row["method"] == LINEAR:
        return row
    return {**row, "elbo_gap": 0.0 if row["method"] == EXACT_POSTERIOR else row["gap"]}


def averages(rows: Iterable[Row]) -> dict[str, dict[str, Estimate]]:
    """Mean and standard error over seeds of every measure, by label in order of first appearance."""
    measured_rows = [with_gap(row) for row in rows]
    found: dict[str, dict[str, Estimate]] = {}
    for key in MEASURES:
        for (_, _, label), mean in means_by_group(measured_rows, key).items():
            found.setdefault(label, {})[key] = mean
    return found


def means_and_errors(means: Mapping[str, Mapping[str, Estimate]]) -> dict[str, dict[str, tuple[float, float]]]:
    """The averages as tables and plots take them: mean and standard error, not a number where that is unknown."""
    return {
        label: {key: (e.mean, math.nan if e.standard_error is None else e.standard_error) for key, e in found.items()}
        for label, found in means.items()
    }


def comparison_record(config: CompareConfig, rows: Sequence[Row]) -> dict[str, Any]:
    """The comparison for JSON: seeds done and asked for, averages, then the values of every seed."""
    return {
        "data": config.data,
        "seeds": len({row["seed"] for row in rows}),
        "seeds_asked": config.seeds,
        "objectives": {
            label: {key: {"mean": e.mean, "standard_error": e.standard_error} for key, e in found.items()}
            for label, found in averages(rows).items()
        },
        "runs": [record_of_run(with_gap(row)) for row in rows],
        "config": config.model_dump(mode="json"),
    }


def record_of_run(row: Row) -> dict[str, Any]:
    """The measures of a row with its gap, and as its summary all that its cell found."""
    measures = {key: row[key] for key in MEASURES if key in row}
    summary = {key: value for key, value in row.items() if key not in LABELS}
    return {"objective": row["method"], "seed": row["seed"], **measures, "summary": summary}
