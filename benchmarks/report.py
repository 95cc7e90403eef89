"""Whether the peers agree, the tables, and the machine they came from."""

import datetime
import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

import numpy as np

from peers import PEERS

TOLERANCE = {"float32": 1e-4, "float64": 1e-9}
"""Largest error of the value and of the gradient's vector, as a share of the reference gradient's norm.

Float32 leaves about 1e-6 of it at 8 qubits, and summing 2^22 rounded terms some ten times more.
"""

LIBRARIES = (
    *("hyperborn", "jax", "jaxlib", "numpy", "pennylane", "pennylane-lightning", "qulacs", "tensorcircuit-ng"),
    *("qiskit", "qiskit-aer", "scikit-learn"),
)

Row = dict[str, Any]


def disagreements(rows: list[Row]) -> list[str]:
    """What does not agree with the float64 peers, one line each, and sizes where nothing could be compared."""
    problems: list[str] = []
    for circuit, n in sorted({(row.get("circuit", ""), row["n"]) for row in rows}):
        task = f"{circuit} {n}".strip()
        answers = [row for row in rows if (row.get("circuit", ""), row["n"]) == (circuit, n) and "gradient" in row]
        reference = next((row for row in answers if PEERS[row["peer"]].precision == "float64"), None)
        if reference is None or len(answers) < 2:
            problems.append(f"{task} qubits: no float64 peer answered beside another, so nothing was compared")
            continue
        scale = float(np.linalg.norm(reference["gradient"]))
        for row in answers:
            tolerance = TOLERANCE[PEERS[row["peer"]].precision]
            errors = {
                "value": abs(row["value"] - reference["value"]) / scale,
                "gradient": float(np.linalg.norm(np.subtract(row["gradient"], reference["gradient"]))) / scale,
            }
            row["errors"] = errors
            problems += [
                f"{task} qubits: {PEERS[row['peer']].label}: the {name} is off by {error:.1e} of the gradient's norm "
                f"(at most {tolerance:.0e}), against {PEERS[reference['peer']].label}"
                for name, error in errors.items()
                if not error <= tolerance
            ]
    return problems


def gradient_table(rows: list[Row]) -> str:
    """Markdown: every peer at every size, with times as ratios to Hyperborn's of the same run."""
    lines = [
        "| qubits | library | median ms | min ms | × Hyperborn | first result s | peak MiB | value | gradient norm |",
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        ours = next((r for r in rows if r["n"] == row["n"] and r["peer"] == "hyperborn"), {})
        cells = [str(row["n"]), PEERS[row["peer"]].label]
        if "first_seconds" not in row:
            lines.append(f"| {' | '.join([*cells, row['note'], *[''] * 6])} |")
            continue
        if "median_seconds" in row:
            cells += [f"{1e3 * row['median_seconds']:.3g}", f"{1e3 * row['min_seconds']:.3g}"]
            known = "median_seconds" in ours
            cells.append(f"{row['median_seconds'] / ours['median_seconds']:.2f}" if known else "")
        else:
            cells += [row["note"], "", ""]
        norm = np.linalg.norm(row["gradient"])
        cells += [f"{row['first_seconds']:.2f}", f"{row['peak_mib']:.0f}", f"{row['value']:.7f}", f"{norm:.7f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def circuits_table(rows: list[Row]) -> str:
    """Markdown: a table like `gradient_table` for every circuit."""
    names = dict.fromkeys(row["circuit"] for row in rows)
    return "\n\n".join(
        f"**{name}**\n\n{gradient_table([row for row in rows if row['circuit'] == name])}" for name in names
    )


def first_table(rows: list[Row]) -> str:
    """Markdown: time to Hyperborn's first gradient with the compiled programs absent and present."""
    lines = [
        "| qubits | cache of compiled programs | import s | first result s | whole process s |",
        "| ---: | --- | ---: | ---: | ---: |",
    ]
    for row in rows:
        if "first_seconds" not in row:
            lines.append(f"| {row['n']} | {row['cache']} | {row['note']} | | |")
            continue
        cells = [row["import_seconds"], row["first_seconds"], row["process_seconds"]]
        lines.append(f"| {row['n']} | {row['cache']} | {' | '.join(f'{cell:.2f}' for cell in cells)} |")
    return "\n".join(lines)


def memory_table(rows: list[Row]) -> str:
    """Markdown: peak resident memory of the first gradient above the interpreter with everything imported."""
    lines = [
        "| qubits | library | baseline MiB | peak above it MiB | in states |",
        "| ---: | --- | ---: | ---: | ---: |",
    ]
    for row in rows:
        single = 2 ** row["n"] * 8 / 2**20
        label = PEERS[row["peer"]].label
        if "peak_mib" not in row:
            lines.append(f"| {row['n']} | {label} | {row['note']} | | |")
            continue
        cells = [f"{row['baseline_mib']:.0f}", f"{row['peak_mib']:.0f}", f"{row['peak_mib'] / single:.1f}"]
        lines.append(f"| {row['n']} | {label} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", "A state is 2^n amplitudes in complex64."])


def machine() -> dict[str, Any]:
    """Where and when, without the machine's name."""
    return {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "processor": processor(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "load_at_start": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "libraries": {name: version for name in LIBRARIES if (version := version_of(name)) is not None},
    }


def describe(found: dict[str, Any]) -> str:
    libraries = ", ".join(f"{name} {version}" for name, version in found["libraries"].items())
    return (
        f"{found['date']}: {found['cores']} cores of {found['processor']}, {found['memory_gib']} GiB, "
        f"{found['system']}, load {found['load_at_start']} at the start; Python {found['python']}, {libraries}."
    )


def version_of(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def processor() -> str:
    information = Path("/proc/cpuinfo")
    if not information.exists():
        return platform.processor() or "an unnamed processor"
    fields = dict(
        [part.strip() for part in line.split(":", 1)] for line in information.read_text().splitlines() if ":" in line
    )
    return fields.get("model name", "an unnamed processor")
