"""docs/registers.md and its pictures, from the cells."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hyperborn.report.style import CYCLE, MARKERS, canvas, plot_style, png
from hyperborn.stats import Estimate

ROOT = Path(__file__).parents[2]
PAGE, PICTURE = ROOT / "docs/registers.md", ROOT / "docs/images/registers.png"
RESULTS = Path(__file__).parent / "results.json"
BEGIN, END = "<!-- tables: written by experiments/registers/run.py -->", "<!-- end of tables -->"

SCORES = {"accuracy": "accuracy", "nll": "NLL (nats)", "brier": "Brier", "ece": "ECE"}
OURS = "registers, k = 4"
BASELINES = ("BayesBiNN", "straight-through", "Bop", "full precision", "registers, k = 1")

Rows = Sequence[Mapping[str, Any]]


def write(rows: Rows, choices: Rows) -> None:
    """Results beside the script, tables into the page between its marks, and the picture."""
    RESULTS.write_text(json.dumps({"cells": rows, "choices": choices}, indent=1) + "\n")
    tasks = list(dict.fromkeys(row["task"] for row in rows))
    parts = [table_of(rows, task) for task in tasks]
    parts += [differences(rows, tasks), outliers(rows), settings(choices, tasks)]
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{''.join(parts)}{END}{after}")
    PICTURE.write_bytes(picture(rows, tasks))


def table_of(rows: Rows, task: str) -> str:
    """Test scores of every method on one task: mean ± standard error over seeds."""
    own = [row for row in rows if row["task"] == task]
    seeds = len({row["seed"] for row in own})
    lines = [
        f"### {task}: {own[0]['n_weights']:,} weights, {seeds} seeds\n\n",
        f"| | {' | '.join(SCORES.values())} | NLL at temperature 1 | bytes | seconds |\n",
        "| --- " + "| ---: " * (len(SCORES) + 3) + "|\n",
    ]
    for method in dict.fromkeys(row["method"] for row in own):
        found = [row for row in own if row["method"] == method]
        cells = [estimate([row["calibrated"][score] for row in found]) for score in SCORES]
        cells += [estimate([row["own"]["nll"] for row in found]), f"{found[0]['bytes']:,.0f}"]
        cells.append(f"{np.median([row['seconds'] for row in found]):.0f}")
        lines.append(f"| {method} | {' | '.join(cells)} |\n")
    return "".join(lines) + "\n"


def estimate(values: Iterable[float]) -> str:
    found = Estimate.of(np.asarray(list(values)))
    error = "" if found.standard_error is None else f" ± {found.standard_error:.4f}"
    return f"{found.mean:.4f}{error}"


def differences(rows: Rows, tasks: Sequence[str]) -> str:
    """k = 4 less each baseline, seed by seed: the mean, its standard error, and how many seeds it wins."""
    lines = [
        f"### {OURS} less the baselines, on the same seeds\n\n",
        "| task | baseline | accuracy | NLL (nats) | ECE | seeds with lower NLL |\n",
        "| --- | --- | ---: | ---: | ---: | ---: |\n",
    ]
    for task in tasks:
        ours = {row["seed"]: row for row in rows if row["task"] == task and row["method"] == OURS}
        for baseline in BASELINES:
            pairs = [
                (ours[row["seed"]]["calibrated"], row["calibrated"])
                for row in rows
                if row["task"] == task and row["method"] == baseline and row["seed"] in ours
            ]
            if pairs:
                cells = [signed([a[score] - b[score] for a, b in pairs]) for score in ("accuracy", "nll", "ece")]
                wins = sum(a["nll"] < b["nll"] for a, b in pairs)
                lines.append(f"| {task} | {baseline} | {' | '.join(cells)} | {wins} of {len(pairs)} |\n")
    return "".join(lines) + "\n"


def signed(values: Sequence[float]) -> str:
    found = Estimate.of(np.asarray(values))
    error = "" if found.standard_error is None else f" ± {found.standard_error:.4f}"
    return f"{found.mean:+.4f}{error}"


def outliers(rows: Rows) -> str:
    """Area under the curve of predictive entropy, by kind of outlier."""
    own = [row for row in rows if row["outliers"]]
    if not own:
        return ""
    kinds = list(own[0]["outliers"])
    lines = [
        "### Outliers: area under the curve of predictive entropy, MNIST's test images against what is none\n\n",
        f"| | {' | '.join(kinds)} |\n",
        "| --- " + "| ---: " * len(kinds) + "|\n",
    ]
    for method in dict.fromkeys(row["method"] for row in own):
        found = [row["outliers"] for row in own if row["method"] == method]
        lines.append(f"| {method} | {' | '.join(estimate([one[kind] for one in found]) for kind in kinds)} |\n")
    return "".join(lines) + "\n"


def settings(choices: Rows, tasks: Sequence[str]) -> str:
    """The settings that validation data chose."""
    lines = [
        "### Settings that the first seed's validation split chose\n\n",
        f"| method | setting, tried | {' | '.join(tasks)} |\n",
        "| --- | --- " + "| ---: " * len(tasks) + "|\n",
    ]
    for method in dict.fromkeys(row["method"] for row in choices):
        own = {row["task"]: row for row in choices if row["method"] == method}
        first = next(iter(own.values()))
        tried = ", ".join(f"{value:g}" for value, _ in first["nll"])
        chosen = [f"{own[task]['chosen']:g}" if task in own else "" for task in tasks]
        lines.append(f"| {method} | {first['setting']}: {tried} | {' | '.join(chosen)} |\n")
    return "".join(lines) + "\n"


def picture(rows: Rows, tasks: Sequence[str]) -> bytes:
    """Accuracy and NLL of every method on every task, mean and standard error."""
    methods = list(dict.fromkeys(row["method"] for row in rows))
    with plot_style():
        size = 2.6 * len(tasks) + 2, 6.0
        figure = canvas("Test scores of networks of one bit a weight, mean and standard error over seeds", size)
        panels = figure.subplots(2, len(tasks), squeeze=False, sharey=True)
        for column, task in enumerate(tasks):
            for row, score in enumerate(("accuracy", "nll")):
                axes = panels[row, column]
                for place, method in enumerate(methods):
                    values = [r["calibrated"][score] for r in rows if r["task"] == task and r["method"] == method]
                    if values:
                        found = Estimate.of(np.asarray(values))
                        axes.errorbar(
                            found.mean,
                            -place,
                            xerr=found.standard_error or 0,
                            color=CYCLE[place % len(CYCLE)],
                            marker=MARKERS[place % len(MARKERS)],
                        )
                axes.set_yticks([-place for place in range(len(methods))], methods)
                axes.set_xlabel(SCORES[score])
                if not row:
                    axes.set_title(task)
        return png(figure)
