"""Gradients at the start, gap against depth, and which restarts arrive: docs/trainability.md and its pictures.

    python experiments/trainability/run.py

Parts that results.json holds are not computed again; delete it to start over.
"""

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

import hyperborn as hb
from gradient_variance import gradient_variance, starts_near_prior, uniform_starts
from hyperborn.objectives.objectives import Objective
from hyperborn.progress import Progress
from report import write

RESULTS = Path(__file__).parent / "results.json"
OBJECTIVES: tuple[Objective, ...] = (hb.MLE(), hb.ELBO(), hb.SELBO(), hb.Renyi(0.5))
SIZES = (4, 6, 8, 10, 12)
DRAWS = 32
STARTS = ("near the prior", "uniform")
CIRCUITS: dict[str, Callable[[int, int], hb.circuits.Circuit]] = {
    "AllPairs": hb.circuits.AllPairs,
    "Brickwork": hb.circuits.Brickwork,
}
DEPTHS = (1, 2, 4, 8)
RESTARTS = 8
TASKS: dict[str, dict[str, Any]] = {
    "moons, 300": {"name": "moons", "size": 500},
    "xor, 38": {"name": "xor", "size": 64},
}
NETWORK = hb.networks.BinaryMLP(n_features=2, hidden=(3,))


def variances(name: str, depth: int, n: int) -> list[dict[str, Any]]:
    """Of every objective and start, for logistic regression on n - 1 principal components of breast cancer."""
    data = hb.data.load("breast_cancer", components=n - 1)
    network = hb.networks.BinaryMLP(n_features=n - 1, hidden=())
    energies, log_prior = hb.energies(network, data.train), hb.Uniform().log_probabilities(n)
    register = hb.Register(CIRCUITS[name](n, depth))
    key = jax.random.key(zlib.crc32(f"{name} {depth} {n}".encode()))
    starts = {
        STARTS[0]: starts_near_prior(register, DRAWS, 0.02, key=key),
        STARTS[1]: uniform_starts(register, DRAWS, key=key),
    }
    found = []
    for objective in OBJECTIVES:
        functional = objective.bind(energies, log_prior)
        for start, params in starts.items():
            estimate = gradient_variance(register, functional, params)
            # Energies grow with the data: in units of their spread over networks, sizes can be compared.
            scale = float(np.var(energies))
            found.append({
                "circuit": name, "depth": depth, "n": n, "objective": objective.name, "start": start,
                "variance": estimate.mean / scale, "standard_error": (estimate.standard_error or 0.0) / scale,
            })  # fmt: skip
    return found


def gap_at_depth(task: str, depth: int) -> list[dict[str, Any]]:
    posterior = hb.Register(hb.circuits.AllPairs(NETWORK.n_weights, depth))
    result = hb.fit(NETWORK, hb.data.load(**TASKS[task]), posterior=posterior, progress=False)
    numbers = result.numbers
    return [{"task": task, "depth": depth, "elbo": numbers["elbo"], "log_evidence": numbers["log_evidence"]}]


def restarts_of(task: str, annealed: bool) -> list[dict[str, Any]]:
    annealing = hb.Annealing() if annealed else None
    data = hb.data.load(**TASKS[task])
    result = hb.fit(NETWORK, data, annealing=annealing, restarts=RESTARTS, progress=False)
    gaps = sorted(loss + result.numbers["log_evidence"] for loss in result.losses)
    return [{"task": task, "annealed": annealed, "gaps": gaps}]


def main() -> None:
    found: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    parts: dict[str, Callable[[], list[dict[str, Any]]]] = {}
    for name in CIRCUITS:
        for depth in (2, 8):
            for n in SIZES:
                parts[f"variance {name} {depth} {n}"] = lambda name=name, depth=depth, n=n: variances(name, depth, n)
    for task in TASKS:
        for depth in DEPTHS:
            parts[f"depth {task} {depth}"] = lambda task=task, depth=depth: gap_at_depth(task, depth)
        for annealed in (True, False):
            parts[f"restarts {task} {annealed}"] = lambda task=task, annealed=annealed: restarts_of(task, annealed)
    todo = [part for part in parts if part not in found]
    with Progress() as progress:
        count = progress.counter("parts")
        for place, part in enumerate(todo):
            found[part] = parts[part]()
            RESULTS.write_text(json.dumps(found, indent=1) + "\n")
            count(place + 1, len(todo))
    write({kind: [row for part in parts if part.startswith(kind) for row in found[part]]
           for kind in ("variance", "depth", "restarts")})  # fmt: skip


if __name__ == "__main__":
    main()
