"""From the study's Parquet table to the tables and pictures of docs/elbo-vs-mle.md and the pages beside it.

    python experiments/elbo_vs_mle/report.py [FOLDER]

FOLDER is that of a finished `hyperborn study`, whose table is kept here first.
"""

import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from hyperborn.report.notation import metric_name
from hyperborn.report.tables import markdown_row
from hyperborn.stats import Estimate
from hyperborn.study.metric_values import values_by_group
from hyperborn.study.plan import Plan
from hyperborn.study.report_files import report_of
from hyperborn.study.statistics import differences, outcomes
from hyperborn.study.tables import interval_text, outcomes_table
from hyperborn.study.trainability import ARRIVED, trainability

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"
SCORES = ("accuracy", "nll", "brier", "ece")
CHIEF = ("ELBO", "SELBO", "exact posterior", "exhaustive", "BayesBiNN", "mean-field ELBO", "logistic regression", "MLP")

Rows = Sequence[dict[str, Any]]
Lines = list[str]


def main() -> None:
    if len(sys.argv) > 1:
        shutil.copy(Path(sys.argv[1]) / "study.parquet", HERE)
    rows = pq.read_table(HERE / "study.parquet").to_pylist()
    report = report_of(Plan.read("elbo-vs-mle"), rows)
    files = report.files | {name: draw() for name, draw in report.pictures.items()}
    tables = {
        "means": means(part(rows, "main")),
        "against MLE": against(part(rows, "main"), "MLE", SCORES),
        "by size": by_size(part(rows, "main")),
        "against BayesBiNN": against(part(rows, "main"), "BayesBiNN", SCORES),
        "against the product state": against(families(rows), "product state", ("accuracy", "nll", "ece", "gap")),
        "against tables": against(families(rows), "autoregressive 7", ("accuracy", "nll", "ece", "gap")),
        "families": family_gaps(part(rows, "ablations")),
        "ablations": against(part(rows, "ablations"), "ELBO", ("accuracy", "nll", "ece", "gap")),
        "choices": choices(part(rows, "main")),
        "trainability": trained(part(rows, "trainability")),
        "scale": against(scales(part(rows, "scale")), "as it is", ("accuracy", "nll", "brier", "ece")),
        "scale of the exact posterior": against(
            scales(part(rows, "scale, exact")), "as it is", ("accuracy", "nll", "brier", "ece")
        ),
    }
    page = DOCS / "elbo-vs-mle.md"
    text = page.read_text(encoding="utf-8")
    for name, lines in tables.items():
        begin, end = f"<!-- {name}: make study -->\n", f"<!-- end of {name} -->"
        head, found, rest = text.partition(begin)
        if not found:
            raise SystemExit(f"{page} has no place for the table {name!r}")
        text = head + begin + "\n".join(lines) + "\n" + end + rest.partition(end)[2]
    page.write_text(text, encoding="utf-8")
    for name, source in (("tables", "study"), ("cells", "differences")):
        (DOCS / f"elbo-vs-mle-{name}.md").write_bytes(files[f"{source}.md"])
    for name in ("main-differences", "main-sizes", "ablations-differences"):
        (DOCS / "images" / f"study-{name}.png").write_bytes(files[f"{name}.png"])


def part(rows: Rows, name: str) -> Rows:
    return [row for row in rows if row["part"] == name]


def against(rows: Rows, reference: str, metrics: Iterable[str]) -> Lines:
    """Pooled differences to a reference."""
    return outcomes_table(outcomes([one for metric in metrics for one in differences(rows, metric, reference)]))


def means(rows: Rows) -> Lines:
    """Every method's scores, averaged over seeds, then over tasks and sizes."""
    lines = table_head(["method", *map(metric_name, (*SCORES, "map_accuracy")), "cells"])
    for method in methods_of(rows):
        own = [row for row in rows if row["method"] == method]
        texts = []
        for metric in (*SCORES, "map_accuracy"):
            cells = [np.mean(list(seeds.values())) for seeds in values_by_group(own, metric).values()]
            texts.append(f"{np.mean(cells):.3f}" if cells else "")
        lines.append(markdown_row([method, *texts, str(len(own))]))
    return lines


def by_size(rows: Rows) -> Lines:
    """Differences of the chief methods to MLE at each training size, over tasks that have all sizes."""
    sizes = sorted({row["size"] for row in rows})
    full = [task for task in tasks_of(rows) if {row["size"] for row in rows if row["task"] == task} == set(sizes)]
    lines = table_head(["method − MLE", *(f"{metric}, {size}" for metric in ("accuracy", "NLL") for size in sizes)])
    found = {}
    for metric in ("accuracy", "nll"):
        for size in sizes:
            own = [row for row in rows if row["size"] == size and row["task"] in full]
            for one in outcomes(differences(own, metric, "MLE")):
                found[one.method, metric, size] = interval_text(one.mean, one.low, one.high)
    for method in CHIEF:
        lines.append(
            markdown_row([method, *(found[method, metric, size] for metric in ("accuracy", "nll") for size in sizes)])
        )
    return [*lines, "", f"Tasks with all sizes: {', '.join(full)}."]


FAMILIES = {
    "product state": "product state",
    "mean-field ELBO": "product state, best of 16 starts",
    "Brickwork 2": "Brickwork 2",
    "Brickwork 4": "Brickwork 4",
    "Brickwork 8": "Brickwork 8",
    "AllPairs 2": "AllPairs 2",
    "AllPairs 4": "AllPairs 4",
    "ELBO": "AllPairs, default depth",
    "autoregressive 4": "autoregressive 4",
    "autoregressive 6": "autoregressive 6",
    "autoregressive 7": "autoregressive 7",
}


def families(rows: Rows) -> Rows:
    """The ablations' rows of ELBO under each family of posteriors."""
    own = part(rows, "ablations")
    return [{**row, "method": FAMILIES[row["method"]]} for row in own if row["method"] in FAMILIES]


def family_gaps(rows: Rows) -> Lines:
    """Gap to the log evidence of every family, by task."""
    tasks = tasks_of(rows)
    lines = table_head(["family", *(f"{task}: parameters, gap (nats)" for task in tasks)])
    for method, name in FAMILIES.items():
        texts = []
        for task in tasks:
            own = [row for row in rows if row["method"] == method and row["task"] == task and row["gap"] is not None]
            gap = Estimate.of(np.array([row["gap"] for row in own])) if own else None
            texts.append(f"{own[0]['n_parameters'] or own[0]['n_weights']}, {plus_minus(gap, 3)}" if gap else "")
        if any(texts):
            lines.append(markdown_row([name, *texts]))
    return lines


def choices(rows: Rows) -> Lines:
    """How often each value was chosen on validation data."""
    lines = table_head(["method", "size", "choices"])
    for method in methods_of(rows):
        for size in sorted({row["size"] for row in rows}):
            own = [row for row in rows if row["method"] == method and row["size"] == size]
            counts = Counter(row.get("chosen") for row in own if row.get("chosen") not in (None, "{}"))
            if counts:
                shown = ", ".join(
                    f"{value.strip('{}').replace(chr(34), '')} ({n})" for value, n in counts.most_common()
                )
                lines.append(markdown_row([method, str(size), shown]))
    return lines


def trained(rows: Rows) -> Lines:
    """Spread and success of restarts, averaged over tasks and seeds."""
    lines = table_head(
        ["method", "spread of final losses (nats)", f"within {ARRIVED:g} of the optimum",
         f"within {ARRIVED:g} of the best restart", "best restart above the optimum (nats)"]
    )  # fmt: skip
    cells = trainability(rows)
    for method in methods_of(rows):
        own = [row for row in rows if row["method"] == method]
        losses = [np.array(row["losses"]) for row in own]
        spread = np.mean([cell.spread.mean for cell in cells if cell.method == method and cell.spread])
        near = Estimate.of(np.array([np.mean(loss <= loss.min() + ARRIVED) for loss in losses]))
        arrived = Estimate.of(
            np.array([np.mean(loss <= row["optimum"] + ARRIVED) for loss, row in zip(losses, own, strict=True)])
        )
        above = Estimate.of(np.array([loss.min() - row["optimum"] for loss, row in zip(losses, own, strict=True)]))
        lines.append(markdown_row([method, f"{spread:.3f}", *(plus_minus(one, 3) for one in (arrived, near, above))]))
    return lines


def scales(rows: Rows) -> Rows:
    """Every way to give logits a scale as a method of its own; "as it is" is scale and temperature 1."""
    plain = {"ELBO": "as it is", "exact posterior": "as it is"}
    found = []
    for row in rows:
        raw = {metric: row[f"{metric}_at_1"] for metric in ("nll", "brier", "ece")}
        found.append({**row, **raw, "method": plain.get(row["method"], row["method"])})
        name = "temperature" if row["method"] in plain else f"{row['method']}, temperature"
        found.append({**row, "method": name})
    return [row for row in found if not row["method"].startswith(("MLE", "SELBO"))]


def methods_of(rows: Rows) -> Lines:
    return list(dict.fromkeys(row["method"] for row in rows))


def tasks_of(rows: Rows) -> Lines:
    return list(dict.fromkeys(row["task"] for row in rows))


def table_head(headers: Sequence[str]) -> Lines:
    return [markdown_row(headers), markdown_row(["---", *["---:"] * (len(headers) - 1)])]


def plus_minus(one: Estimate, places: int) -> str:
    error = "" if one.standard_error is None else f" ± {one.standard_error:.{places}f}"
    return f"{one.mean:.{places}f}{error}"


if __name__ == "__main__":
    main()
