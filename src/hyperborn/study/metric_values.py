"""Values of a metric from the rows of a study: checked, by task, size and method, and averaged over tasks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from hyperborn.errors import UserError, is_number
from hyperborn.report.plots import LearningCurves
from hyperborn.stats import Estimate

Rows: TypeAlias = Sequence[Mapping[str, Any]]
"""One row for each fit: "task", "size" (training examples), "seed", "method", and the metrics by name."""

GroupKey: TypeAlias = tuple[str, int, str]
"""Task, size and method: rows with the same ones differ by their seed only."""


def values_by_group(rows: Rows, metric: str) -> dict[GroupKey, dict[int, float]]:
    """The metric by group and seed; rows without it (absent or None) are left out.

    Groups are in the order of their methods, then tasks, as these first appear, then sizes.

    Raises:
        UserError: if a value is no finite number, or two rows are of one group and seed.
    """
    found: dict[GroupKey, dict[int, float]] = {}
    for row in rows:
        value = row.get(metric)
        if value is None:
            continue
        group = (row["task"], row["size"], row["method"])
        where = f"of method {group[2]!r} on task {group[0]!r}, size {group[1]}, seed {row['seed']}"
        if not is_number(value):
            raise UserError(f"{metric}={value!r} {where} is no finite number; run that cell again or leave it out")
        own = found.setdefault(group, {})
        if row["seed"] in own:
            raise UserError(f"{metric} {where} is given twice; give each cell once, and the rows of one part only")
        own[row["seed"]] = float(value)
    tasks, methods = first_positions(group[0] for group in found), first_positions(group[2] for group in found)
    ordered = sorted(found, key=lambda group: (methods[group[2]], tasks[group[0]], group[1]))
    return {group: found[group] for group in ordered}


def means_by_group(rows: Rows, metric: str) -> dict[GroupKey, Estimate]:
    """The metric's mean over seeds and its standard error, by group; for order and errors see `values_by_group`."""
    return {group: Estimate.of(np.array(list(own.values()))) for group, own in values_by_group(rows, metric).items()}


def first_positions(names: Iterable[str]) -> dict[str, int]:
    """Each name's position in the order in which names first appear."""
    return {name: position for position, name in enumerate(dict.fromkeys(names))}


def learning_curves(rows: Rows, metrics: Sequence[str]) -> LearningCurves:
    """Each metric by method and size, averaged over the tasks that have all sizes.

    A method that lacks a size of one of these tasks has no estimates of that metric.

    Raises:
        UserError: if no task has all sizes, no method all those tasks, or a value is not finite.
    """
    sizes = sorted({row["size"] for row in rows})
    methods = list(dict.fromkeys(row["method"] for row in rows))
    estimates = {metric: means_over_tasks(rows, metric) for metric in metrics}
    return LearningCurves(sizes, len(complete_tasks(rows)), methods, estimates)


def complete_tasks(rows: Rows) -> list[str]:
    """Tasks that have rows of every size."""
    sizes = {row["size"] for row in rows}
    tasks = list(dict.fromkeys(row["task"] for row in rows))
    complete = [task for task in tasks if {row["size"] for row in rows if row["task"] == task} == sizes]
    if not complete:
        raise UserError(f"no task has all sizes {sorted(sizes)}; give the rows of sizes that tasks have in common")
    return complete


def means_over_tasks(rows: Rows, metric: str) -> dict[str, list[Estimate]]:
    """For each method that has all sizes of all complete tasks, the mean over these tasks by size.

    The standard error is that over seeds, tasks held fixed: √(Σ e_t²) / T.
    """
    means = means_by_group(rows, metric)
    sizes, tasks = sorted({row["size"] for row in rows}), complete_tasks(rows)
    lines: dict[str, list[Estimate]] = {}
    for method in dict.fromkeys(method for _, _, method in means):
        if all((task, size, method) in means for task in tasks for size in sizes):
            lines[method] = [mean_of_tasks([means[task, size, method] for task in tasks]) for size in sizes]
    if not lines:
        raise UserError(f"no method has {metric} for all of the tasks {tasks} in all sizes; give rows of fewer tasks")
    return lines


def mean_of_tasks(own: Sequence[Estimate]) -> Estimate:
    """The mean over tasks of each task's mean over seeds."""
    errors = [one.standard_error for one in own if one.standard_error is not None]
    error = float(np.sqrt(np.sum(np.square(errors))) / len(own)) if len(errors) == len(own) else None
    return Estimate(float(np.mean([one.mean for one in own])), error, sum(one.n for one in own))
