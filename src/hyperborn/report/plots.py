"""Pictures as PNG bytes: pure functions, the same bytes for the same input. Matplotlib is loaded when one is drawn."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits, Examples, Labels
from hyperborn.networks import Field, Network


def training_curve(records: Sequence[Mapping[str, Any]], log_evidence: float | None) -> bytes:
    """Loss of each restart and ELBO of the best one against the step, beside the log evidence where it is known.

    A record holds ``step``, ``losses`` (nats, one a restart) and ``elbo`` (nats, None if there is none).

    Raises:
        UserError: if there is no record.
    """
    from hyperborn.report.canvas import look, png
    from hyperborn.report.curves import training_figure

    with look():
        return png(training_figure(records, log_evidence))


def reliability_diagram(probabilities: Float[np.ndarray, "examples classes"], y: Labels, bins: int = 15) -> bytes:
    """Accuracy against confidence, with the number of examples and the expected calibration error.

    Raises:
        UserError: if there is no example or no bin, or the labels do not fit the probabilities.
    """
    from hyperborn.report.canvas import look, png
    from hyperborn.report.reliability import reliability_figure

    with look():
        return png(reliability_figure(probabilities, y, bins))


def top_networks(
    bits: Bits,
    q: Float[np.ndarray, " networks"],
    posterior: Float[np.ndarray, " networks"] | None,
    fields: Sequence[Field],
) -> bytes:
    """The given networks, most probable first, as rows of bits beside their probabilities.

    Raises:
        UserError: if there is no network, or the fields do not cover the bits.
    """
    from hyperborn.report.canvas import look, png
    from hyperborn.report.networks import networks_figure

    with look():
        return png(networks_figure(bits, q, posterior, fields))


def comparison(
    table: Mapping[str, Mapping[str, tuple[float, float]]],
    metrics: Sequence[str],
    *,
    title: str = "Objectives compared on the test split",
) -> bytes:
    """Mean and standard error of each metric for each objective, and the exact posterior's where there is such a row.

    Raises:
        UserError: if there is no objective or no metric.
    """
    from hyperborn.report.canvas import look, png
    from hyperborn.report.objectives import comparison_figure

    with look():
        return png(comparison_figure(table, metrics, title))


def decision_map(
    net: Network,
    predict: Callable[[Examples], Float[np.ndarray, "places classes"]],
    x: Examples,
    y: Labels,
    classes: Sequence[str],
    features: Sequence[str] = ("feature 1", "feature 2"),
) -> bytes:
    """What is predicted where, for data of two features: ``predict`` gives class probabilities of given features.

    ``features`` names the axes.

    Raises:
        UserError: if the data has not two features or no example, or classes or labels do not fit.
    """
    from hyperborn.report.canvas import look, png
    from hyperborn.report.decision import decision_figure

    with look():
        return png(decision_figure(net, predict, x, y, classes, features))
