"""Times one training step against the number of weights: registers of k qubits beside rules for the same network.

python benchmarks/registers.py [--readme]

Prints a Markdown table and writes benchmarks/results/registers.json; --readme also puts the table into the README.
Every cell is a process of its own; methods of one size run one after the other, in several rounds, of which the best
counts.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import hyperborn as hb
from gradient import insert
from report import describe, machine

HERE = Path(__file__).resolve().parent

SHAPES = {1_036: (64, 14), 10_322: (784, 13), 100_044: (784, 126), 1_000_440: (784, 1260)}
"""Weights: features and hidden units; ten classes."""

EXAMPLES, BATCH, SAMPLES = 2_048, 128, 4
ROUNDS, SECONDS = 1, 1.0
"""Rounds of every cell, and about how long each is timed."""

KINDS = {
    **{f"registers, k = {k}": (k, "first-order") for k in (1, 2, 4, 8)},
    "registers, k = 4, depth 1": (4, "depth-1"),
    "registers, k = 4, straight-through": (4, "straight-through"),
    "BayesBiNN": (0, "bayesbinn"),
    "straight-through": (0, "ste"),
}
MEAN_FIELD = "registers, k = 1"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readme", action="store_true", help="put the table into benchmarks/README.md")
    parser.add_argument("--worker", nargs=2, metavar=("METHOD", "WEIGHTS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        print(json.dumps(measured(options.worker[0], int(options.worker[1]))))
        return 0
    found: dict[str, Any] = {"machine": machine(), "rows": []}
    for weights in SHAPES:
        for number in range(ROUNDS):
            for method in KINDS:
                command = [sys.executable, __file__, "--worker", method, str(weights)]
                row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                found["rows"].append({"method": method, "weights": weights, "round": number, **row})
                print(f"{weights:,} {method}: {row['milliseconds']:.3g} ms", file=sys.stderr, flush=True)
    text = f"{describe(found['machine'])}\n\n{table_of(found['rows'])}"
    print(text)
    (HERE / "results" / "registers.json").write_text(json.dumps(found, indent=1) + "\n")
    if options.readme:
        insert(HERE / "README.md", "registers", text)
    return 0


def measured(method: str, weights: int) -> dict[str, float]:
    """Milliseconds a step, seconds to the first one, and the most memory (MiB) above that of imports and data."""
    network, data = problem(weights)
    before = peak()
    started = time.perf_counter()
    run = of_registers(method, network, data) if method.startswith("registers") else of_baseline(method, network, data)
    run(1)
    first = time.perf_counter() - started
    short, _ = timed(run, 2), timed(run, 2)
    steps = int(np.clip(SECONDS / max(short / 2, 1e-4), 3, 400))
    run(1 + steps)  # a baseline compiles for each number of steps
    base, whole = timed(run, 1), timed(run, 1 + steps)
    return {"milliseconds": 1e3 * (whole - base) / steps, "first_seconds": first, "peak_mib": peak() - before}


def timed(run: Callable[[int], None], steps: int) -> float:
    started = time.perf_counter()
    run(steps)
    return time.perf_counter() - started


def of_registers(method: str, network: hb.networks.BinaryMLP, data: hb.data.Dataset) -> Callable[[int], None]:
    """Steps of training itself, as `hb.fit` takes them."""
    from hyperborn.training.defaults import definition_with_defaults
    from hyperborn.training.minibatch.steps import MinibatchProblem
    from hyperborn.training.state import initial_state

    k, kind = KINDS[method]
    estimators = {"straight-through": hb.StraightThrough(SAMPLES), "local": hb.LocalReparameterization(1)}
    posterior = hb.Registers(network, k, 1 if kind == "depth-1" else 2)
    estimator = estimators.get(kind, hb.FirstOrder(SAMPLES))
    definition = definition_with_defaults(
        network,
        len(data.train),
        posterior=posterior,
        objective=hb.ELBO(0.1),
        estimator=estimator,
        batch_size=BATCH,
    )
    learning, state = MinibatchProblem(definition, definition.energies(data)), initial_state(definition)

    def run(steps: int) -> None:
        learning.advance(state, steps)

    return run


def of_baseline(method: str, network: hb.networks.BinaryMLP, data: hb.data.Dataset) -> Callable[[int], None]:
    """The rule's own program, compiled once for each number of steps before it is timed."""
    kinds = {"bayesbinn": hb.baselines.BayesBiNN, "ste": hb.baselines.StraightThroughAdam}
    kind = kinds[KINDS[method][1]]
    samples = {"samples": SAMPLES} if kind is hb.baselines.BayesBiNN else {}

    def run(steps: int) -> None:
        kind(steps=steps, restarts=1, batch_size=BATCH, **samples).fit(network, data)

    return run


def problem(weights: int) -> tuple[hb.networks.BinaryMLP, hb.data.Dataset]:
    """Random examples, and the network of so many weights."""
    features, hidden = SHAPES[weights]
    random = np.random.default_rng(0)
    x, y = random.normal(size=(EXAMPLES, features)), random.integers(0, 10, EXAMPLES)
    data = hb.data.from_arrays(x, y, validation=0.0, test=0.0)
    network = hb.networks.BinaryMLP(features, (hidden,), 10, bias=False, scale="learned", normalization="layer")
    assert network.n_weights == weights
    return network, data


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table_of(rows: list[dict[str, Any]]) -> str:
    """Best round of every cell, and its ratio to the mean field of the same size."""
    lines = [
        "| weights | method | ms a step | × mean field | first step s | peak MiB |",
        "| ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    for weights in SHAPES:
        best = {
            method: min(
                (row for row in rows if (row["weights"], row["method"]) == (weights, method)),
                key=lambda row: row["milliseconds"],
            )
            for method in KINDS
        }
        for method, row in best.items():
            ratio = row["milliseconds"] / best[MEAN_FIELD]["milliseconds"]
            cells = f"{row['milliseconds']:.3g} | {ratio:.2f} | {row['first_seconds']:.1f} | {row['peak_mib']:.0f}"
            lines.append(f"| {weights:,} | {method} | {cells} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
