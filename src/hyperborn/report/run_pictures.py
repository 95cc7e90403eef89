"""The plots of a run."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hyperborn.bits import index_of
from hyperborn.energy import energy
from hyperborn.report import plots
from hyperborn.training.regimes import regime_of
from hyperborn.training.result import Result

MOST_NETWORKS = 10
"""Networks shown, most probable first."""


def plots_of(result: Result, records: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
    """PNG files of a finished run, by name; a sign that the font lacks is drawn as a box."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)
        return drawn(result, records)


def drawn(result: Result, records: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
    pictures = {"training.png": plots.training_curve(records, result.numbers.get("log_evidence"))}
    if regime_of(result.definition).name == "exact":
        pictures["networks.png"] = networks_of(result)
    if len(result.data.test):
        test = result.data.test
        pictures["reliability.png"] = plots.reliability_diagram(result.predict_proba(test.x), test.y)
    if result.data.n_features == 2:
        train = result.data.train
        pictures["decision.png"] = plots.decision_map(
            result.fitted, result.predict_proba, train.x, train.y, result.data.classes, result.data.features
        )
    return pictures


def networks_of(result: Result) -> bytes:
    """The most probable networks, beside what the exact posterior says of them."""
    shown = min(MOST_NETWORKS, len(result.probabilities))
    bits = result.most_probable(shown)
    log_p = result.definition.prior.log_probabilities(result.network)[index_of(bits)]
    posterior = np.exp(log_p - energy(result.network, result.data.train, bits) - result.numbers["log_evidence"])
    q = np.sort(result.probabilities)[::-1][:shown]
    return plots.top_networks(bits, q, posterior, result.network.fields)
