"""How decisions for classes compare with the truth, for the terminal."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hyperborn.report.notation import MISSING, fixed
from hyperborn.report.tables import plain_table, text_cells

if TYPE_CHECKING:
    import rich.table

MOST_COLUMNS = 8
"""Classes whose confusion matrix is shown; of more, recalls alone."""


def confusion_table(report: Mapping[str, Any]) -> "rich.table.Table":
    """A row for each true class with its recall, and a column of counts for each class that was decided for.

    The report is that of `ClassProbabilities.report`. Of over eight classes there is the recall alone.
    """
    classes, recall = report["classes"], report["recall"]
    shown = classes if len(classes) <= MOST_COLUMNS else []
    table = plain_table(["true class", "recall", *(f"as {name}" for name in shown)])
    for place, name in enumerate(classes):
        share = recall[name]
        # Weights make counts that are not whole.
        counts = [f"{count:,.10g}" for count in report["confusion"][place]] if shown else []
        table.add_row(*text_cells([name, MISSING if share is None else fixed(share, 4), *counts]))
    return table
