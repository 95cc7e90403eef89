"""The summary of a result: everything worth reporting, as JSON can hold it."""

from typing import TYPE_CHECKING, Any

from hyperborn.bits import bit_string
from hyperborn.data.dataset import SPLITS, Dataset
from hyperborn.energy.source import OwnEnergies
from hyperborn.predictive import ClassProbabilities, NormalMixture
from hyperborn.predictive.linear_regression import linear_scores
from hyperborn.training.regimes import regime_of

if TYPE_CHECKING:
    from hyperborn.training.result import Result

LONGEST = 64
"""Bits up to which the most probable network is written out."""


def summary_of(result: "Result") -> dict[str, Any]:
    """Numbers, scores and settings by name; energies and evidence in nats.

    Of a regression these are nats of the standardised target: for densities of the target itself the logarithm of
    "deviation" in "target", times the number of training examples, is taken off evidence and bound.
    "map" is the mode of q: the most probable network under q, not under the exact posterior.
    """
    definition, best = result.definition, result.most_probable(1)
    mode = {
        "bits": bit_string(best[0]) if definition.n_weights <= LONGEST else None,
        "energy": float(result.energies(best)[0]),
    }
    scores: dict[str, Any] = {}
    if isinstance(result.learnt_from, Dataset):
        mode[f"test_{definition.score}"] = result.network_metrics(best).get(definition.score)
        scores = scores_of(result)
    settings = {
        "n_parameters": definition.posterior.n_parameters,
        "posterior": type(definition.posterior).__name__,
        "objective": definition.objective.name,
        "estimator": definition.estimator.name,
        "backend": regime_of(definition).label(definition),
        "steps": result.steps,
        "stopped": result.stopped,
    }
    place = {} if result.measured_on is None else {"measured_on": result.measured_on}
    training = {"map": mode, "losses": list(result.losses), "seconds": result.seconds}
    choice = result.choice
    chosen = {} if choice is None else {"choice": {"text": choice.text, **choice.to_record()}}
    return subject_of(result) | settings | place | chosen | result.numbers | scores | training


def subject_of(result: "Result") -> dict[str, Any]:
    """What the bits are of."""
    if isinstance(result.learnt_from, OwnEnergies):
        return {"energies": result.learnt_from.label, "n_weights": result.definition.n_weights}
    return {
        "data": result.data.name,
        "n_weights": result.network.n_weights,
        "n_side": result.network.n_side,
        "size_in_bytes": result.network.size_in_bytes,
    }


def scores_of(result: "Result") -> dict[str, Any]:
    """Metrics of every split and the calibration, and of a regression those of a linear one and its target."""
    found: dict[str, Any] = {name: result.metrics(name) for name in SPLITS}
    preprocessing = result.data.preprocessing
    scaling = preprocessing.target_scaling
    if scaling is None:
        return found | {ClassProbabilities.calibration: result.calibration}
    target = {"name": preprocessing.target, "mean": scaling.mean, "deviation": scaling.deviation}
    return found | {
        "linear": linear_scores(result.data),
        NormalMixture.calibration: result.calibration,
        "target": target,
    }
