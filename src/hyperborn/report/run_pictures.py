"""The plots of a run."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits, Targets
from hyperborn.bits import index_of
from hyperborn.energy import energy
from hyperborn.errors import UserError
from hyperborn.networks import Field
from hyperborn.posteriors.enumeration import most_probable
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
    return plots.predicted_numbers(*numbers_of(result, "test"))


def numbers_of(result: Result, split: str) -> tuple[NormalMixture, Targets, str]:
    """Predictions and true numbers of a split in the units of the target, and its name.

    Raises:
        UserError: if the run is of classes.
    """
    part, preprocessing = result.data.split(split), result.data.preprocessing
    if result.data.n_classes:
        raise UserError("the run predicts classes, not numbers; take reliability_diagram")
    predictions = result.predictions_of_features(part.x)
    assert isinstance(predictions, NormalMixture)
    return predictions, preprocessing.own_labels(part.y), preprocessing.target


def networks_of(result: Result) -> bytes:
    """The most probable networks, with their probabilities under the exact posterior."""
    return plots.top_networks(*most_probable_of(result, MOST_NETWORKS))


def most_probable_of(
    result: Result, k: int
) -> tuple[Bits, Float[np.ndarray, " networks"], Float[np.ndarray, " networks"] | None, tuple[Field, ...]]:
    """The k most probable networks, or all, with q and, where it is known, the exact posterior; and their fields.

    Of a result from a backend they are those that came out most often, and q is how often.

    Raises:
        UserError: if there are too many networks to be enumerated.
    """
    if result.outcomes is not None:
        found = result.outcomes
        order = np.argsort(-found.weights, kind="stable")[:k]
        return found.bits[order], found.weights[order], None, tuple(result.network.fields)
    bits = most_probable(result.probabilities, min(k, len(result.probabilities)))
    places, posterior = index_of(bits), None
    if "log_evidence" in result.numbers:
        log_p = result.definition.prior.log_probabilities(result.network)[places]
        posterior = np.exp(log_p - energy(result.network, result.data.train, bits) - result.numbers["log_evidence"])
    return bits, result.probabilities[places], posterior, tuple(result.network.fields)
