"""One peer, one size, one process: `python worker.py PEER QUBITS DEPTH SECONDS CIRCUIT` prints JSON, a line a stage.

The first line comes with the first result, so that a process that is stopped later has still told of it.
"""

import json
import resource
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from peers import PEERS
from problem import Problem

FEWEST, MOST = 5, 200
"""Repeated runs: between these, as many as fit the seconds given."""


def main(peer: str, n: int, depth: int, seconds: float, circuit: str) -> None:
    # Peers warn of their own deprecations once a gate; printing that is not what is measured.
    warnings.simplefilter("ignore")
    started = time.perf_counter()
    build = PEERS[peer].load()
    imported = time.perf_counter()
    reset_peak()
    baseline = memory("VmRSS")

    problem = Problem.random(n, depth, circuit)
    ready = time.perf_counter()
    run = build(problem)
    value, gradient = run()
    first = time.perf_counter() - ready
    found = {
        "import_seconds": imported - started,
        "first_seconds": first,
        "baseline_mib": baseline,
        "peak_mib": memory("VmHWM") - baseline,
        "value": value,
        "gradient": np.asarray(gradient, np.float64).ravel().tolist(),
    }
    print(json.dumps(found), flush=True)
    if seconds > 0:
        times = repeated(run, seconds)
        found |= {"median_seconds": statistics.median(times), "min_seconds": min(times), "runs": len(times)}
        found["peak_mib"] = memory("VmHWM") - baseline
        print(json.dumps(found), flush=True)


def repeated(run: Callable[[], object], seconds: float) -> list[float]:
    times: list[float] = []
    while len(times) < FEWEST or (sum(times) < seconds and len(times) < MOST):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return times


def reset_peak() -> None:
    """Forget the peak that the imports reached (on Linux, the one system that lets a process do so)."""
    switch = Path("/proc/self/clear_refs")
    if switch.exists():
        switch.write_text("5")


def memory(field: str) -> float:
    """Resident memory in MiB: VmRSS now, VmHWM at its highest since `reset_peak`.

    Where there is no /proc (macOS), both are the process's highest so far, which getrusage gives there in bytes.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    line = next(line for line in status.read_text().splitlines() if line.startswith(field + ":"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), sys.argv[5])
