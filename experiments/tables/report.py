"""docs/tables.md and its picture, from the cells."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hyperborn.report.style import CYCLE, canvas, grid, plot_style, png

ROOT = Path(__file__).parents[2]
PAGE, PICTURE = ROOT / "docs/tables.md", ROOT / "docs/images/tables.png"
RESULTS = Path(__file__).parent / "results.json"
BEGIN, END = "<!-- tables: written by experiments/tables/run.py -->", "<!-- end of tables -->"

OURS = "hyperborn"
LINEAR = ("logistic regression", "linear regression")
"""The first of classes, the second of numbers."""
OTHERS = ("forest", "MLP")
TITLES = {
    "linear": "logistic or linear regression",
    LINEAR[0]: LINEAR[0],
    "forest": "the forest",
    "MLP": "the MLP",
}
CLOSE = 0.02
"""Difference in NLL (nats) or accuracy that is looked over."""

Cell = Mapping[str, Any]
Cells = Sequence[Cell]


def write(cells: Cells) -> None:
    """Results beside the script, tables into the page between its marks, and the picture."""
    RESULTS.write_text(json.dumps(cells, indent=1) + "\n")
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{tables_of(cells)}{END}{rest.partition(END)[2]}")
    PICTURE.write_bytes(picture(done(cells)))


def tables_of(cells: Cells) -> str:
    """Everything that stands between the marks."""
    classes = [cell for cell in done(cells) if not cell["regression"]]
    numbers = [cell for cell in done(cells) if cell["regression"]]
    parts = [
        counts(cells),
        sources(cells),
        classification(classes),
        regression(numbers),
        other_splits(done(cells)),
        costs(done(cells)),
    ]
    return "".join(f"{part}\n" for part in parts if part)


def done(cells: Cells) -> list[Cell]:
    """Those that were trained."""
    return [cell for cell in cells if cell["status"] == 0]


def counts(cells: Cells) -> str:
    """How often it works, and is as good as others."""
    found = done(cells)
    meant = sum(cell["task"] == ("regression" if cell["regression"] else "classification") for cell in found)
    lines = [
        f"trained by that one command: {len(found)} of {len(cells)} tables, {meant} of them for the task that is meant"
    ]
    for other in ("linear", *OTHERS):
        every = [cell["differences"][named(cell, other)] for cell in found]
        lower, close = (sum(mean <= most for mean, _, _ in every) for most in (0, CLOSE))
        surely = [sum(high < 0 for _, _, high in every), sum(low > 0 for _, low, _ in every)]
        lines.append(
            f"NLL beside that of {TITLES[other]}: lower on {lower} of {len(every)} tables, at most {CLOSE} higher on "
            f"{close}; beyond the chance of the test rows lower on {surely[0]}, higher on {surely[1]}"
        )
    classes = [cell for cell in found if not cell["regression"]]
    for other in (LINEAR[0], *OTHERS):
        every = [cell["calibrated_differences"][other][0] for cell in classes]
        lower, close = (sum(mean <= most for mean in every) for most in (0, CLOSE))
        lines.append(
            f"NLL beside that of {TITLES[other]} calibrated as ours is: lower on {lower} of {len(every)} tables of "
            f"classes, at most {CLOSE} higher on {close}"
        )
    for other in (LINEAR[0], *OTHERS):
        gaps = accuracy_gaps(found, other)
        close = sum(gap >= -CLOSE for gap in gaps.values())
        lines.append(f"accuracy beside that of {TITLES[other]}: at most {CLOSE} lower on {close} of {len(gaps)}")
    higher = {cell["name"]: cell["differences"][named(cell, "linear")][0] for cell in found}
    lines.append(f"NLL over {CLOSE} above {TITLES['linear']}: {listed(higher, lambda gap: gap > CLOSE)}")
    # Where nothing was chosen, nothing was held out.
    held_out = {cell["name"]: cross_fitted_gap(cell) for cell in found if cell["cross_fitted_differences"]}
    lower, close = (sum(gap <= most for gap in held_out.values()) for most in (0, CLOSE))
    lines.append(
        f"NLL of the training rows, cross-fitted, beside that of {TITLES['linear']} calibrated as ours is: lower on "
        f"{lower} of {len(held_out)} tables, at most {CLOSE} higher on {close}"
    )
    lost = {name: gap for name, gap in held_out.items() if higher[name] > CLOSE}
    lines.append(f"the same of those over {CLOSE} above it on the test rows: {listed(lost, lambda _: True)}")
    below = accuracy_gaps(found, LINEAR[0])
    lines.append(f"accuracy over {CLOSE} below {LINEAR[0]}: {listed(below, lambda gap: gap < -CLOSE)}")
    smaller = sum(linear_bytes(cell) < cell["bytes"] for cell in found)
    lines.append(f"a linear model in float32 is smaller than one network on {smaller} of {len(found)} tables")
    versions = sorted({cell["version"] for cell in cells})
    lines.append(f"commits that trained them: {', '.join(versions)}")
    lines += [f"not trained: {cell['name']}, {cell['said'][-1]}" for cell in cells if cell["status"] != 0]
    return "### How often\n\n" + "".join(f"- {line}\n" for line in lines)


def named(cell: Cell, other: str) -> str:
    """The name of a model on this table."""
    return LINEAR[cell["regression"]] if other == "linear" else other


def cross_fitted_gap(cell: Cell) -> float:
    """Our cross-fitted NLL, of the best of several candidates, less that of a linear model."""
    return cell["cross_fitted_differences"][named(cell, "linear")]


def accuracy_gaps(cells: Cells, other: str) -> dict[str, float]:
    """Our accuracy less another's by table, rounded: a share of rows is no exact number."""
    return {
        cell["name"]: round(cell["scores"][OURS]["accuracy"] - cell["scores"][other]["accuracy"], 9)
        for cell in cells
        if not cell["regression"]
    }


def listed(gaps: Mapping[str, float], is_meant: Callable[[float], bool]) -> str:
    return ", ".join(f"{name} ({gap:+.3f})" for name, gap in gaps.items() if is_meant(gap)) or "none"


def sources(cells: Cells) -> str:
    lines = ["### What they are\n\n", "| table | from | rows to train, to test | features | what |\n"]
    lines.append("| --- | --- | ---: | ---: | --- |\n")
    for cell in cells:
        rows = " + ".join(f"{count:,}" for count in cell.get("rows", ()))
        lines.append(
            f"| {cell['name']} | {cell['package']} | {rows} | {cell.get('features', '')} | {cell['about']} |\n"
        )
    return "".join(lines)


def classification(cells: Cells) -> str:
    """Accuracy and NLL on the test rows of every model."""
    heads = ["table", "classes", "hyperborn", "one network", *(LINEAR[0], *OTHERS), "commonest class"]
    lines = [
        "### Classes: accuracy / NLL (nats) on the test rows\n\n",
        f"| {' | '.join(heads)} | NLL less that of logistic regression |\n",
        "| --- " + "| ---: " * len(heads) + "|\n",
    ]
    for cell in cells:
        scores = cell["scores"]
        every = [scores[OURS], cell["one_network"], *(scores[name] for name in (LINEAR[0], *OTHERS)), cell["constant"]]
        shown = [f"{one['accuracy']:.3f} / {one['nll']:.3f}" if one else "" for one in every]
        lines.append(f"| {cell['name']} | {cell['classes']} | {' | '.join(shown)} | {interval(cell)} |\n")
    return "".join(lines)


def regression(cells: Cells) -> str:
    """RMSE, R² and NLL on the test rows of every model."""
    heads = ["table", "hyperborn", *(LINEAR[1], *OTHERS), "always the mean"]
    lines = [
        "### Numbers: R² / NLL (nats) on the test rows\n\n",
        f"| {' | '.join(heads)} | NLL less that of linear regression |\n",
        "| --- " + "| ---: " * len(heads) + "|\n",
    ]
    for cell in cells:
        every = [*(cell["scores"][name] for name in (OURS, LINEAR[1], *OTHERS)), cell["constant"]]
        shown = [f"{one['r2']:.3f} / {one['nll']:.3f}" for one in every]
        lines.append(f"| {cell['name']} | {' | '.join(shown)} | {interval(cell)} |\n")
    return "".join(lines)


def interval(cell: Cell) -> str:
    mean, low, high = cell["differences"][named(cell, "linear")]
    return f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"


def other_splits(cells: Cells) -> str:
    """Of small tables, how the difference in NLL goes with the rows that are drawn for testing."""
    lines = [
        "### Small tables, cut in two with other seeds\n\n",
        "| table | rows | NLL less that of logistic or linear regression, seed 0 first | mean |\n",
        "| --- | ---: | --- | ---: |\n",
    ]
    small = [cell for cell in cells if "splits" in cell]
    for cell in small:
        every = ", ".join(f"{gap:+.3f}" for gap in cell["splits"])
        lines.append(f"| {cell['name']} | {sum(cell['rows'])} | {every} | {np.mean(cell['splits']):+.3f} |\n")
    return "".join(lines) if small else ""


def linear_bytes(cell: Cell) -> int:
    """Of a linear model in float32: a weight for each feature and a bias, for each class beyond the first."""
    return 4 * (cell["features"] + 1) * max(cell["classes"] - 1, 1)


def costs(cells: Cells) -> str:
    """What was chosen, how large it is, and how long it took."""
    lines = [
        "### What was chosen, its size, and its time\n\n",
        "| table | chosen | bytes of one network | of the average | of a linear model in float32 | seconds | "
        "processor seconds | load |\n",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    ]
    for cell in cells:
        average = "all networks" if cell["average_bytes"] is None else f"{cell['average_bytes']:,}"
        times = " | ".join(f"{cell[name]:.0f}" for name in ("seconds", "processor_seconds", "load"))
        sizes = f"{cell['bytes']:,} | {average} | {linear_bytes(cell):,}"
        lines.append(f"| {cell['name']} | {cell['chosen']} | {sizes} | {times} |\n")
    return "".join(lines)


def picture(cells: Cells) -> bytes:
    """Differences in NLL with their intervals, one panel for each kind of model beside ours."""
    places = -np.arange(len(cells))
    with plot_style():
        figure = canvas("NLL on test rows less that of scikit-learn's models, 95 % of resampled rows", (12, 8))
        panels = figure.subplots(1, 3, sharey=True)
        for axes, name in zip(panels, ("linear", *OTHERS), strict=True):
            names = [named(cell, name) for cell in cells]
            found = np.asarray([cell["differences"][other] for cell, other in zip(cells, names, strict=True)])
            mean, low, high = found.T
            for regresses in (False, True):
                own = np.asarray([cell["regression"] == regresses for cell in cells])
                if own.any():
                    axes.errorbar(
                        mean[own],
                        places[own],
                        xerr=np.maximum([mean[own] - low[own], high[own] - mean[own]], 0),
                        color=CYCLE[int(regresses)],
                        marker="s" if regresses else "o",
                        linestyle="none",
                        label="numbers" if regresses else "classes",
                    )
            axes.axvline(0, color="0.3", linewidth=1)
            axes.set_xscale("symlog", linthresh=0.1, linscale=2)
            axes.set_xticks([-1, -0.1, -0.05, 0, 0.05, 0.1, 1], ["−1", "−0.1", "", "0", "", "0.1", "1"])
            axes.set_xlabel("nats; left: Hyperborn is better")
            axes.set_title(TITLES[name])
            axes.set_yticks(places, [cell["name"] for cell in cells])
            grid(axes, "x")
        panels[0].legend()
        return png(figure)
