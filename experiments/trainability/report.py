"""From the parts to docs/trainability.md and its pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hyperborn.report.style import CYCLE, MARKERS, canvas, grid, plot_style, png

DOCS = Path(__file__).parents[2] / "docs"
WITHIN = 0.1
"""Nats from the log evidence within which a restart has arrived."""

Rows = Sequence[dict[str, Any]]


def write(found: dict[str, Rows]) -> None:
    page = DOCS / "trainability.md"
    text = page.read_text(encoding="utf-8")
    for kind, table in (("variance", variance_table), ("depth", depth_table), ("restarts", restarts_table)):
        head, _, rest = text.partition(f"<!-- {kind}: make trainability -->\n")
        _, _, tail = rest.partition(f"<!-- end of {kind} -->")
        lines = "\n".join(table(found[kind]))
        text = f"{head}<!-- {kind}: make trainability -->\n{lines}\n<!-- end of {kind} -->{tail}"
    page.write_text(text, encoding="utf-8")
    for name, draw in (("variance", variance_picture), ("depth", depth_picture), ("restarts", restarts_picture)):
        (DOCS / "images" / f"trainability-{name}.png").write_bytes(draw(found[name]))


def variance_table(rows: Rows) -> list[str]:
    sizes = sorted({row["n"] for row in rows})
    lines = [f"| circuit | objective | start | {' | '.join(f'{n} qubits' for n in sizes)} |"]
    lines += [f"| --- | --- | --- |{' ---: |' * len(sizes)}"]
    for group in dict.fromkeys((row["circuit"], row["depth"], row["objective"], row["start"]) for row in rows):
        own = {row["n"]: row for row in rows if key_of(row) == group}
        cells = " | ".join(f"{own[n]['variance']:.1e} ± {own[n]['standard_error']:.0e}" for n in sizes)
        lines.append(f"| {group[0]}, depth {group[1]} | {group[2].upper()} | {group[3]} | {cells} |")
    return lines


def key_of(row: dict[str, Any]) -> tuple[str, int, str, str]:
    return row["circuit"], row["depth"], row["objective"], row["start"]


def variance_picture(rows: Rows) -> bytes:
    with plot_style(formulas=True):
        figure = canvas("Gradient variance at the start, in units of the energies' variance")
        circuits = list(dict.fromkeys((row["circuit"], row["depth"]) for row in rows))
        all_axes = figure.subplots(1, len(circuits), sharey=True)
        objectives = list(dict.fromkeys(row["objective"] for row in rows))
        for axes, (circuit, depth) in zip(all_axes, circuits, strict=True):
            for objective, colour, marker in zip(objectives, CYCLE, MARKERS, strict=False):
                for start, style in (("near the prior", "-"), ("uniform", ":")):
                    own = [row for row in rows if key_of(row) == (circuit, depth, objective, start)]
                    label = f"{objective.upper()}, {start}"
                    axes.plot([row["n"] for row in own], [row["variance"] for row in own],
                              style, color=colour, marker=marker, markersize=4, label=label)  # fmt: skip
            axes.set_yscale("log")
            axes.set_title(f"{circuit}, depth {depth}")
            axes.set_xlabel("qubits")
            grid(axes, "both")
        all_axes[0].set_ylabel("mean variance of ∂F/∂θ")
        figure.legend(*all_axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
        return png(figure)


def depth_table(rows: Rows) -> list[str]:
    depths = sorted({row["depth"] for row in rows})
    lines = [f"| task (log evidence) | {' | '.join(f'depth {depth}' for depth in depths)} |"]
    lines += [f"| --- |{' ---: |' * len(depths)}"]
    for task in dict.fromkeys(row["task"] for row in rows):
        own = {row["depth"]: row for row in rows if row["task"] == task}
        log_evidence = own[depths[0]]["log_evidence"]
        bounds = " | ".join(f"{own[depth]['elbo']:.2f}" for depth in depths)
        lines.append(f"| {task} ({log_evidence:.2f}) | {bounds} |")
    return lines


def depth_picture(rows: Rows) -> bytes:
    with plot_style(formulas=True):
        figure = canvas("ELBO of AllPairs against its depth: the gap that is left")
        axes = figure.subplots()
        for task, colour, marker in zip(dict.fromkeys(row["task"] for row in rows), CYCLE, MARKERS, strict=False):
            own = [row for row in rows if row["task"] == task]
            gaps = np.maximum([row["log_evidence"] - row["elbo"] for row in own], 1e-3)
            axes.plot([row["depth"] for row in own], gaps, color=colour, marker=marker, label=task)
        axes.axhline(WITHIN, color="#767676", linestyle=":", linewidth=1)
        axes.set_yscale("log")
        axes.set_xlabel("layers")
        axes.set_ylabel("log evidence - ELBO (nats)")
        axes.legend()
        grid(axes, "both")
        return png(figure)


def restarts_table(rows: Rows) -> list[str]:
    lines = ["| task | energies | restarts within 0.1 nats | best | median | worst |"]
    lines += ["| --- | --- | ---: | ---: | ---: | ---: |"]
    for row in rows:
        gaps = np.array(row["gaps"])
        how = "annealed" if row["annealed"] else "whole from the start"
        arrived = f"{int((gaps <= WITHIN).sum())} of {len(gaps)}"
        sizes = f"{gaps.min():.3f} | {np.median(gaps):.3f} | {gaps.max():.3f}"
        lines.append(f"| {row['task']} | {how} | {arrived} | {sizes} |")
    return lines


def restarts_picture(rows: Rows) -> bytes:
    with plot_style(formulas=True):
        figure = canvas("Restarts, best first: energies annealed (filled) or whole (open)")
        axes = figure.subplots()
        for row, colour in zip(rows, np.repeat(CYCLE, 2), strict=False):
            gaps = np.maximum(row["gaps"], 1e-3)
            label = f"{row['task']}, {'annealed' if row['annealed'] else 'whole'}"
            face = colour if row["annealed"] else "none"
            axes.plot(np.arange(1, len(gaps) + 1), gaps, "o-" if row["annealed"] else "o:",
                      color=colour, markerfacecolor=face, label=label)  # fmt: skip
        axes.axhline(WITHIN, color="#767676", linestyle=":", linewidth=1)
        axes.set_yscale("log")
        axes.set_xlabel("restart, best first")
        axes.set_ylabel("log evidence - ELBO (nats)")
        axes.legend()
        grid(axes, "both")
        return png(figure)
