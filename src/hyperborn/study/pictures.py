"""A study's pictures as PNG bytes, the same bytes for the same input. Matplotlib is loaded when one is drawn."""

from collections.abc import Sequence

from hyperborn.study.rows import Rows
from hyperborn.study.statistics import Outcome


def differences_picture(found: Sequence[Outcome]) -> bytes:
    """Pooled differences to the reference with 95 % intervals: a panel a metric, a line a method.

    Raises:
        UserError: if there is no outcome, or more than one reference.
    """
    from hyperborn.report.canvas import look, png
    from hyperborn.study.forest import forest_figure

    with look():
        return png(forest_figure(found))


def learning_curves_picture(rows: Rows, metrics: Sequence[str]) -> bytes:
    """Learning curves: metrics against the number of training examples, a panel a metric, a line a method.

    Averaged over the tasks that have all sizes; a method that lacks any of their cells is named instead of drawn.

    Raises:
        UserError: if no task has all sizes, no method all those tasks, or a value is not finite.
    """
    from hyperborn.report.canvas import look, png
    from hyperborn.study.learning_curves import learning_curves_figure

    with look():
        return png(learning_curves_figure(rows, metrics))
