"""What two weights a qubit cost: ELBO gaps and test scores beside one weight a qubit, in docs/multi-basis.md.

    python experiments/multi_basis/run.py

Cells that results.json holds are not computed again; delete it to start over.
"""

import json
import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

import hyperborn as hb
from bounds import energy_floor, gap_floor, halves_gap
from hyperborn.objectives.objectives import Objective
from hyperborn.predictive import exact_predictive, scores
from hyperborn.progress import Progress
from report import write
from setup import FAMILIES, OBJECTIVES, SEEDS, TASKS, Task

RESULTS = Path(__file__).parent / "results.json"


def bounds_of(task: Task, seed: int) -> dict[str, Any]:
    """What is known of a task by enumeration, without a fit."""
    network, data = task.load(seed)
    energies, n = hb.energies(network, data.train), network.n_weights
    exact = hb.ExactPosterior(energies)
    log_posterior = exact.log_prior - energies - exact.log_evidence
    certain = n / 2 * np.log(2)
    return {
        "family": "bounds",
        "n_weights": n,
        "posterior_entropy": exact.entropy,
        "least_entropy": certain,
        "gap_floor": gap_floor(log_posterior, certain),
        "halves_gap": halves_gap(log_posterior),
        "prior_gap": exact.compared(np.full(2**n, 2.0**-n))["elbo_gap"],
        "energy_floor": energy_floor(energies, certain),
        "exact": scores(exact_predictive(network, data.test.x, exact.probabilities), data.test.y),
    }


def cell(task: Task, seed: int, family: str, objective: Objective) -> dict[str, Any]:
    """One fit with the defaults of `hyperborn.fit`."""
    network, data = task.load(seed)
    posterior = FAMILIES[family](network.n_weights)
    started = time.perf_counter()
    result = hb.fit(network, data, posterior=posterior, objective=objective, seed=seed, progress=False)
    lowest = float(hb.energies(network, data.train).min())
    return {
        "family": family,
        "n_parameters": posterior.n_parameters,
        "gap": result.numbers["elbo_gap"],
        "entropy": result.numbers["entropy"],
        "energy_above": result.numbers["expected_energy"] - lowest,
        "mode_above": result.summary["map"]["energy"] - lowest,
        "calibrated": result.metrics(),
        "own": result.metrics(calibrated=False),
        "seconds": time.perf_counter() - started,
    }


def main() -> None:
    found: list[dict[str, Any]] = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    done = {(row["task"], row["seed"], row["family"], row["objective"]) for row in found}
    objectives = {objective.name: objective for objective in OBJECTIVES}
    wanted = [
        (task, seed, family, name)
        for task, seed in product(TASKS, SEEDS)
        for family, name in [("bounds", ""), *product(FAMILIES, objectives)]
    ]
    todo = [one for one in wanted if (one[0].name, *one[1:]) not in done]
    with Progress() as progress:
        count = progress.counter("cells")
        for place, (task, seed, family, name) in enumerate(todo):
            numbers = cell(task, seed, family, objectives[name]) if name else bounds_of(task, seed)
            found.append({"task": task.name, "seed": seed, "objective": name} | numbers)
            RESULTS.write_text(json.dumps(found, indent=1) + "\n")
            count(place + 1, len(todo))
    write(found)


if __name__ == "__main__":
    main()
