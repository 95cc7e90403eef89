"""Which network of a posterior predicts best by itself: docs/one-network.md.

    python experiments/one_network/run.py

Tables are those of experiments/tables. Cells that results.json holds are not computed again; delete it to start over.
"""

import json
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

import hyperborn as hb
from hyperborn.progress import Progress

sys.path.append(str(Path(__file__).parents[1] / "tables"))

from candidates import RULES, Candidates, candidates_of, chosen, kept, polished, scores_alone
from report import AVERAGE, BETAS, MOST_PROBABLE, NEAREST, POLISHED, POOL, RESULTS, write
from tables import CACHE, TABLES, Table, text_of

FOLDER = CACHE / "one-network"
SEEDS = range(3)
FRESH_SEEDS = range(3, 6)
"""Of splits and runs that the rules were not compared on: what they say of the rule that was preferred then."""
FEWER = (16, 64)
"""Candidates that the nearest is chosen from, too."""
HIDDEN = 64
VALIDATION, TEST = 0.2, 0.25
MOST_ROWS = 3000
"""Of a table. Of a larger one so many rows are drawn, the same for all seeds."""
MOST_FLIPS = 3e9
"""Weights · weights · training examples up to which bits are flipped one by one: some seconds."""


def file_of(table: Table) -> Path:
    """Where the table is written, with at most `MOST_ROWS` rows."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    header, *lines = [line for line in text_of(table).splitlines() if line.strip()]
    if len(lines) > MOST_ROWS:
        rows = np.random.default_rng(0).choice(len(lines), MOST_ROWS, replace=False)
        lines = [lines[row] for row in np.sort(rows)]
    path = FOLDER / f"{table.name}.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def fitted(data: hb.data.Dataset, beta: float, seed: int) -> Candidates:
    """A run with fixed settings, and its networks."""
    classes = {"n_classes": data.n_classes} if data.n_classes else {}
    network: Any = hb.networks.BinaryMLP(data.n_features, (HIDDEN,), scale="learned", **classes)
    if not data.n_classes:
        network = hb.networks.Regression(network, hb.likelihoods.Gaussian("learned"))
    started = perf_counter()
    result = hb.fit(network, data, posterior=hb.Registers(network), objective=hb.ELBO(beta), seed=seed, progress=False)
    return candidates_of(result, perf_counter() - started)


def cell(table: Table, path: Path, seed: int) -> dict[str, Any]:
    """Scores of the average and of every single network, with validation examples and without."""

    def load(validation: float) -> hb.data.Dataset:
        task = "regression" if table.regression else "classification"
        return hb.data.load(path, target=table.target, task=task, seed=seed, validation=validation, test=TEST)

    data = load(VALIDATION)
    runs = {beta: fitted(data, beta, seed) for beta in BETAS}
    found = scores_of(runs, list(RULES))
    first = runs[BETAS[0]].result
    seconds = {f"{beta:g}": run.seconds for beta, run in runs.items()}
    if first.network.n_weights**2 * len(data.train) <= MOST_FLIPS:
        starts = {MOST_PROBABLE: first.most_probable(1), "training": chosen([runs[BETAS[0]]], RULES["training"])[1]}
        for name, start in starts.items():
            started = perf_counter()
            bits = polished(first.energies, start, np.random.default_rng(seed))
            seconds[f"{name}, {POLISHED}"] = {"flips": perf_counter() - started}
            found[f"{name}, {POLISHED}"] = scores_alone(first, bits)
    everything = load(0.0)
    without = scores_of({beta: fitted(everything, beta, seed) for beta in BETAS[:2]}, ["training", NEAREST])
    return {
        "table": table.name,
        "seed": seed,
        "regression": table.regression,
        "rows": [len(part) for part in (data.train, data.validation, data.test)],
        "weights": first.network.n_weights,
        "validation": found,
        "no validation": without,
        "seconds": {run: {part: round(value, 3) for part, value in of.items()} for run, of in seconds.items()},
    }


def fresh_cell(table: Table, path: Path, seed: int) -> dict[str, Any]:
    """Scores of the average and of single networks with validation examples and the default β."""
    task = "regression" if table.regression else "classification"
    data = hb.data.load(path, target=table.target, task=task, seed=seed, validation=VALIDATION, test=TEST)
    beta = BETAS[0]
    run = fitted(data, beta, seed)
    found = scores_of({beta: run}, list(RULES))
    for count in FEWER:
        place = int(run.from_average[:count].argmin())
        found[f"{NEAREST} of {count}, {beta:g}"] = scores_alone(run.result, run.bits[place : place + 1])
    rows = [len(part) for part in (data.train, data.validation, data.test)]
    return {"table": table.name, "seed": seed, "regression": table.regression, "rows": rows, "fresh": found}


def scores_of(runs: dict[float, Candidates], rules: list[str]) -> dict[str, list[float]]:
    """Scores on the test examples, by what predicts them."""
    found = {}
    for beta, run in runs.items():
        found[f"{AVERAGE}, {beta:g}"] = kept(run.result.metrics("test"))
        found[f"{MOST_PROBABLE}, {beta:g}"] = scores_alone(run.result, run.bits[:1])
        for rule in rules:
            found[f"{rule}, {beta:g}"] = scores_alone(*chosen([run], RULES[rule]))
    # How far networks are from an average compares those of one run alone.
    for rule in [rule for rule in rules if rule != NEAREST and len(runs) > 1]:
        found[f"{rule}, {POOL}"] = scores_alone(*chosen(list(runs.values()), RULES[rule]))
    return found


def main() -> None:
    cells: list[dict[str, Any]] = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    done = {(one["table"], one["seed"]) for one in cells}
    # The digits by name are those of the table.
    tables = [table for table in TABLES if not table.by_name]
    todo = [(table, seed) for seeds in (SEEDS, FRESH_SEEDS) for table in tables for seed in seeds]
    todo = [(table, seed) for table, seed in todo if (table.name, seed) not in done]
    with Progress() as progress:
        count = progress.counter("tables")
        for place, (table, seed) in enumerate(todo):
            try:
                found = (cell if seed in SEEDS else fresh_cell)(table, file_of(table), seed)
            except hb.UserError as refusal:
                found = {"table": table.name, "seed": seed, "said": str(refusal)}
            cells.append(found)
            RESULTS.write_text("[\n" + ",\n".join(json.dumps(one, ensure_ascii=False) for one in cells) + "\n]\n")
            count(place + 1, len(todo))
    write(cells)


if __name__ == "__main__":
    main()
