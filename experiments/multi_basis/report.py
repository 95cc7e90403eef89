"""From the cells to the tables of docs/multi-basis.md."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hyperborn.stats import Estimate
from setup import FAMILIES, TASKS

PAGE = Path(__file__).parents[2] / "docs" / "multi-basis.md"

Rows = Sequence[dict[str, Any]]


def write(rows: Rows) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name, table in (("bounds", bounds), ("elbo", elbo), ("scores", test_scores), ("mle", mle)):
        head, _, rest = text.partition(f"<!-- {name}: make multi-basis -->\n")
        _, _, tail = rest.partition(f"<!-- end of {name} -->")
        lines = "\n".join(table(rows))
        text = f"{head}<!-- {name}: make multi-basis -->\n{lines}\n<!-- end of {name} -->{tail}"
    PAGE.write_text(text, encoding="utf-8")


def bounds(rows: Rows) -> list[str]:
    keys = {
        "entropy of the exact posterior": "posterior_entropy",
        "least entropy of `MultiBasis`, m ln 2": "least_entropy",
        "**least gap at that entropy**": "gap_floor",
        "gap of two free halves": "halves_gap",
        "gap of the prior (no training)": "prior_gap",
    }
    own = [row for row in rows if row["family"] == "bounds"]
    return headed("nats", ((label, cells(own, lambda row, key=key: row[key], 2)) for label, key in keys.items()))


def elbo(rows: Rows) -> list[str]:
    return headed("gap (nats)", ((name, cells(of(rows, name, "elbo"), lambda row: row["gap"], 2)) for name in FAMILIES))


def test_scores(rows: Rows) -> list[str]:
    def lines() -> list[tuple[str, list[str]]]:
        exact = [row for row in rows if row["family"] == "bounds"]
        found = [("exact posterior", joined([score(exact, "exact", key) for key in ("accuracy", "nll")]))]
        for name in FAMILIES:
            own = of(rows, name, "elbo")
            parts = [score(own, "own", "accuracy"), score(own, "own", "nll"), score(own, "calibrated", "nll")]
            found.append((name, joined(parts)))
        return found

    return headed("accuracy (%), NLL, NLL recalibrated", lines())


def mle(rows: Rows) -> list[str]:
    floor = [row for row in rows if row["family"] == "bounds"]
    lines = [("**least possible at m ln 2 of entropy**", cells(floor, lambda row: row["energy_floor"], 2))]
    for name in FAMILIES:
        own = of(rows, name, "mle")
        means, modes = (cells(own, lambda row, key=key: row[key], 2) for key in ("energy_above", "mode_above"))
        lines.append((name, joined([means, modes])))
    return headed("E_q[NLL], NLL of the mode (nats above the lowest)", lines)


def of(rows: Rows, family: str, objective: str) -> Rows:
    return [row for row in rows if (row["family"], row["objective"]) == (family, objective)]


def score(rows: Rows, kind: str, key: str) -> list[str]:
    if key == "accuracy":
        return cells(rows, lambda row: 100 * row[kind][key], 1)
    return cells(rows, lambda row: row[kind][key], 3)


def cells(rows: Rows, value: Callable[[dict[str, Any]], float], digits: int) -> list[str]:
    """Mean and standard error over the seeds, task by task."""
    found = []
    for task in TASKS:
        estimate = Estimate.of(np.array([value(row) for row in rows if row["task"] == task.name]))
        found.append(f"{estimate.mean:z.{digits}f} ± {estimate.standard_error:.{digits}f}")
    return found


def joined(columns: Sequence[Sequence[str]]) -> list[str]:
    return [", ".join(parts) for parts in zip(*columns, strict=True)]


def headed(corner: str, lines: Any) -> list[str]:
    head = [f"| {corner} | {' | '.join(task.name for task in TASKS)} |", f"| --- |{' ---: |' * len(TASKS)}"]
    return head + [f"| {label} | {' | '.join(numbers)} |" for label, numbers in lines]
