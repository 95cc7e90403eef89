"""Times one full gradient of Σ c·|ψ|² for Brickwork beside other simulators, each in a process of its own.

python benchmarks/gradient.py                  the table
python benchmarks/gradient.py --first-result   Hyperborn's first gradient, compiled programs absent, then present
python benchmarks/gradient.py --circuits       circuits of other libraries, beside PennyLane Lightning
python benchmarks/gradient.py --memory         peak memory of one gradient at 24 qubits

Each prints a Markdown table and writes benchmarks/results/MODE.json; --readme also puts the table into the README.
The exit code is 1 if values or gradients disagree, or if a library failed or Hyperborn was stopped.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from peers import PEERS
from problem import CIRCUITS
from report import Row, circuits_table, describe, disagreements, first_table, gradient_table, machine, memory_table

HERE = Path(__file__).resolve().parent
TABLES = {"gradient": gradient_table, "circuits": circuits_table, "first-result": first_table, "memory": memory_table}


def main() -> int:
    options = parse()
    found: dict[str, Any] = {"machine": machine(), "depth": options.depth, "limit_seconds": options.limit}
    print(describe(found["machine"]), flush=True)
    measure = {"gradient": gradients, "circuits": circuits, "first-result": first_results, "memory": memories}[
        options.mode
    ]
    rows = found["rows"] = measure(options)
    problems = [] if options.mode not in ("gradient", "circuits") else disagreements(rows)
    problems += [
        f"{row['n']} qubits: {PEERS[row['peer']].label}: {row['note']}"
        for row in rows
        if row.get("failed") or ("note" in row and row["peer"] == "hyperborn")
    ]
    found["disagreements"] = problems

    text = f"{describe(found['machine'])}\n\n{TABLES[options.mode](rows)}"
    print(f"\n{text}")
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / f"{options.mode}.json").write_text(json.dumps(found, indent=1) + "\n")
    for problem in problems:
        print(f"FAILED: {problem}", file=sys.stderr)
    if options.readme and not problems:
        insert(HERE / "README.md", options.mode, text)
    return 1 if problems else 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--first-result", dest="mode", action="store_const", const="first-result", default="gradient")
    mode.add_argument("--circuits", dest="mode", action="store_const", const="circuits")
    mode.add_argument("--memory", dest="mode", action="store_const", const="memory")
    parser.add_argument(
        "--qubits", type=int, nargs="+", help="sizes (default 10 14 18 22; with --circuits 10 14 18, with --memory 24)"
    )
    parser.add_argument("--depth", type=int, help="layers, an even number (default 6; with --circuits 4)")
    parser.add_argument("--peers", nargs="+", choices=PEERS, help="who runs (default all; with --memory hyperborn)")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds a process may take (default 300)")
    parser.add_argument("--seconds", type=float, default=5.0, help="seconds of repeated runs (default 5)")
    parser.add_argument(
        "--out", type=Path, default=HERE / "results", help="folder of the JSON (default benchmarks/results)"
    )
    parser.add_argument("--readme", action="store_true", help="put the table into benchmarks/README.md if all agree")
    options = parser.parse_args()
    options.depth = options.depth or (4 if options.mode == "circuits" else 6)
    if options.depth % 2 or options.depth < 2:
        parser.error(f"--depth {options.depth}: give an even number of layers, since one peer scans over pairs")
    sizes = {"memory": [24], "circuits": [10, 14, 18]}
    peers = {"memory": ["hyperborn"], "circuits": ["hyperborn", "lightning64", "lightning128"]}
    options.qubits = options.qubits or sizes.get(options.mode, [10, 14, 18, 22])
    options.peers = options.peers or peers.get(options.mode, list(PEERS))
    return options


def gradients(options: argparse.Namespace) -> list[Row]:
    """Every peer at every size; who was stopped at one size is not asked for a larger one."""
    rows: list[Row] = []
    stopped: dict[str, int] = {}
    for n in sorted(options.qubits):
        for peer in options.peers:
            if peer in stopped:
                row: Row = {"n": n, "peer": peer, "note": f"not run: stopped at {stopped[peer]} qubits"}
            else:
                with tempfile.TemporaryDirectory() as cache:
                    row = in_process(peer, n, options.depth, options.seconds, options.limit, Path(cache))
            if row.get("stopped"):
                stopped[peer] = n
            rows.append(row)
            tell(row)
    return rows


def circuits(options: argparse.Namespace) -> list[Row]:
    """Every circuit but Brickwork at every size, with the programs of none of them kept."""
    rows: list[Row] = []
    for circuit in CIRCUITS:
        for n in sorted(options.qubits) if circuit != "brickwork" else ():
            for peer in options.peers:
                with tempfile.TemporaryDirectory() as cache:
                    row = in_process(peer, n, options.depth, options.seconds, options.limit, Path(cache), circuit)
                rows.append(row | {"circuit": circuit})
                tell(rows[-1])
    return rows


def first_results(options: argparse.Namespace) -> list[Row]:
    rows: list[Row] = []
    for n in sorted(options.qubits):
        with tempfile.TemporaryDirectory() as cache:
            for state in ("absent", "present"):
                row = in_process("hyperborn", n, options.depth, 0, options.limit, Path(cache))
                rows.append(row | {"cache": state})
                tell(row)
    return rows


def memories(options: argparse.Namespace) -> list[Row]:
    rows: list[Row] = []
    for n in sorted(options.qubits):
        for peer in options.peers:
            with tempfile.TemporaryDirectory() as cache:
                rows.append(in_process(peer, n, options.depth, 0, options.limit, Path(cache)))
            tell(rows[-1])
    return rows


def in_process(
    peer: str, n: int, depth: int, seconds: float, limit: float, cache: Path, circuit: str = "brickwork"
) -> Row:
    """What the worker told until it ended or was stopped; `note` says why something is missing.

    Hyperborn's compiled programs go to `cache`; no other persistent cache of JAX is used.
    """
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    surroundings |= {"JAX_PLATFORMS": "cpu", "HYPERBORN_CACHE": str(cache)}
    command = [sys.executable, str(HERE / "worker.py"), peer, str(n), str(depth), str(seconds), circuit]
    row: Row = {"n": n, "peer": peer}
    start = time.perf_counter()
    try:
        done = subprocess.run(command, env=surroundings, capture_output=True, timeout=limit, check=False)
        output = done.stdout
        if done.returncode < 0:
            row |= {"note": f"killed by signal {-done.returncode}", "stopped": True}
        elif done.returncode > 0:
            lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
            row |= {"note": f"failed: {lines[-1]}", "failed": True}
    except subprocess.TimeoutExpired as error:
        output = error.stdout or b""
        row |= {"note": f"over {limit:.0f} s", "stopped": True}
    row["process_seconds"] = time.perf_counter() - start
    told = [line for line in output.decode().splitlines() if line.startswith("{") and line.endswith("}")]
    return row | (json.loads(told[-1]) if told else {})


def tell(row: Row) -> None:
    first = f"first result {row['first_seconds']:.2f} s" if "first_seconds" in row else ""
    later = f"then {1e3 * row['median_seconds']:.3g} ms" if "median_seconds" in row else ""
    told = ", ".join(part for part in (first, later, row.get("note", "")) if part)
    print(f"{row['n']:3d} qubits  {PEERS[row['peer']].label:40s}  {told}", flush=True)


def insert(readme: Path, mode: str, text: str) -> None:
    """Replace what stands between the marks `<!-- MODE -->` and `<!-- /MODE -->`."""
    before, start, rest = readme.read_text().partition(f"<!-- {mode} -->\n")
    _, end, after = rest.partition(f"<!-- /{mode} -->")
    if not start or not end:
        raise SystemExit(f"error: {readme.name} has no <!-- {mode} --> and <!-- /{mode} --> to put the table between")
    readme.write_text(f"{before}{start}{text}\n{end}{after}")


if __name__ == "__main__":
    raise SystemExit(main())
