"""docs/one-network.md, from the cells."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hyperborn.stats import Estimate

RESULTS = Path(__file__).parent / "results.json"
PAGE = Path(__file__).parents[2] / "docs" / "one-network.md"
BEGIN, END = "<!-- {}: make one-network -->\n", "<!-- end of {} -->\n"

AVERAGE, MOST_PROBABLE, POLISHED, POOL = "average", "most probable", "polished", "all runs"
NEAREST = "nearest to the average"
BETAS = (0.03, 0.003, 0.0003)
REFERENCE = f"{AVERAGE}, {BETAS[0]:g}"
SIMPLE = f"training, {BETAS[0]:g}"
"""The rule that the others are compared with."""
BY_TABLE = (MOST_PROBABLE, "validation", "training", "training + validation", NEAREST)
"""Rules that every table is shown of."""
LARGE = 100
"""Test rows from which a table is large."""
LOST = 0.02
"""Accuracy that is much to lose."""
PARTS = {
    "validation": ("validation",),
    "validation, calibrated": ("validation",),
    "training": ("training",),
    "training + validation": ("training", "validation"),
    NEAREST: ("average",),
}
"""Of the seconds of a run, those that a rule takes beyond the training."""

Cell = Mapping[str, Any]
Cells = Sequence[Cell]


def write(cells: Cells) -> None:
    """The tables into the page between their marks."""
    text = PAGE.read_text(encoding="utf-8")
    for name, body in tables_of(cells).items():
        begin, end = BEGIN.format(name), END.format(name)
        head, _, rest = text.partition(begin)
        text = head + begin + body + end + rest.partition(end)[2]
    PAGE.write_text(text, encoding="utf-8")


def tables_of(cells: Cells) -> dict[str, str]:
    """What stands between the marks, by their names."""
    done = [cell for cell in cells if "validation" in cell]
    fresh = [cell for cell in cells if "fresh" in cell]
    flipped = [cell for cell in done if f"{MOST_PROBABLE}, {POLISHED}" in cell["validation"]]
    large = [cell for cell in done if cell["rows"][2] >= LARGE]
    flips = [f"{rule}, {of}" for rule in (MOST_PROBABLE, "training") for of in (f"{BETAS[0]:g}", POLISHED)]
    return {
        "validation": rules_table(done, "validation", names_in(done, "validation")),
        "large": rules_table(large, "validation", [f"{rule}, {BETAS[0]:g}" for rule in BY_TABLE]),
        "fresh": rules_table(fresh, "fresh", names_in(fresh, "fresh")),
        "flips": rules_table(flipped, "validation", flips),
        "without": rules_table(done, "no validation", names_in(done, "no validation")),
        "tables": by_table(done, "validation"),
        "tables without": by_table(done, "no validation"),
    }


def names_in(cells: Cells, case: str) -> list[str]:
    """What predicts, but for the average that the others are compared with, and for flips, which not every cell has."""
    return [name for name in cells[0][case] if name != REFERENCE and not name.endswith(POLISHED)]


def rules_table(cells: Cells, case: str, names: Sequence[str]) -> str:
    """A line a rule: means over tables, each the mean of its seeds, and their standard errors."""
    tables, classes, numbers = (tables_in(cells, kind) for kind in (None, False, True))
    lines = [
        f"| {len(tables)} tables | NLL | its median | NLL less that of `{SIMPLE}` | accuracy | "
        f"less that of `{SIMPLE}` | tables that lose over {LOST} of {len(classes)} | RMSE over the average's | "
        "seconds |\n",
        "| --- |" + " ---: |" * 8 + "\n",
    ]
    for name in names:
        nll = differences(cells, case, name, "nll", tables)
        beside = nll - differences(cells, case, SIMPLE, "nll", tables)
        accuracy = differences(cells, case, name, "accuracy", classes)
        more = accuracy - differences(cells, case, SIMPLE, "accuracy", classes)
        ratios = np.array([mean_of(cells, case, name, "rmse", table) for table in numbers]) / np.array(
            [mean_of(cells, case, REFERENCE, "rmse", table) for table in numbers]
        )
        times = [extra_seconds(cell, name) for cell in cells] if case == "validation" else []
        lines.append(
            f"| {name} | {estimate(nll)} | {np.median(nll):+.3f} | {'' if name == SIMPLE else estimate(beside)} | "
            f"{estimate(accuracy)} | {'' if name == SIMPLE else estimate(more)} | "
            f"{int((np.round(accuracy, 9) < -LOST).sum())} | {np.exp(np.log(ratios).mean()):.3f} | "
            f"{f'{np.median(times):.2f}' if times else ''} |\n"
        )
    return "".join(lines)


def tables_in(cells: Cells, regression: bool | None = None) -> list[str]:
    """Names of the tables, of numbers or of classes alone if asked for."""
    return list(dict.fromkeys(cell["table"] for cell in cells if regression in (None, cell["regression"])))


def mean_of(cells: Cells, case: str, name: str, score: str, table: str) -> float:
    """The mean over the seeds of a table of its NLL, or else of the other score that its cells have."""
    place = int(score != "nll")
    return float(np.mean([cell[case][name][place] for cell in cells if cell["table"] == table]))


def differences(cells: Cells, case: str, name: str, score: str, tables: Sequence[str]) -> np.ndarray:
    """By table, the mean of a score less that of the average."""
    return np.array(
        [mean_of(cells, case, name, score, table) - mean_of(cells, case, REFERENCE, score, table) for table in tables]
    )


def estimate(values: np.ndarray) -> str:
    found = Estimate.of(values)
    return f"{found.mean:+.3f}" + ("" if found.standard_error is None else f" ± {found.standard_error:.3f}")


def extra_seconds(cell: Cell, name: str) -> float:
    """What a rule takes beyond the training of the average."""
    rule, of = name.rsplit(", ", 1)
    seconds, first = cell["seconds"], f"{BETAS[0]:g}"
    if of == POLISHED:
        return seconds[name]["flips"] + (seconds[first]["training"] if rule == "training" else 0.0)
    runs = [f"{beta:g}" for beta in BETAS] if of == POOL else [of]
    fits = sum(seconds[run]["fit"] for run in runs if run != first)
    return fits + sum(seconds[run][part] for run in runs for part in PARTS.get(rule, ()))


def by_table(cells: Cells, case: str) -> str:
    """A line a table: the average's NLL and accuracy or RMSE, and what single networks differ from it by."""
    place = f"{BETAS[0]:g}"
    rules = [rule for rule in BY_TABLE if f"{rule}, {place}" in cells[0][case]]
    columns = [f"{rule}, {place}" for rule in rules] + [f"{MOST_PROBABLE}, {BETAS[1]:g}", f"training, {BETAS[1]:g}"]
    lines = [f"| table | test rows | {REFERENCE} | {' | '.join(columns)} |\n"]
    lines.append("| --- | ---: |" + " ---: |" * (len(columns) + 1) + "\n")
    for table in tables_in(cells):
        own = [cell for cell in cells if cell["table"] == table]
        is_regression = own[0]["regression"]
        score = "rmse" if is_regression else "accuracy"
        average = {one: mean_of(own, case, REFERENCE, one, table) for one in ("nll", score)}
        shown = []
        for name in columns:
            nll = mean_of(own, case, name, "nll", table) - average["nll"]
            other = mean_of(own, case, name, score, table)
            other = other / average[score] if is_regression else other - average[score]
            shown.append(f"{nll:+.3f}, " + (f"× {other:.3f}" if is_regression else f"{other:+.3f}"))
        head = f"{average['nll']:.3f}, " + (f"{average[score]:.4g}" if is_regression else f"{average[score]:.3f}")
        lines.append(f"| {table} | {own[0]['rows'][2]:,} | {head} | {' | '.join(shown)} |\n")
    return "".join(lines)
