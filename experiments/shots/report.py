"""docs/shots.md and its picture, from the runs."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hyperborn.report.style import CYCLE, MARKERS, canvas, plot_style, png
from hyperborn.stats import Estimate

DOCS = Path(__file__).parents[2] / "docs"
PICTURE = DOCS / "images" / "shots.png"

Row = Mapping[str, Any]
Rows = Sequence[Row]


def write(rows: Rows) -> None:
    """Tables into the page between its marks, and the picture."""
    page = DOCS / "shots.md"
    text = page.read_text(encoding="utf-8")
    tables = {
        "budgets": budgets(rows),
        "equal": equal(rows),
        "device": device(rows),
        "strength": strength(rows),
        "wide": wide(rows),
    }
    for name, lines in tables.items():
        head, _, rest = text.partition(f"<!-- {name}: make shots -->\n")
        _, _, tail = rest.partition(f"<!-- end of {name} -->")
        body = "\n".join(lines)
        text = f"{head}<!-- {name}: make shots -->\n{body}\n<!-- end of {name} -->{tail}"
    page.write_text(text, encoding="utf-8")
    PICTURE.write_bytes(picture(rows))


def of_part(rows: Rows, part: str, **settings: Any) -> list[Row]:
    return [row for row in rows if row["part"] == part and all(row[key] == value for key, value in settings.items())]


def shown(values: Iterable[float], digits: int = 3) -> str:
    """Mean ± standard error."""
    found = Estimate.of(np.asarray(list(values), np.float64))
    error = "" if found.standard_error is None else f" ± {found.standard_error:.{digits}f}"
    return f"{found.mean:.{digits}f}{error}"


def column(rows: Rows, name: str, digits: int = 3) -> str:
    return shown([row[name] for row in rows], digits)


def ways(rows: Rows, task: str) -> dict[str, list[Row]]:
    """All ways to learn a task, by name."""
    found = {"exact posterior": of_part(rows, "exact", task=task), "ELBO, exact": of_part(rows, "elbo", task=task)}
    for objective in ("selbo", "mle"):
        for shots in (None, 100, 1_000, 10_000):
            name = f"{objective.upper()}, {'exact' if shots is None else f'{shots:,} shots'}"
            found[name] = of_part(rows, "budgets", task=task, objective=objective, shots=shots)
    return found


def budgets(rows: Rows) -> list[str]:
    lines = []
    for first in of_part(rows, "exact"):
        task = first["task"]
        lines += [
            f"**{task}**: {first['weights']} weights, {first['train']} examples to learn from, {first['test']} to test "
            f"on; entropy of the exact posterior {first['entropy']:.2f} nats.\n",
            "| | accuracy | NLL (nats) | ECE | expected energy | gap of the ELBO | seeds |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        ]
        for name, own in ways(rows, task).items():
            if own:
                cells = [column(own, key) for key in ("accuracy", "nll", "ece")]
                cells += [column(own, key, 2) for key in ("energy", "gap")]
                lines.append(f"| {name} | {' | '.join(cells)} | {len(own)} |")
        lines.append("")
    return lines


def equal(rows: Rows) -> list[str]:
    lines = []
    for task in dict.fromkeys(row["task"] for row in of_part(rows, "equal")):
        reference = of_part(rows, "exact_selbo", task=task)
        lines += [
            f"**{task}**; exact gradients, 1000 steps: {column(reference, 'loss', 2)}.\n",
            "| shots altogether | estimator | shots a circuit | steps | optimizer | SELBO reached (nats) | seeds |",
            "| ---: | --- | ---: | ---: | --- | ---: | ---: |",
        ]
        own = of_part(rows, "equal", task=task)
        keys = ("budget", "way", "shots", "steps", "optimizer")
        for cell in sorted(dict.fromkeys(tuple(row[key] for key in keys) for row in own), key=lambda cell: cell[0]):
            found = [row for row in own if tuple(row[key] for key in keys) == cell]
            budget, way, shots, steps, optimizer = cell
            lines.append(
                f"| {budget:,} | {way} | {shots:,} | {steps:,} | {optimizer} | {column(found, 'loss', 2)} "
                f"| {len(found)} |"
            )
        lines.append("")
    return lines


def device(rows: Rows) -> list[str]:
    lines = [
        "| device, qubits | trained | measured | total variation from ideal | expected energy | accuracy | NLL (nats) "
        "| seeds |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    all_rows = of_part(rows, "device")
    for name, task in dict.fromkeys((row["device"], row["task"]) for row in all_rows):
        qubits = 9 if task == "moons" else 5
        for training in ("ideal", "raw", "mitigated"):
            own = of_part(rows, "device", device=name, task=task, training=training)
            for measured in ("ideal", "raw", "mitigated") if own else ():
                looks = [row["looks"][measured] for row in own]
                cells = [column(looks, "variation"), column(looks, "energy", 2)]
                cells += [column(looks, "accuracy"), column(looks, "nll")]
                lines.append(f"| {name}, {qubits} | {training} | {measured} | {' | '.join(cells)} | {len(own)} |")
    gaps = []
    for training in ("ideal", "raw", "mitigated"):
        own = [row for row in all_rows if row["training"] == training and row["task"] != "moons"]
        if own:
            gaps.append(f"{training} {column(own, 'gap')}, SELBO {column(own, 'loss')}")
    costs = [
        f"{row['device']}: depth {row['depth']}, {row['two_qubit_gates']} two-qubit gates"
        for row in all_rows
        if row["training"] == "ideal" and row["seed"] == 0
    ]
    return [
        *lines,
        "",
        "Gap of the ELBO, and SELBO, of the noise-free circuit at the trained angles (nats), on 5 qubits by how it was "
        f"trained: {'; '.join(gaps)}. Circuits as compiled: {'; '.join(costs)}.",
    ]


def strength(rows: Rows) -> list[str]:
    lines = [
        "| s | trained | total variation from ideal | expected energy | accuracy | NLL (nats) | gap of the ELBO, "
        "noise-free circuit | seeds |",
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for size in dict.fromkeys(row["strength"] for row in of_part(rows, "strength")):
        for training in ("ideal", "noisy"):
            own = of_part(rows, "strength", strength=size, training=training)
            if own:
                looks = [row["looks"]["noisy"] for row in own]
                cells = [column(looks, "variation"), column(looks, "energy", 2)]
                cells += [column(looks, "accuracy"), column(looks, "nll"), column(own, "gap")]
                label = "without noise" if training == "ideal" else "under this noise"
                lines.append(f"| {size} | {label} | {' | '.join(cells)} | {len(own)} |")
    return lines


def wide(rows: Rows) -> list[str]:
    lines = [
        "| method | accuracy | NLL (nats) | ECE | accuracy in training | expected energy | seconds | seeds |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for method in dict.fromkeys(row["method"] for row in of_part(rows, "wide")):
        own = of_part(rows, "wide", method=method)
        cells = [column(own, key) for key in ("accuracy", "nll", "ece", "train_accuracy")]
        cells += [column(own, "energy", 2), f"{np.median([row['seconds'] for row in own]):.0f}"]
        lines.append(f"| {method} | {' | '.join(cells)} | {len(own)} |")
    return lines


def picture(rows: Rows) -> bytes:
    """Gap of the ELBO against shots a circuit, task by task; dashed what exact gradients reach."""
    tasks = [row["task"] for row in of_part(rows, "exact")]
    with plot_style(formulas=True):
        title = "Gap of the noise-free circuit to the exact posterior, mean and standard error over seeds"
        figure = canvas(title, (10.0, 3.6))
        panels = figure.subplots(1, len(tasks), squeeze=False)[0]
        for axes, task in zip(panels, tasks, strict=True):
            for place, objective in enumerate(("selbo", "mle")):
                colour, marker = CYCLE[place], MARKERS[place]
                own = {shots: of_part(rows, "budgets", task=task, objective=objective, shots=shots)
                       for shots in (100, 1_000, 10_000)}  # fmt: skip
                found = {
                    shots: Estimate.of(np.array([row["gap"] for row in kept])) for shots, kept in own.items() if kept
                }
                axes.errorbar(
                    list(found), [one.mean for one in found.values()],
                    yerr=[one.standard_error or 0 for one in found.values()],
                    color=colour, marker=marker, label=f"{objective.upper()}, shots",
                )  # fmt: skip
                exact = of_part(rows, "budgets", task=task, objective=objective, shots=None)
                if exact:
                    mean = float(np.mean([row["gap"] for row in exact]))
                    axes.axhline(mean, color=colour, linestyle="--", label=f"{objective.upper()}, exact")
            bound = of_part(rows, "elbo", task=task)
            if bound:
                mean = float(np.mean([row["gap"] for row in bound]))
                axes.axhline(mean, color=CYCLE[2], linestyle=":", label="ELBO, exact")
            axes.set_xscale("log")
            axes.set_ylim(bottom=0)
            axes.set_title(task)
            axes.set_xlabel("shots a circuit")
        panels[0].set_ylabel("gap of the ELBO (nats)")
        panels[-1].legend()
        return png(figure)
