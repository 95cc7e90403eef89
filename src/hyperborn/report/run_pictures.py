"""The plots of a run."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from hyperborn.bits import index_of
from hyperborn.energy import energy
from hyperborn.predictive import NormalMixture
from hyperborn.report import plots
from hyperborn.report.plots import Draw, draw_all
from hyperborn.training.regimes import regime_of
from hyperborn.training.result import Result

MOST_NETWORKS = 10
"""Networks shown, most probable first."""


def plots_of(result: Result, records: Sequence[Mapping[str, Any]], *, note: Callable[[str], None]) -> dict[str, bytes]:
    """PNG files of a finished run, by name; one that cannot be drawn is left out, and `note` is told of it."""
    return draw_all(pictures_of(result, records), note)


def pictures_of(result: Result, records: Sequence[Mapping[str, Any]]) -> dict[str, Draw]:
    """Functions that draw the pictures of a run, by file name."""
    data, log_evidence = result.data, result.numbers.get("log_evidence")
    pictures: dict[str, Draw] = {"training.png": lambda: plots.training_curve(records, log_evidence)}
    if regime_of(result.definition).enumerates:
        pictures["networks.png"] = partial(networks_of, result)
    importance = result.summary_importance
    if importance is not None:
        pictures["importance.png"] = partial(plots.importance_picture, importance)
    if not data.n_classes:
        return pictures | ({"predicted.png": partial(predicted_of, result)} if len(data.test) else {})
    if len(data.test):
        pictures["reliability.png"] = lambda: plots.reliability_diagram(result.predict_proba(data.test.x), data.test.y)
    if data.n_features == 2:
        pictures["decision.png"] = lambda: plots.decision_map(
            result.fitted, result.predict_proba, data.train.x, data.train.y, data.classes, data.features
        )
    return pictures


def predicted_of(result: Result) -> bytes:
    """Predicted against true numbers of the test split, in the units of the target."""
    test, preprocessing = result.data.test, result.data.preprocessing
    predictions = result.predictions(test.x)
    assert isinstance(predictions, NormalMixture)
    return plots.predicted_numbers(predictions, preprocessing.own_labels(test.y), preprocessing.target)


def networks_of(result: Result) -> bytes:
    """The most probable networks, with their probabilities under the exact posterior."""
    shown = min(MOST_NETWORKS, len(result.probabilities))
    bits = result.most_probable(shown)
    log_p = result.definition.prior.log_probabilities(result.network)[index_of(bits)]
    posterior = np.exp(log_p - energy(result.network, result.data.train, bits) - result.numbers["log_evidence"])
    q = np.sort(result.probabilities)[::-1][:shown]
    return plots.top_networks(bits, q, posterior, result.network.fields)
