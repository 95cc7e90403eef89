"""The report of a study: its rows as one Parquet table, its tables as Markdown, its pictures as PNG."""

import io
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from hyperborn.errors import UserError
from hyperborn.report import plots
from hyperborn.report.notation import metric_name
from hyperborn.report.tables import escaped
from hyperborn.study import tables
from hyperborn.study.fitting import Row
from hyperborn.study.metric_values import learning_curves, values_by_group
from hyperborn.study.plan import Part, Plan
from hyperborn.study.statistics import Difference, differences, outcomes
from hyperborn.study.store import SCORES
from hyperborn.study.trainability import trainability

RAW = ("nll_at_1", "ece_at_1")
"""Scores without the fitted temperature."""
BESIDE = ("gap", "excess_energy", "map_accuracy", "map_rmse")
"""Further metrics that have a table where any row has them."""


class Scores(NamedTuple):
    """The scores of a part's tasks.

    Attributes:
        compared: those whose differences are listed task by task.
        pooled: those whose differences are averaged over tasks, which they must have the same unit for.
        raw: pooled ones without calibration.
        drawn: those of the pictures.
        means: further ones that have a table of means.
    """

    compared: tuple[str, ...]
    pooled: tuple[str, ...]
    raw: tuple[str, ...]
    drawn: tuple[str, ...]
    means: tuple[str, ...] = ()

    def known(self, rows: Sequence[Row], reference: str) -> "Scores":
        """Those that the reference has: R² needs test examples that differ."""
        has = {name for row in rows if row["method"] == reference for name in row if row[name] is not None}
        return Scores(*(tuple(name for name in names if name in has) for names in self))


OF_CLASSES = Scores(SCORES, SCORES, RAW, ("accuracy", "nll", "ece"))
OF_NUMBERS = Scores(("rmse", "mae", "nll", "r2"), ("nll", "r2"), (), ("nll", "r2"), ("coverage_50", "coverage_90"))

NOTATION = (
    "Scores are of the test split, at a temperature fitted to the validation split; ± is a standard error over seeds.",
    'A difference such as "ELBO − MLE" is paired, on the same splits: above zero is better for accuracy, below zero',
    "for all else. In brackets is its 95 % interval: over seeds on one task and size, over tasks where it is pooled;",
    "over few tasks it is wide. A win or a loss is a task and size on which a signed-rank test over seeds, corrected",
    "by Holm's method, has p < 0.05.",
)
NOTATION_OF_NUMBERS = (
    "Of a target that is a number, a factor of the predicted deviations is fitted instead of a temperature, and above",
    "zero is better for R². Errors are in the units of each target, so that NLL and R² alone are pooled.",
)


def check_parquet() -> None:
    """Raise a UserError, before any work, if Parquet cannot be written."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise UserError("studies are written as Parquet: pip install 'hyperborn[parquet]'") from error


class StudyReport(NamedTuple):
    """Files of the tables by name, and functions that draw the files of the pictures."""

    files: dict[str, bytes]
    pictures: dict[str, plots.Draw]


def report_of(plan: Plan, rows: Sequence[Row]) -> StudyReport:
    """Tables and pictures of all parts; a part whose reference failed has none.

    Raises:
        UserError: if a value is not finite.
    """
    drawn: dict[str, plots.Draw] = {}
    notation = [*NOTATION, *(NOTATION_OF_NUMBERS if any("rmse" in row for row in rows) else ())]
    study = [f"# {escaped(plan.title)}", "", *notation, "", *failures(rows)]
    cells = [f"# {escaped(plan.title)}: task by task", "", *notation, ""]
    for part in plan.parts:
        own = [row for row in rows if row["part"] == part.name and row.get("error") is None]
        if len({row["method"] for row in own} | {part.reference}) < 2 or not any(
            row["method"] == part.reference for row in own
        ):
            study += [
                f"## {escaped(part.name)}",
                "",
                "There is nothing to compare: its reference, or all other methods failed.",
                "",
            ]
            continue
        scores = (OF_NUMBERS if any("rmse" in row for row in own) else OF_CLASSES).known(own, part.reference)
        found = {metric: differences(own, metric, part.reference) for metric in (*scores.compared, *scores.raw)}
        study += part_lines(part, own, found, scores)
        cells += [
            f"## {escaped(part.name)}",
            "",
            *tables.differences_table([one for name in scores.compared for one in found[name]]),
            "",
        ]
        pooled = outcomes([one for metric in scores.drawn for one in found[metric]])
        drawn[f"{part.name}-differences.png"] = partial(plots.differences_picture, pooled)
        if len(part.sizes) > 1:
            drawn[f"{part.name}-sizes.png"] = partial(draw_learning_curves, with_all_sizes(own), scores.drawn)
    files = {
        "study.parquet": parquet_of(rows),
        "study.md": markdown_bytes(study),
        "differences.md": markdown_bytes(cells),
    }
    return StudyReport(files, drawn)


def draw_learning_curves(rows: Sequence[Row], metrics: Sequence[str]) -> bytes:
    """The picture of the rows' learning curves; rows that make none fail here, so that they cost this picture only."""
    return plots.learning_curves_picture(learning_curves(rows, metrics))


def failures(rows: Sequence[Row]) -> list[str]:
    """Lines about the cells that failed, which all comparisons leave out; no lines if none failed."""
    failed = [row for row in rows if row.get("error") is not None]
    lines = [
        f"- {escaped(row['method'])} on {escaped(row['task'])}, size {row['size']}, seed {row['seed']} "
        f"(cells/{row['cell']}.json): {escaped(row['error'])}"
        for row in failed
    ]
    head = "## Cells that failed, and are left out; delete their files to try again"
    return [head, "", *lines, ""] if failed else []


def part_lines(part: Part, rows: Sequence[Row], found: Mapping[str, Sequence[Difference]], scores: Scores) -> list[str]:
    """A part's section of the report."""
    name = escaped(part.name)
    lines = [f"## {name}", "", f"Differences to {escaped(part.reference)}, pooled over tasks and sizes", ""]
    lines += [*tables.outcomes_table(outcomes([one for metric in scores.pooled for one in found[metric]])), ""]
    if scores.raw:
        lines += ["The same at temperature 1", ""]
        lines += [*tables.outcomes_table(outcomes([one for metric in scores.raw for one in found[metric]])), ""]
    for metric in (*scores.compared, *scores.means, *scores.raw, *BESIDE):
        if values_by_group(rows, metric):
            lines += [f"### {name}: {metric_name(metric)}", "", *tables.means_table(rows, metric), ""]
    trained = trainability(rows)
    return lines + ([f"### {name}: trainability", "", *tables.trainability_table(trained), ""] if trained else [])


def with_all_sizes(rows: Sequence[Row]) -> list[Row]:
    """The rows of the tasks with the most sizes: learning curves need tasks that have all sizes."""
    sizes: dict[str, set[int]] = {}
    for row in rows:
        sizes.setdefault(row["task"], set()).add(row["size"])
    most = max(sizes.values(), key=len)
    return [row for row in rows if sizes[row["task"]] == most]


def parquet_of(rows: Sequence[Row]) -> bytes:
    """A Parquet table with one row for each cell; values that a row lacks are null."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = list(dict.fromkeys(name for row in rows for name in row))
    table = pa.table({name: [row.get(name) for row in rows] for name in columns})
    file = io.BytesIO()
    pq.write_table(table, file, compression="zstd")
    return file.getvalue()


def markdown_bytes(lines: Sequence[str]) -> bytes:
    return ("\n".join(lines).rstrip() + "\n").encode()
