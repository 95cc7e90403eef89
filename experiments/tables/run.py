"""Tables as people have them, each trained by one command at the first try, beside scikit-learn, in docs/tables.md.

    python experiments/tables/run.py [--tables iris,wine,...] [--again] [--report]

Files and cells lie below .cache/tables; cells that are there are not computed again, unless it is asked for.
"""

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import hyperborn as hb
from hyperborn.predictive import NormalMixture
from hyperborn.progress import Progress
from peers import peers
from report import LINEAR, write
from tables import FOLDER, TABLES, Table, write_files

CELLS, RUNS = FOLDER / "cells", FOLDER / "runs"
SMALL = 300
"""Rows up to which a table is cut in two `SPLITS` times."""
SPLITS = 5
LIMIT = 1800.0
"""Seconds after which a training is given up."""
RESAMPLES = 2000


def command_of(table: Table, seed: int = 0) -> list[str]:
    """What a person types, with the files' names alone."""
    if table.by_name:
        return ["hyperborn", "train", table.name]
    train, test = (path.name for path in table.files(seed))
    return ["hyperborn", "train", train, "--target", table.target, "--test-file", test]


def cell_of(table: Table, seed: int = 0) -> dict[str, Any]:
    """One training by the command line, and where it succeeds the scores of all models."""
    if not table.by_name:
        write_files(table, seed)
    run = RUNS / f"{table.name}-{seed}"
    shutil.rmtree(run, ignore_errors=True)
    command = command_of(table, seed)
    line = [sys.executable, "-m", *command, "--json", "--out", str(run)]
    load, used, started = os.getloadavg()[0], processor_seconds(), time.perf_counter()
    ended = subprocess.run(line, cwd=FOLDER, capture_output=True, text=True, timeout=LIMIT, check=False)
    cell: dict[str, Any] = {
        "name": table.name,
        "package": table.package,
        "about": table.about,
        "regression": table.regression,
        "command": command,
        "version": version(),
        "status": ended.returncode,
        "seconds": time.perf_counter() - started,
        "processor_seconds": processor_seconds() - used,
        "load": load,
        "said": said(ended.stderr),
    }
    return cell | (scores_of(json.loads(ended.stdout), run) if ended.returncode == 0 else {})


def with_other_splits(cell: dict[str, Any], table: Table) -> dict[str, Any]:
    """The cell of a small table with our scores and those of a linear model on every split, this one first."""
    if table.by_name or cell["status"] or sum(cell["rows"]) > SMALL:
        return cell
    cells = [cell, *(cell_of(table, seed) for seed in range(1, SPLITS))]
    return cell | {"splits": [one["differences"][LINEAR[table.regression]][0] for one in cells if not one["status"]]}


def version() -> str:
    """The commit that trains, with a mark where files were changed since."""
    line = ["git", "describe", "--always", "--dirty", "--abbrev=10", "--exclude=*"]
    return subprocess.run(line, cwd=Path(__file__).parent, capture_output=True, text=True, check=True).stdout.strip()


def processor_seconds() -> float:
    """Of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def said(stderr: str) -> list[str]:
    """Lines of a training, without those of its progress."""
    return [line for line in stderr.splitlines() if line and not re.search(r"\d+% \(|, ended after", line)]


def scores_of(summary: dict[str, Any], run: Path) -> dict[str, Any]:
    """Scores on the test rows, of this run and of its peers on the same features, and the differences in NLL."""
    result = hb.load(run)
    data = result.data
    learnt = [data.train, data.validation]
    train = np.concatenate([part.x for part in learnt]), np.concatenate([part.y for part in learnt])
    is_regression = not data.classes
    learnt = peers(train, (data.test.x, data.test.y), regression=is_regression)
    ours = own_nlls(result)
    scale = data.preprocessing.target_scaling
    scores = {}
    for name, peer in learnt.items():
        other = float(peer.other.mean())
        if scale is None:
            nll, calibrated = float(peer.nll.mean()), float(peer.calibrated.mean())
            scores[name] = {"nll": nll, "calibrated_nll": calibrated, "accuracy": other}
        else:  # in the units of the target, as ours
            nll, variance = float(peer.nll.mean() + np.log(scale.deviation)), float(data.test.y.var())
            scores[name] = {"nll": nll, "rmse": scale.deviation * other**0.5, "r2": 1 - other / variance}
    unit = 0.0 if scale is None else float(np.log(scale.deviation))
    choice = summary.get("choice")
    chosen = choice["candidates"][choice["chosen"]] if choice else None
    return {
        "task": "regression" if is_regression else "classification",
        "rows": [len(train[1]), len(data.test)],
        "features": data.n_features,
        "classes": data.n_classes,
        "chosen": chosen["name"] if chosen else "",
        "bytes": summary["size_in_bytes"],
        "average_bytes": summary["average"]["size_in_bytes"],
        "scores": {"hyperborn": summary["test"], **scores},
        "one_network": summary.get("one_network", {}).get("test"),
        "constant": summary["constant"]["test"],
        "differences": {name: difference(ours, peer.nll + unit) for name, peer in learnt.items()},
        "calibrated_differences": {name: difference(ours, peer.calibrated + unit) for name, peer in learnt.items()},
        # Ours is that of the best of several.
        "cross_fitted_differences": {
            name: chosen["nll"] - peer.cross_fitted - unit for name, peer in learnt.items() if chosen
        },
    }


def own_nlls(result: hb.Result) -> np.ndarray:
    """The NLL of each test example (nats), in the units of the target."""
    test = result.data.test
    predicted = result.predictions_of_features(test.x)
    labels = result.data.preprocessing.own_labels(test.y)
    if result.data.classes:
        return -np.log(np.maximum(result.predict_proba(test.x)[np.arange(len(labels)), labels], np.finfo(float).tiny))
    assert isinstance(predicted, NormalMixture)
    return -predicted.log_density(labels)


def difference(ours: np.ndarray, theirs: np.ndarray) -> list[float]:
    """Ours less theirs: the mean, and 95 % of the means of resampled test rows."""
    rows = np.random.default_rng(0).integers(len(ours), size=(RESAMPLES, len(ours)))
    low, high = np.quantile((ours - theirs)[rows].mean(axis=1), (0.025, 0.975))
    return [float((ours - theirs).mean()), float(low), float(high)]


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--tables", default="", help="names of tables, all of them if absent")
    parser.add_argument("--again", action="store_true", help="train those that are there, too")
    parser.add_argument("--report", action="store_true", help="write the page from what is there, and no more")
    given = parser.parse_args()
    names = given.tables.split(",")
    unknown = sorted(set(names) - {"", *(table.name for table in TABLES)})
    if unknown:
        parser.error(f"there is no table {', '.join(unknown)}; there are {', '.join(table.name for table in TABLES)}")
    wanted = [] if given.report else [table for table in TABLES if names == [""] or table.name in names]
    CELLS.mkdir(parents=True, exist_ok=True)
    with Progress() as progress:
        count = progress.counter("tables")
        for done, table in enumerate(wanted):
            path = CELLS / f"{table.name}.json"
            if given.again or not path.exists():
                cell = with_other_splits(cell_of(table), table)
                path.write_text(json.dumps(cell, indent=1) + "\n")
            count(done + 1, len(wanted))
    paths = [CELLS / f"{table.name}.json" for table in TABLES]
    write([json.loads(path.read_text()) for path in paths if path.exists()])


if __name__ == "__main__":
    main()
