"""Tables for the terminal and for the run folder. Rich is loaded when one is made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from hyperborn.costs.cost import energy_text
from hyperborn.errors import UserError
from hyperborn.printable import printable
from hyperborn.report.notation import (
    AVERAGE,
    COMMONEST,
    EXACT_POSTERIOR,
    LINEAR,
    LOGISTIC,
    METRICS,
    MISSING,
    better,
    estimate_text,
    fixed,
    in_sections,
    metric_name,
    number_text,
    objective_name,
    section,
)
from hyperborn.training.choice import name_of_method

if TYPE_CHECKING:
    import rich.console
    import rich.table
    import rich.text

Rows = Mapping[str, Mapping[str, tuple[float, float]]]
"""Mean and standard error by objective and metric."""

SPLITS = ("train", "validation", "test")
SCORES = ("accuracy", "nll", "brier", "ece", "auc")
NUMBER_SCORES = ("rmse", "mae", "nll", "r2", "coverage_50", "coverage_90")
"""Of a regression."""
COMPARED, NUMBERS_COMPARED = SCORES, ("rmse", "mae", "nll", "r2")
"""Scores by which a run stands beside simpler predictions."""
SHORT = {"nll": "NLL", "brier": "Brier", "ece": "ECE", "elbo_gap": "gap (nats)"}
SHORT |= {"auc": "AUC", "rmse": "RMSE", "mae": "MAE", "coverage_90": "in 90 %"}
"""Headers of comparisons in a terminal."""
FITTING = 5
"""Metrics of comparisons that fit a terminal."""
LEFT_OUT = ("brier",)
"""Metrics of comparisons that are in their files, but not in a terminal's table of too many."""

MOST_IMPORTANT = 5
"""Columns whose importance is shown, most important first."""
MOST_LOSSES = 5
"""Restarts whose losses are shown, best first: if these differ much, more restarts may find a lower loss."""

SIGNS = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_[]<>|~$&#"})
"""Escapes for the characters that Markdown reads as a column, an emphasis, a link, a formula or a tag."""

MEASURES = (
    *("loss", "expected_energy", "standard_error", "kl", "elbo", "log_evidence", "elbo_gap", "optimum_gap"),
    *("total_variation", "kl_to_posterior", "entropy", "posterior_entropy"),
)
"""Numbers of a run, shown where they are known, which depends on the posterior."""


def summary_table(summary: Mapping[str, Any]) -> "rich.table.Table":
    """Scores of each split, and below them what was reached, the most probable network and the time it took.

    The summary is that of `hyperborn train --json`; what it lacks is a dash.
    """
    from rich.padding import Padding

    title = ", ".join(part for part in (objective_name(str(summary.get("objective") or "")), *counts(summary)) if part)
    parts = [*compared_predictions(summary), *importance_parts(summary), facts_table(facts(summary))]
    return titled(title or "run", [split_scores_table(summary), *(Padding(part, (1, 0, 0, 0)) for part in parts)])


def counts(summary: Mapping[str, Any]) -> list[str]:
    named = (("n_weights", "binary weights"), ("size_in_bytes", ""), ("n_parameters", "parameters of q"))
    known = [(key, what) for key, what in named if summary.get(key) is not None]
    return [f"{summary[key]:,} {what}" if what else f"{bytes_text(summary)} a network" for key, what in known]


def split_scores_table(summary: Mapping[str, Any]) -> "rich.table.Table":
    """A row a metric, a column a split; after a choice, what was held out for it instead of validation."""
    by_name: dict[str, Mapping[str, Any]] = {split: summary.get(split) or {} for split in SPLITS}
    if choice := summary.get("choice"):
        # What was held out for the choice is more than a validation split, or is learnt from in the end.
        name = name_of_method(choice["method"], choice["folds"])
        held_out = {name: choice["candidates"][choice["chosen"]]["scores"]}
        by_name = {"train": by_name["train"], **held_out, "test": by_name["test"]}
    columns = list(by_name.values())
    table = plain_table(["", *by_name])
    for metric in NUMBER_SCORES if summary.get("target") else SCORES:
        values = [column.get(metric) for column in columns]
        table.add_row(*text_cells([metric_name(metric), *(score_text(value) for value in values)]))
    return table


def score_text(value: float | None) -> str:
    """Four decimal places, so that columns line up; thousands of examples give as many digits."""
    # Less than 1e-12 is a rounding error.
    return number_text(value) if value is None or value != value or 1e-12 < value < 5e-5 else fixed(value, 4)


def compared_predictions(summary: Mapping[str, Any]) -> list[Any]:
    """Test scores of the average, of one network and of simpler predictions, and a line where the last are better.

    Nothing where there are no test scores, or nothing to compare with.
    """
    average: Mapping[str, Any] = summary.get("average") or {}
    one: Mapping[str, Any] = summary.get("one_network") or {}
    linear, constant = (LINEAR, AVERAGE) if summary.get("target") else (LOGISTIC, COMMONEST)
    names = ((linear, "linear"), (constant, "constant"))
    simple = {name: (summary.get(key) or {}).get("test") for name, key in names}
    own = summary.get("test")
    rows = {average_name(average): own, f"one network ({bytes_text(one)})": one.get("test"), **simple}
    rows = {name: scores for name, scores in rows.items() if scores}
    if not own or len(rows) < 2:
        return []
    metrics = NUMBERS_COMPARED if summary.get("target") else COMPARED
    table = plain_table(["test split", *(SHORT.get(metric) or metric_name(metric) for metric in metrics)])
    for name, scores in rows.items():
        table.add_row(*text_cells([name, *(narrow_score_text(scores.get(metric)) for metric in metrics)]))
    lines = [line for name, scores in simple.items() if scores and (line := beaten_line(name, scores, own))]
    return [table, *lines]


def importance_parts(summary: Mapping[str, Any]) -> list[Any]:
    """The columns without which predictions are worst, by how much, and how exact that is; nothing where unknown."""
    found: Mapping[str, Any] = summary.get("importance") or {}
    if not found:
        return []
    rows: Sequence[Mapping[str, Any]] = found["columns"]
    score = SHORT.get(found["measure"]) or metric_name(found["measure"])
    key = f"{found['measure']}_drop"
    table = plain_table([f"permuted in {found['split']}", "NLL rises by", "95 % interval", f"{score} falls by"])
    for row in rows[:MOST_IMPORTANT]:
        interval = f"{narrow_score_text(row['low'])} to {narrow_score_text(row['high'])}"
        numbers = [narrow_score_text(row["nll_increase"]), interval, narrow_score_text(row[key])]
        table.add_row(*text_cells([row["name"], *numbers]))
    if (others := len(rows) - MOST_IMPORTANT) > 0:
        return [table, *text_cells([f"and {others:,} columns of less importance"])]
    return [table]


def average_name(average: Mapping[str, Any]) -> str:
    """What an average is of, and its size where it has one; nothing known of it, "this run"."""
    count = average.get("n_networks")
    if count is None:
        return "this run"
    every = "all " if average.get("is_all") else ""
    networks = "one network" if count == 1 else f"average of {every}{count:,} networks"
    return networks if average.get("size_in_bytes") is None else f"{networks} ({bytes_text(average)})"


def bytes_text(sized: Mapping[str, Any]) -> str:
    """A size, from a million bytes on in MB, so that the names of rows stay short."""
    size = sized.get("size_in_bytes")
    if size is not None and size >= 1_000_000:
        return f"{size / 1e6:,.1f} MB"
    return MISSING if size is None else f"{size:,} byte{'' if size == 1 else 's'}"


def beaten_line(name: str, scores: Mapping[str, float], own: Mapping[str, float]) -> Any:
    """A line that says by which measures a simpler prediction is better than the run; None where it is not."""
    both = [metric for metric in ("accuracy", "rmse", "nll") if metric in scores and metric in own]
    ahead = [SHORT.get(metric) or metric for metric in both if is_better(metric, scores[metric], own[metric])]
    return text_cells([f"better on the test split: {name}, by {' and '.join(ahead)}"])[0] if ahead else None


def is_better(metric: str, one: float, other: float) -> bool:
    return one > other if better(metric) == "higher" else one < other


def narrow_score_text(value: float | None) -> str:
    """As `score_text`, but for fewer decimal places of large numbers, so that names and scores fit 80 columns."""
    return score_text(value) if value is None or abs(value) < 1000 else number_text(value)


def facts(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Further facts of a run, as pairs of name and text."""
    found = [(metric_name(name), number_text(summary[name])) for name in MEASURES if summary.get(name) is not None]
    if summary.get("measured_on"):
        found.append(("predictions measured on", f"{summary['measured_on']} (other numbers are of training)"))
    if summary.get("choice"):
        found[:0] = [("chosen", summary["choice"]["text"]), ("why", summary["choice"]["why"])]
    target: Mapping[str, Any] | None = summary.get("target")
    if target:
        scale = f"{number_text(target['mean'])}, deviation {number_text(target['deviation'])}"
        found.insert(0, ("target (nats below are of it standardised)", f"{target['name']}, mean {scale}"))
        found.append(("factor of predicted deviations", number_text(summary.get("deviation_factor"))))
    else:
        found.append(("temperature of predictions", number_text(summary.get("temperature"))))
    losses: Sequence[float] = summary.get("losses") or ()
    if len(losses) > 1:
        shown = ", ".join(number_text(loss) for loss in sorted(losses)[:MOST_LOSSES])
        found.append(("losses of restarts", shown + (", ..." if len(losses) > MOST_LOSSES else "")))
    best: Mapping[str, Any] = summary.get("map") or {}
    found.append(("most probable network", bits_text(best.get("bits"), summary.get("n_weights"))))
    found.append(("its energy (nats)", number_text(best.get("energy"))))
    if target:
        found.append(("its root mean squared error in test", number_text(best.get("test_rmse"))))
    else:
        found.append(("its test accuracy", number_text(best.get("test_accuracy"))))
    found += [("" if place else "data", line) for place, line in enumerate(summary.get("notes") or ())]
    seconds: Mapping[str, float] = summary.get("seconds") or {}
    times = ", ".join(f"{name} {value:.1f}" for name, value in seconds.items() if value is not None)
    found.append(("seconds", times or MISSING))
    if summary.get("training_energy"):
        found.append(("energy of the training", summary["training_energy"]["text"]))
    if summary.get("cost"):
        found.append(("a prediction by one network", cost_text(summary["cost"])))
    found.append(("saved in", str(summary.get("out") or MISSING)))
    return found


def cost_text(cost: Mapping[str, Any]) -> str:
    """What a prediction costs, in a line."""
    counts: Mapping[str, int] = cost["operations"]
    words = [f"{counts['xnor_popcounts']:,} XNOR-popcounts"] if counts["xnor_popcounts"] else []
    operations = ", ".join([f"{counts['additions']:,} additions", *words, "0 multiplications by weights"])
    energy, other = energy_text(cost["energy_nj"]), energy_text(cost["float32"]["energy_nj"])
    return f"{operations}; about {energy} (float32 network of the same shape: {other})"


def bits_text(bits: str | None, count: int | None) -> str:
    """The bits of a network, or their number where they are too many to show."""
    return bits or (MISSING if count is None else f"of {count:,} bits")


def facts_table(found: Iterable[tuple[str, str]]) -> "rich.table.Table":
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", overflow="fold")
    table.add_column(overflow="fold")
    for name, text in found:
        table.add_row(*text_cells([name, text]))
    return table


def comparison_table(rows: Rows, *, title: str | None = None) -> "rich.table.Table":
    """Mean ± standard error, a row an objective, a column a metric; the exact posterior and simpler predictions apart.

    Of more than `FITTING` metrics, those in `LEFT_OUT` have no column.

    Raises:
        UserError: if there is no row.
    """
    metrics = metric_columns(rows)
    if len(metrics) > FITTING:
        metrics = [metric for metric in metrics if metric not in LEFT_OUT]
    table = plain_table(["", *(SHORT.get(metric) or metric_name(metric) for metric in metrics)])
    before = 0
    for name in in_sections(rows):
        if section(name) != before:
            table.add_section()
            before = section(name)
        # Without spaces, `FITTING` metrics fit 80 columns.
        texts = [objective_name(name), *(row_text(rows, name, metric).replace(" ± ", "±") for metric in metrics)]
        table.add_row(*text_cells(texts), style="italic" if name == EXACT_POSTERIOR else "")
    return table if title is None else titled(title, [table])


def markdown(rows: Rows) -> str:
    """The comparison's table as GitHub renders it; the exact posterior's row in italics.

    Raises:
        UserError: if there is no row.
    """
    metrics = metric_columns(rows)
    headers = ["", *(escaped(metric_name(metric)) for metric in metrics)]
    lines = [markdown_row(headers), markdown_row(["---", *["---:"] * len(metrics)])]
    for name in in_sections(rows):
        texts = [escaped(objective_name(name)), *(row_text(rows, name, metric) for metric in metrics)]
        lines.append(markdown_row([f"*{part}*" for part in texts] if name == EXACT_POSTERIOR else texts))
    return "\n".join(lines) + "\n"


def metric_columns(rows: Rows) -> list[str]:
    """Metrics of any row: known ones in their usual order, then others as they come."""
    if not rows:
        raise UserError("there is nothing to compare; give at least one objective")
    found = dict.fromkeys(metric for row in rows.values() for metric in row)
    return [metric for metric in METRICS if metric in found] + [metric for metric in found if metric not in METRICS]


def row_text(rows: Rows, name: str, metric: str) -> str:
    """Mean ± standard error of a metric; a dash where the row lacks it."""
    mean, error = rows[name].get(metric, (None, None))
    return estimate_text(mean, error)


def markdown_row(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"


def escaped(name: str) -> str:
    """The name as Markdown shows it unchanged, on one line."""
    return printable(name).translate(SIGNS)


def plain_table(headers: Sequence[str]) -> "rich.table.Table":
    """An empty table whose first column names the rows and whose others hold numbers."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for place, header in enumerate(text_cells(headers)):
        # Folding keeps all text. Rich's ellipsis is not in every encoding.
        table.add_column(header, justify="right" if place else "left", overflow="fold")
    return table


def titled(title: str, parts: Iterable[Any]) -> "rich.table.Table":
    """Renderables under a title."""
    from rich.styled import Styled
    from rich.table import Table

    table = Table.grid()
    table.add_column(overflow="fold")
    # Rich's own titles interpret markup and ignore the encoding.
    table.add_row(Styled(text_cells([title])[0], "bold"))
    for part in parts:
        table.add_row(part)
    return table


def text_cells(texts: Iterable[str]) -> list[Any]:
    """Cells of a table's row."""
    return [TextCell(text) for text in texts]


ASCII_SIGNS = str.maketrans({"±": "+/-", "–": "-", "−": "-", "·": "-"})


@final
@dataclass(frozen=True)
class TextCell:
    """Text of a table's cell: one line without markup, in ASCII where the terminal's encoding lacks a sign."""

    text: str

    def __rich_console__(self, console: "rich.console.Console", options: "rich.console.ConsoleOptions") -> Any:
        yield self._encodable(options)

    def __rich_measure__(self, console: "rich.console.Console", options: "rich.console.ConsoleOptions") -> Any:
        from rich.measure import Measurement

        return Measurement.get(console, options, self._encodable(options))

    def _encodable(self, options: "rich.console.ConsoleOptions") -> "rich.text.Text":
        from rich.text import Text

        text = printable(self.text)
        try:
            text.encode(options.encoding)
        except UnicodeEncodeError:
            text = text.translate(ASCII_SIGNS).encode(options.encoding, errors="replace").decode(options.encoding)
        return Text(text)
