"""The gap between log evidence and ELBO of every family on every task: docs/elbo-gap.md and its picture.

    python experiments/elbo_gap/run.py

Cells that results.json holds are not computed again; delete it to start over.
"""

import json
import time
from pathlib import Path
from typing import Any

import hyperborn as hb
from families import FAMILIES, Family
from hyperborn.progress import Progress
from report import write
from tasks import TASKS, Task

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
SMALL = 14
"""Weights up to which every family is tried."""


def cell(task: Task, family: Family) -> dict[str, Any]:
    """One fit with the defaults of `hyperborn.fit`."""
    network, data = task.load()
    posterior = family.make(network.n_weights, hb.energies(network, data.train))
    started = time.perf_counter()
    result = hb.fit(network, data, posterior=posterior, progress=False)
    log_evidence = result.numbers["log_evidence"]
    return {
        "task": task.name,
        "family": family.name,
        "n_weights": network.n_weights,
        "n_examples": len(data.train),
        "n_parameters": posterior.n_parameters,
        "gap": result.numbers["elbo_gap"],
        "gaps": sorted(loss + log_evidence for loss in result.losses),
        "total_variation": result.numbers["total_variation"],
        "posterior_entropy": result.numbers["posterior_entropy"],
        "steps": result.steps,
        "seconds": time.perf_counter() - started,
    }


def main() -> None:
    found: list[dict[str, Any]] = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    done = {(row["task"], row["family"]) for row in found}
    sizes = {task.name: task.load()[0].n_weights for task in TASKS}
    wanted = [(t, f) for t in TASKS for f in FAMILIES if f.large or sizes[t.name] <= SMALL]
    todo = [(task, family) for task, family in wanted if (task.name, family.name) not in done]
    with Progress() as progress:
        count = progress.counter("cells")
        for place, (task, family) in enumerate(todo):
            found.append(cell(task, family))
            RESULTS.write_text(json.dumps(found, indent=1) + "\n")
            count(place + 1, len(todo))
    order = {(task.name, family.name): place for place, (task, family) in enumerate(wanted)}
    write(sorted((row for row in found if (row["task"], row["family"]) in order),
                 key=lambda row: order[row["task"], row["family"]]))  # fmt: skip


if __name__ == "__main__":
    main()
