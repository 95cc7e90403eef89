"""Times what training from shots consists of, beside PennyLane, Qiskit, NumPy and scikit-learn.

python benchmarks/shots.py [--readme] [--kinds step sampling mmd]

A training step (2P + 1 circuits of 1,000 shots), 10^6 shots of 20 qubits, and MMD² of samples against as many. Every
size is a process of its own, in which all take turns for several rounds after a warm-up; medians count, of the time
that passes and of that of all processors. Prints Markdown tables and writes benchmarks/results/shots.json; --readme
also puts the tables into the README. Gradients are compared with the exact one.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gradient import insert
from mmd_peers import MMD, OURS
from report import describe, machine
from shot_peers import SAMPLING, STEPS, WIDE, Step
from worker import memory, reset_peak

HERE = Path(__file__).resolve().parent

QUBITS = (4, 8, 12)
BITS, ROWS, FEWER = (13, 20, 60), 100_000, 10_000
ROUNDS = {"step": 5, "sampling": 5, "mmd": 1}
LIMIT = 400.0
"""Seconds that a process may take."""

CASES: dict[str, list[tuple[int, int]]] = {
    "step": [(n, 0) for n in QUBITS],
    "sampling": [(WIDE, 0)],
    "mmd": [(n, rows) for rows in (FEWER, ROWS) for n in BITS],
}
"""Qubits or bits, and rows (of the MMD)."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readme", action="store_true", help="put the tables into benchmarks/README.md")
    parser.add_argument("--kinds", nargs="+", choices=ROUNDS, default=list(ROUNDS), help="what is timed (default all)")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        print(json.dumps(measured(*json.loads(options.worker))))
        return 0
    path = HERE / "results" / "shots.json"
    known = json.loads(path.read_text())["rows"] if path.exists() else []
    found: dict[str, Any] = {"machine": machine(), "rows": [row for row in known if row["kind"] not in options.kinds]}
    for kind in options.kinds:
        for size, rows in CASES[kind]:
            found["rows"] += [{"kind": kind, "size": size, "rows": rows, **row} for row in answer(kind, size, rows)]
            print(f"{kind} {size} {rows or ''} done", file=sys.stderr, flush=True)
            path.write_text(json.dumps(found, indent=1) + "\n")
    text = f"{describe(found['machine'])}\n\n{tables(found['rows'])}"
    print(text)
    if options.readme:
        insert(HERE / "README.md", "shots", text)
    return 0


def answer(kind: str, size: int, rows: int) -> list[dict[str, Any]]:
    """What a process of its own has measured."""
    command = [sys.executable, __file__, "--worker", json.dumps([kind, size, rows])]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return [{"who": "all", "note": f"over {LIMIT:.0f} s"}]
    if done.returncode:
        return [{"who": "all", "note": "failed: " + done.stderr.strip().splitlines()[-1][:200]}]
    return json.loads(done.stdout)


def measured(kind: str, size: int, rows: int) -> list[dict[str, Any]]:
    """Of everyone: seconds of every round, as they pass and of all processors, memory (MiB), and the answer."""
    warnings.simplefilter("ignore")
    runs = {"step": steps, "sampling": samplings, "mmd": discrepancies}[kind](size, rows)
    found = {who: {"who": who, "times": [], "cpu": [], "peak_mib": 0.0, **extra} for who, (_, extra) in runs.items()}
    for _ in range(ROUNDS[kind]):
        for who, (run, _) in runs.items():
            reset_peak()
            before, started, busy = memory("VmRSS"), time.perf_counter(), time.process_time()
            value = run()
            row = found[who]
            row["times"].append(time.perf_counter() - started)
            row["cpu"].append(time.process_time() - busy)
            row["peak_mib"] = max(row["peak_mib"], memory("VmHWM") - before)
            if kind == "mmd":
                row["value"] = float(value)
    return list(found.values())


Runs = dict[str, tuple[Callable[[], Any], dict[str, Any]]]
"""Of everyone a run that is warmed up, and what is to be told beside its times."""


def steps(n: int, rows: int) -> Runs:
    del rows
    step, found = Step(n), {}
    exact = step.exact
    for who, build in STEPS.items():
        run = build(step)
        error = float(np.linalg.norm(run() - exact) / np.linalg.norm(exact))
        found[who] = run, {"error": error, "circuits": len(step.points)}
    return found


def samplings(n: int, rows: int) -> Runs:
    del n, rows
    runs = {who: build() for who, build in SAMPLING.items()}
    return {who: (run, {"outcomes": len(run())}) for who, run in runs.items()}


def discrepancies(n: int, rows: int) -> Runs:
    """Everybody at the smaller number of rows, Hyperborn alone at the larger one; the second sample has fewer ones."""
    random = np.random.default_rng(0)
    samples = [(random.random((rows, n)) < share).astype(np.uint8) for share in (0.5, 0.45)]
    chosen = MMD if rows == FEWER else {OURS: MMD[OURS]}
    for build in chosen.values():
        build(samples[0][:5000], samples[1][:5000])()
    return {who: (build(*samples), {}) for who, build in chosen.items()}


def tables(rows: list[dict[str, Any]]) -> str:
    titles = {
        "step": "**One training step**, 2P + 1 circuits of 1,000 shots; the error is that of the gradient.",
        "sampling": "**10^6 shots of 20 qubits**, to distinct outcomes.",
        "mmd": f"**MMD²** of as many samples as named against as many; ours also at {ROWS:,}.",
    }
    parts = [f"{titles[kind]}\n\n{table_of(kind, own)}" for kind in titles if (own := of_kind(rows, kind))]
    return "\n".join(parts)


def of_kind(rows: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["kind"] == kind]


def table_of(kind: str, rows: list[dict[str, Any]]) -> str:
    last = {"step": "error", "sampling": "outcomes", "mmd": "value"}[kind]
    label = {"step": "qubits (circuits)", "sampling": "qubits", "mmd": "bits, samples"}[kind]
    lines = [
        f"| {label} | who | median ms | processor ms | × Hyperborn | in processor time | peak MiB | {last} |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    ours: dict[tuple[int, int], tuple[float, float]] = {}
    for row in rows:
        size, samples = row["size"], row["rows"]
        if "times" not in row:
            lines.append(f"| {size} | {row['who']} | {row['note']} | | | | | |")
            continue
        passed, busy = statistics.median(row["times"]), statistics.median(row["cpu"])
        first = ours.setdefault((size, samples), (passed, busy))
        where = {"step": f"{size} ({row.get('circuits')})", "mmd": f"{size}, {samples:,}"}.get(kind, f"{size}")
        shown = {"error": "{:.2f}", "outcomes": "{:,}", "value": "{:.6f}"}[last].format(row[last])
        cells = f"{1e3 * passed:,.4g} | {1e3 * busy:,.4g} | {passed / first[0]:.2f} | {busy / first[1]:.2f}"
        lines.append(f"| {where} | {row['who']} | {cells} | {row['peak_mib']:.0f} | {shown} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
