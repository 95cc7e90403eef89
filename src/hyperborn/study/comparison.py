"""Objectives side by side: a study of one task.

Its methods are a run with each objective, the exact posterior where one circuit holds the network, and simpler
predictions.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from hyperborn.baselines import LogisticRegression
from hyperborn.config import CompareConfig
from hyperborn.config.applicability import given_for
from hyperborn.config.networks import registers_asked_for, shape_of
from hyperborn.config.parts import class_of
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.predictive.constant import constant_scores
from hyperborn.predictive.linear_regression import linear_scores
from hyperborn.progress import Progress
from hyperborn.report.notation import (
    AVERAGE,
    COMMONEST,
    EXACT_POSTERIOR,
    LINEAR,
    LOGISTIC,
    SIMPLE,
    objective_name,
)
from hyperborn.stats import Estimate
from hyperborn.study.cell import Cell, Method
from hyperborn.study.fitting import Row
from hyperborn.study.metric_values import means_by_group
from hyperborn.study.scheduler import EXACT, LabelledCell, cells_with_rows, labelled_row
from hyperborn.study.settings import SHARED_KEYS, check_settings
from hyperborn.study.splits import OF_DATA, OWNED, split_of
from hyperborn.study.store import LABELS
from hyperborn.training.definition import LARGEST_SEED

LONG = 60.0
"""Seconds; if the comparison takes longer, an estimate is noted."""

SLOW = 5.0
"""Seconds; if the first run takes longer, the estimate is noted after it, else after the first seed."""

MEASURES = ("accuracy", "rmse", "nll", "brier", "ece", "auc", "r2", "coverage_90", "elbo_gap")
"""Metrics of the test split, of classes or of a number, then the gap of the ELBO to the log evidence (nats)."""

LOGISTIC_REGRESSION = Method("baseline", LogisticRegression.name, {}, {}, "validation")
"""The method that what is compared stands beside, where the target is classes."""

PART = "comparison"
"""What the cells are a part of, where they have one."""

OF_TASK = {*OF_DATA, *OWNED, *SHARED_KEYS} - {"seed"}
"""Keys of the configuration that the task takes: data, splits, network and prior. Its methods take the others."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """What is compared: cells, seed by seed, whose methods are called by their objectives, and what is not.

    Attributes:
        cells: by part, task and method.
        data: the first seed's.
        runs: of each seed.
        not_applicable: in one line, methods that need one circuit where there is none; "" where there are none.
    """

    cells: Sequence[LabelledCell]
    data: Dataset
    runs: int
    not_applicable: str


def comparison_of(config: CompareConfig, note: Callable[[str], None] = lambda _: None) -> Comparison:
    """The comparison that is asked for. Where the network is too large for one circuit it is on many registers.

    The first seed's data decide that for all seeds; `note` is told what is done to them.

    Raises:
        UserError: if the last seed is out of range, the data cannot be loaded, or no objective applies.
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
    data = split_of(Cell(task, None, 0, config.seed, EXACT), note)
    network, many = shape_of(config, data)
    task["posterior"] = "registers" if many else "register"
    is_exact = not many or config.estimator == "exact"
    fitting = [name for name in config.objectives if is_exact or class_of("objective", name).separable]
    methods = {name: objective_method(config, given, name) for name in fitting}
    methods |= {EXACT_POSTERIOR: EXACT} if is_exact else {}
    methods |= {LOGISTIC: LOGISTIC_REGRESSION} if data.n_classes else {}
    cells = [
        (PART, config.data, label, Cell(task, None, 0, seed, method))
        for seed in range(config.seed, config.seed + config.seeds)
        for label, method in methods.items()
    ]
    left_out = [objective_name(name) for name in config.objectives if name not in fitting]
    left_out += [] if is_exact else [EXACT_POSTERIOR]
    line = f"{network.n_weights:,} weights are on many registers; not applicable, for one circuit is needed:"
    line = f"{line} {', '.join(left_out)}" if left_out else ""
    if not fitting:
        raise UserError(f"{line}; add elbo (--objectives elbo), or choose a smaller network (--hidden, --components)")
    return Comparison(cells, data, len(fitting), line)


def objective_method(config: CompareConfig, given: Mapping[str, Any], objective: str) -> Method:
    """A run with one of the objectives, and with the options that such a run uses."""
    used = given_for(config, objective) - OF_TASK - {"objectives", "seeds", "seed", "posterior"}
    return Method("run", "", {"objective": objective, **{key: given[key] for key in used}}, {}, "validation")


def compare_objectives(config: CompareConfig, progress: Progress) -> Iterator[list[Row]]:
    """Rows of all objectives, the exact posterior where it is known, and simpler predictions, seed by seed.

    Over a minute is noted, after the first run if that takes long, else after the first seed.

    Raises:
        UserError: if the data or the definitions cannot be made, a run fails, or the last seed is out of range.
    """
    compared = comparison_of(config, progress.note)
    if compared.not_applicable:
        progress.note(compared.not_applicable)
    seeds = [list(split) for _, split in groupby(compared.cells, key=lambda labelled: labelled[3].seed)]
    # Before any work.
    for *_, cell in seeds[0]:
        check_settings(cell, compared.data)
    clock = Clock(config.seeds, compared.runs, progress.note)
    for split in seeds:
        rows: list[Row] = []
        for labelled, found in cells_with_rows(split, progress):
            if "error" in found and labelled[2] in SIMPLE:
                progress.note(f"seed {labelled[3].seed}: {labelled[2]} is left out: {found['error']}")
                continue
            rows.append(row_of(labelled, found))
            if labelled[3].method.kind == "run":
                clock.run_is_done()
        yield rows + simple_rows(rows[0], split[0][3])
        clock.seed_is_done()


class Clock:
    """Says once how long all seeds will take, if that is over a minute."""

    def __init__(self, seeds: int, runs: int, note: Callable[[str], None]) -> None:
        self.started, self.seeds, self.runs = time.monotonic(), seeds, seeds * runs
        self.note: Callable[[str], None] | None = note

    def run_is_done(self) -> None:
        """The first run tells, if it takes so long that the first seed would tell too late."""
        if (passed := time.monotonic() - self.started) > SLOW:
            self.say(passed * self.runs)

    def seed_is_done(self) -> None:
        self.say((time.monotonic() - self.started) * self.seeds)

    def say(self, expected: float) -> None:
        if self.note is not None and expected > LONG:
            self.note(f"all {self.seeds} seeds will take about {expected / 60:.0f} min")
        self.note = None


def row_of(labelled: LabelledCell, found: Row) -> Row:
    """The row of a cell.

    Raises:
        UserError: if it failed.
    """
    if "error" in found:
        raise UserError(found["error"])
    return labelled_row(labelled, found)


def simple_rows(first: Row, cell: Cell) -> list[Row]:
    """Rows of predictions that look at no feature, and of a linear regression where the target is a number.

    They are of the split of a cell; `first` is a row of it.
    """
    data = split_of(cell)
    scores = {COMMONEST: constant_scores(data)} if data.n_classes else {}
    scores |= {} if data.n_classes else {LINEAR: linear_scores(data), AVERAGE: constant_scores(data)}
    labels = {key: first[key] for key in LABELS & first.keys()} | {"seed": cell.seed}
    return [labels | {"method": name} | found["test"] for name, found in scores.items()]


def with_gap(row: Row) -> Row:
    """A row with the gap by the name that results have for it; the exact posterior's is 0, but for rounding.

    Where no exact posterior is known, there is none, nor have simpler predictions one.
    """
    if row["method"] == EXACT_POSTERIOR:
        return row | {"elbo_gap": 0.0}
    return row | ({"elbo_gap": row["gap"]} if "gap" in row else {})


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
