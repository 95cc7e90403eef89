"""A study's tables as lines of Markdown."""

import math
from collections.abc import Sequence

from hyperborn.report.notation import MISSING, fixed, metric_name, signed_text
from hyperborn.report.plots import Outcome
from hyperborn.report.tables import escaped, markdown_row
from hyperborn.stats import Estimate
from hyperborn.study.metric_values import Rows, means_by_group
from hyperborn.study.statistics import Difference, too_few_seeds
from hyperborn.study.trainability import Trainability

NAMED = 4
"""At most so many families with too few seeds are named; the others are counted."""
PLACES = 3
"""Decimal places of scores, losses and p values; more would be noise with twenty seeds."""


def means_table(rows: Rows, metric: str) -> list[str]:
    """Mean ± standard error over seeds: a row a task and size, a column a method.

    Raises:
        UserError: if a value is not finite, or two rows are of one group and seed.
    """
    means = means_by_group(rows, metric)
    methods = list(dict.fromkeys(method for _, _, method in means))
    lines = dict.fromkeys((task, size) for task, size, _ in means)
    body = []
    for task, size in lines:
        found = [means.get((task, size, method)) for method in methods]
        texts = [MISSING if own is None else mean_text(own) for own in found]
        body.append([escaped(task), str(size), *texts])
    return table(["task", "size", *map(escaped, methods)], 1, body)


def outcomes_table(found: Sequence[Outcome]) -> list[str]:
    """A row a method; for each metric the pooled difference with its 95 % interval, and wins/ties/losses.

    Where a family has too few seeds for any win or loss, a line below the table says so.
    """
    metrics = list(dict.fromkeys(one.metric for one in found))
    own = {(one.method, one.metric): one for one in found}
    body = []
    for method, reference in dict.fromkeys((one.method, one.reference) for one in found):
        texts = [f"{escaped(method)} − {escaped(reference)}"]
        for metric in metrics:
            one = own.get((method, metric))
            texts += [MISSING] * 2 if one is None else [
                interval_text(one.mean, one.low, one.high), f"{one.wins}/{one.ties}/{one.losses}"
            ]  # fmt: skip
        body.append(texts)
    headers = [part for metric in metrics for part in (metric_name(metric), "wins/ties/losses")]
    silent = [(one.method, one.metric) for one in found if one.too_few_seeds]
    return [*table(["method − reference", *headers], 1, body), *too_few(silent)]


def differences_table(found: Sequence[Difference]) -> list[str]:
    """A row a metric, method, task and size: the mean difference, its 95 % interval, p after Holm, and what that makes.

    Where a family has too few seeds for any win or loss, a line below the table says so.
    """
    body = [
        [
            metric_name(one.metric), f"{escaped(one.method)} − {escaped(one.reference)}", escaped(one.task),
            str(one.size), str(len(one.seeds)), interval_text(one.estimate.mean, one.low, one.high),
            p_text(one.corrected_p), one.verdict,
        ]
        for one in found
    ]  # fmt: skip
    headers = ["metric", "method − reference", "task", "size", "seeds", "difference", "p (Holm)", "verdict"]
    families: dict[tuple[str, str, str], list[Difference]] = {}
    for one in found:
        families.setdefault((one.metric, one.method, one.reference), []).append(one)
    silent = [(method, metric) for (metric, method, _), own in families.items() if too_few_seeds(own)]
    return [*table(headers, 3, body), *too_few(silent)]


def too_few(silent: Sequence[tuple[str, str]]) -> list[str]:
    """A line that names the families (method, metric) with so few seeds that all of their differences are ties."""
    if not silent:
        return []
    names = "; ".join(f"{escaped(method)} in {metric_name(metric)}" for method, metric in silent[:NAMED])
    names += f"; and {len(silent) - NAMED} others" if len(silent) > NAMED else ""
    return ["", f"Too few seeds for any win or loss, even if every difference had one sign: {names}."]


def trainability_table(found: Sequence[Trainability]) -> list[str]:
    """A row a method, task and size: how far apart its restarts end, and which share of them where."""
    body = [
        [
            escaped(one.method), escaped(one.task), str(one.size), str(one.seeds),
            *(MISSING if own is None else mean_text(own) for own in (one.spread, one.arrived, one.agreeing)),
        ]
        for one in found
    ]  # fmt: skip
    headers = [
        "spread of losses (nats)", "share within 0.001 nats of the optimum",
        "share within 0.001 nats of the best restart",
    ]  # fmt: skip
    return table(["method", "task", "size", "seeds", *headers], 2, body)


def table(headers: Sequence[str], names: int, body: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table whose first columns, as many as `names`, hold names, and whose others hold numbers."""
    rule = ["---"] * names + ["---:"] * (len(headers) - names)
    return [markdown_row(headers), markdown_row(rule), *map(markdown_row, body)]


def mean_text(estimate: Estimate) -> str:
    """Such as 0.953 ± 0.012; the mean alone where its error is not known."""
    mean = fixed(estimate.mean, PLACES)
    return mean if estimate.standard_error is None else f"{mean} ± {fixed(estimate.standard_error, PLACES)}"


def interval_text(mean: float, low: float, high: float) -> str:
    """Such as −0.012 [−0.020, −0.004]; the mean alone where nothing is known of its error."""
    if math.isinf(low):
        return signed_text(mean, PLACES)
    return f"{signed_text(mean, PLACES)} [{signed_text(low, PLACES)}, {signed_text(high, PLACES)}]"


def p_text(p: float) -> str:
    return fixed(p, PLACES) if p >= 10**-PLACES else "< 0.001"
