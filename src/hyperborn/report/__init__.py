"""Tables, and pictures as PNG bytes, of runs, comparisons and studies."""

from hyperborn.report.notation import EXACT_POSTERIOR
from hyperborn.report.plots import comparison, decision_map, reliability_diagram, top_networks, training_curve
from hyperborn.report.tables import comparison_table, markdown, summary_table

__all__ = [
    "EXACT_POSTERIOR",
    "comparison",
    "comparison_table",
    "decision_map",
    "markdown",
    "reliability_diagram",
    "summary_table",
    "top_networks",
    "training_curve",
]
