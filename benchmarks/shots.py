"""Times what training from shots consists of, beside PennyLane, Qiskit, NumPy and scikit-learn.

python benchmarks/shots.py [--readme] [--kinds step sampling mmd]

A training step (2P + 1 circuits of 1,000 shots), 10^6 shots of 20 qubits, and MMD² of 10^5 against 10^5 samples. Every
cell is a process of its own, warmed up; peers of one size run one after the other, and medians of several runs count.
Prints Markdown tables and writes benchmarks/results/shots.json; --readme also puts the tables into
the README. Gradients are compared with the exact one.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from gradient import insert
from mmd_peers import MMD
from report import describe, machine
from shot_peers import SAMPLING, STEPS, WIDE, Step
from worker import memory, reset_peak

HERE = Path(__file__).resolve().parent

QUBITS = (4, 8, 12)
BITS, ROWS, FEWER = (13, 20, 60), 100_000, 20_000
REPEATS = {"step": 5, "sampling": 5, "mmd": 1}
"""Timed runs after the warm-up; the MMD warms up on fewer samples."""
LIMIT = 240.0
"""Seconds that a process may take."""

Key = tuple[str, int, str, int]
"""Kind, qubits or bits, who, and rows (of the MMD)."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readme", action="store_true", help="put the tables into benchmarks/README.md")
    parser.add_argument(
        "--kinds", nargs="+", choices=REPEATS, default=list(REPEATS), help="what is timed (default all)"
    )
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        kind, size, who, rows = json.loads(options.worker)
        print(json.dumps(measured(kind, size, who, rows)))
        return 0
    path = HERE / "results" / "shots.json"
    known = json.loads(path.read_text())["rows"] if path.exists() else []
    found: dict[str, Any] = {"machine": machine(), "rows": [row for row in known if row["kind"] not in options.kinds]}
    for kind in options.kinds:
        for number in range(ROUNDS[kind]):
            for key in keys(kind):
                row = answer(key)
                found["rows"].append({"kind": kind, "size": key[1], "who": key[2], "rows": key[3], **row})
                print(
                    f"{number} {key}: {row.get('note') or statistics.median(row['times'])}", file=sys.stderr, flush=True
                )
        path.write_text(json.dumps(found, indent=1) + "\n")
    text = f"{describe(found['machine'])}\n\n{tables(found['rows'])}"
    print(text)
    if options.readme:
        insert(HERE / "README.md", "shots", text)
    return 0


def keys(kind: str) -> list[Key]:
    """What is timed, peers of one size side by side."""
    if kind == "step":
        return [(kind, n, who, 0) for n in QUBITS for who in STEPS]
    if kind == "sampling":
        return [(kind, WIDE, who, 0) for who in SAMPLING]
    return [(kind, n, who, rows) for n in BITS for who, rows in who_compares()]


def who_compares() -> list[tuple[str, int]]:
    """All at the smaller number of rows, and ours at the larger one, too."""
    return [*((who, FEWER) for who in MMD), ("Hyperborn", ROWS)]


def answer(key: Key) -> dict[str, Any]:
    """A cell's times, from a process of its own."""
    command = [sys.executable, __file__, "--worker", json.dumps(key)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return {"note": f"over {LIMIT:.0f} s"}
    if done.returncode:
        return {"note": "failed: " + done.stderr.strip().splitlines()[-1][:200]}
    return json.loads(done.stdout)


def measured(kind: str, size: int, who: str, rows: int) -> dict[str, Any]:
    """Seconds of every repeat after a warm-up, the most memory (MiB) above that of imports and data, and the answer."""
    warnings.simplefilter("ignore")
    extra: dict[str, Any] = {}
    if kind == "step":
        step = Step(size)
        exact = step.exact
        run = STEPS[who](step)
        found = run()
        extra["error"] = float(np.linalg.norm(found - exact) / np.linalg.norm(exact))
        extra["circuits"] = len(step.points)
    elif kind == "sampling":
        run = SAMPLING[who]()
        extra["outcomes"] = len(run())
    else:
        # The second sample is of slightly other bits, so that MMD² is not zero.
        random = np.random.default_rng(0)
        samples = [(random.random((rows, size)) < share).astype(np.uint8) for share in (0.5, 0.45)]
        build = MMD[who]
        build(samples[0][:2000], samples[1][:2000])()
        run = build(*samples)
    reset_peak()
    before = memory("VmRSS")
    times = []
    for _ in range(REPEATS[kind]):
        started = time.perf_counter()
        found = run()
        times.append(time.perf_counter() - started)
    if kind == "mmd":
        extra["value"] = float(found)
    return {"times": times, "peak_mib": memory("VmHWM") - before, **extra}


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
        f"| {label} | who | median ms | × Hyperborn | peak MiB | {last} |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    ours: dict[tuple[int, int], float] = {}
    for row in rows:
        size, samples = row["size"], row["rows"]
        if "times" not in row:
            lines.append(f"| {size} | {row['who']} | {row['note']} | | | |")
            continue
        seconds = statistics.median(row["times"])
        base = ours.setdefault((size, samples), seconds)
        where = {"step": f"{size} ({row.get('circuits')})", "mmd": f"{size}, {samples:,}"}.get(kind, f"{size}")
        shown = {"error": "{:.2f}", "outcomes": "{:,}", "value": "{:.6f}"}[last].format(row[last])
        cells = f"{1e3 * seconds:.3g} | {seconds / base:.2f} | {row['peak_mib']:.0f} | {shown}"
        lines.append(f"| {where} | {row['who']} | {cells} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
