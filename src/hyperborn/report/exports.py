"""What is said of an export: the scores of what was written beside those of the whole posterior."""

from typing import TYPE_CHECKING, Any

from hyperborn.report.notation import metric_name, number_text
from hyperborn.report.tables import COMPARED, NUMBERS_COMPARED, SHORT, narrow_score_text, plain_table, text_cells
from hyperborn.training.exports import Export

if TYPE_CHECKING:
    from hyperborn.training import Result


def export_lines(found: Export, result: "Result") -> list[Any]:
    """A table of test scores, and a line on what fixed point changes."""
    parts: list[Any] = []
    if found.test:
        metrics = COMPARED if result.network.n_classes else NUMBERS_COMPARED
        table = plain_table(["test split", *(SHORT.get(metric) or metric_name(metric) for metric in metrics)])
        rows = {written_name(found): found.test, "the whole posterior": found.average}
        for name, scores in rows.items():
            table.add_row(*text_cells([name, *(narrow_score_text(scores.get(metric)) for metric in metrics)]))
        parts.append(table)
    if found.difference is not None:
        classes = "" if found.other_classes is None else f"; {found.other_classes} examples get another class"
        parts.append(f"fixed point differs by at most {number_text(found.difference)} on the test split{classes}")
    return parts


def written_name(found: Export) -> str:
    """What was written, in words."""
    size = f"{found.size_in_bytes:,} bytes"
    return f"the network written ({size})" if found.networks == 1 else f"{found.networks} networks written ({size})"
