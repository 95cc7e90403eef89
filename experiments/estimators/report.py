"""From the numbers to docs/estimators.md and its picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hyperborn.report.style import CYCLE, MARKERS, canvas, grid, plot_style, png

DOCS = Path(__file__).parents[2] / "docs"
BUDGET = 10
"""Gradients of the fastest estimator, in whose time each is averaged for the last column."""

Rows = Sequence[dict[str, Any]]


def write(rows: Rows, times: Rows) -> None:
    page = DOCS / "estimators.md"
    text = page.read_text(encoding="utf-8")
    small = [row for row in rows if row["weights"] == 12]
    tables = {
        "twelve": table([row for row in small if row["size"] == 4 and not row["minibatch"]], times),
        "sizes": sizes_table([row for row in small if row["point"] == "half-way" and not row["minibatch"]]),
        "minibatches": minibatch_table([row for row in small if row["size"] == 4]),
        "wide": table([row for row in rows if row["weights"] != 12], times),
    }
    for name, lines in tables.items():
        head, _, rest = text.partition(f"<!-- {name}: make estimators -->\n")
        _, _, tail = rest.partition(f"<!-- end of {name} -->")
        body = "\n".join(lines)
        text = f"{head}<!-- {name}: make estimators -->\n{body}\n<!-- end of {name} -->{tail}"
    page.write_text(text, encoding="utf-8")
    (DOCS / "images" / "estimators.png").write_bytes(picture(small))


def name_of(row: dict[str, Any]) -> str:
    if row["temperature"] is None:
        return f"{row['estimator']}({row['samples']})"
    return f"{row['estimator']}({row['samples']}), temperature {row['temperature']:g}"


def bias_of(row: dict[str, Any]) -> str:
    return f"{row['bias']:.3f} ± {row['standard_error']:.3f}"


def table(rows: Rows, times: Rows) -> list[str]:
    """Estimators down, points of training across."""
    if not rows:
        return []
    points = list(dict.fromkeys(row["point"] for row in rows))
    own = {(time["estimator"], time["samples"]): time["microseconds"] for time in times
           if time["weights"] == rows[0]["weights"]}  # fmt: skip
    budget = BUDGET * min(own.values())
    heads = " | ".join(f"{point}: bias | deviation | cosine" for point in points)
    lines = [f"| estimator (samples) | {heads} | µs | error, equal time ({points[-1]}) |"]
    lines += [f"| --- |{' ---: | ---: | ---: |' * len(points)} ---: | ---: |"]
    for name in dict.fromkeys(name_of(row) for row in rows):
        found = {row["point"]: row for row in rows if name_of(row) == name}
        cells = " | ".join(f"{bias_of(found[point])} | {found[point]['deviation']:.2f} | {found[point]['cosine']:.3f}"
                           for point in points)  # fmt: skip
        last = found[points[-1]]
        spent = own[last["estimator"], last["samples"]]
        error = (last["bias"] ** 2 + last["deviation"] ** 2 * spent / budget) ** 0.5
        lines.append(f"| {name} | {cells} | {spent:.0f} | {error:.2f} |")
    return lines


def sizes_table(rows: Rows) -> list[str]:
    sizes = sorted({row["size"] for row in rows})
    lines = [f"| estimator (samples) | {' | '.join(f'k = {size}: bias | deviation' for size in sizes)} |"]
    lines += [f"| --- |{' ---: | ---: |' * len(sizes)}"]
    for name in dict.fromkeys(name_of(row) for row in rows):
        found = {row["size"]: row for row in rows if name_of(row) == name}
        if len(found) < len(sizes):
            continue
        cells = " | ".join(f"{bias_of(found[size])} | {found[size]['deviation']:.2f}" for size in sizes)
        lines.append(f"| {name} | {cells} |")
    return lines


def minibatch_table(rows: Rows) -> list[str]:
    lines = ["| estimator (samples) | point | all examples: bias | deviation | minibatches: bias | deviation |"]
    lines += ["| --- | --- | ---: | ---: | ---: | ---: |"]
    whole = {(name_of(row), row["point"]): row for row in rows if not row["minibatch"]}
    for row in rows:
        if row["minibatch"]:
            all_of_it = whole[name_of(row), row["point"]]
            both = " | ".join(f"{bias_of(one)} | {one['deviation']:.2f}" for one in (all_of_it, row))
            lines.append(f"| {name_of(row)} | {row['point']} | {both} |")
    return lines


def picture(rows: Rows) -> bytes:
    """Bias against deviation, four qubits a register; what lies within its error is drawn at the error, open."""
    with plot_style(formulas=True):
        figure = canvas("Gradients of 12 weights, k = 4, in units of the exact gradient's length")
        points = list(dict.fromkeys(row["point"] for row in rows))
        all_axes = figure.subplots(1, len(points), sharex=True, sharey=True)
        kinds = list(dict.fromkeys((row["estimator"], row["temperature"]) for row in rows))
        for axes, point in zip(all_axes, points, strict=True):
            for (estimator, temperature), colour, marker in zip(kinds, CYCLE, MARKERS, strict=False):
                own = [row for row in rows if row["size"] == 4 and row["point"] == point and not row["minibatch"]
                       and (row["estimator"], row["temperature"]) == (estimator, temperature)]  # fmt: skip
                label = estimator if temperature is None else f"{estimator}, temperature {temperature:g}"
                for row in own:
                    sure = row["bias"] > 2 * row["standard_error"]
                    axes.plot(row["deviation"], max(row["bias"], row["standard_error"]), marker, color=colour,
                              markerfacecolor=colour if sure else "none", markersize=6,
                              label=label if row is own[0] else None)  # fmt: skip
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_title(point)
            axes.set_xlabel("deviation of one gradient")
            grid(axes, "both")
        all_axes[0].set_ylabel("bias (open: not told from 0)")
        figure.legend(*all_axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
        return png(figure)
