"""The summary of a result: everything worth reporting, as JSON can hold it."""

from typing import TYPE_CHECKING, Any

from hyperborn.bits import bit_string
from hyperborn.data.dataset import SPLITS, Dataset
from hyperborn.energy.source import OwnEnergies
from hyperborn.errors import UserError
from hyperborn.predictive import ClassProbabilities, NormalMixture, split_scores
from hyperborn.predictive.constant import constant_scores
from hyperborn.predictive.linear_regression import linear_scores
from hyperborn.predictive.logistic_regression import logistic_scores
from hyperborn.predictive.predictions import of_classes
from hyperborn.training.one_network import one_network_record
from hyperborn.training.regimes import regime_of

if TYPE_CHECKING:
    from hyperborn.training.result import Result

LONGEST = 64
"""Bits up to which the most probable network is written out."""


def summary_of(result: "Result") -> dict[str, Any]:
    """Numbers, scores and settings by name; energies and evidence in nats.

    Of a regression these are nats of the standardised target: for densities of the target itself the logarithm of
    "deviation" in "target", times the number of training examples, is taken off evidence and bound.
    "map" is the mode of q: the most probable network under q, not under the exact posterior. Scores of the splits are
    of the "average", and those of "one_network" of the network that predicts most as it does, calibrated by itself
    (`hyperborn.training.one_network`). "constant" always predicts the frequencies of the training classes, or the mean
    and deviation of the training numbers, and "linear" is a logistic or a linear regression on the same features.
    "importance" says how much worse predictions are when a column is permuted (`Result.summary_importance`). "cost" has
    the operations, bytes and estimated energy of a prediction by one network (`TrainedModel.cost`), where it can be
    exported.
    """
    definition, best = result.definition, result.most_probable(1)
    mode = {
        "bits": bit_string(best[0]) if definition.n_weights <= LONGEST else None,
        "energy": float(result.energies(best)[0]),
    }
    scores: dict[str, Any] = {}
    if isinstance(result.learnt_from, Dataset):
        mode[f"test_{definition.score}"] = result.network_metrics(best).get(definition.score)
        scores = scores_of(result) | sizes_of(result) | cost_in_summary(result)
        if result.summary_importance is not None:
            scores["importance"] = result.summary_importance.to_record()
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
    if result.training_energy is not None:
        training["training_energy"] = {"text": result.training_energy.text, **result.training_energy.to_record()}
    choice = result.choice
    chosen = {} if choice is None else {"choice": {"text": choice.text, **choice.to_record()}}
    return subject_of(result) | settings | place | chosen | result.numbers | scores | training


def subject_of(result: "Result") -> dict[str, Any]:
    """What the bits are of."""
    if isinstance(result.learnt_from, OwnEnergies):
        return {"energies": result.learnt_from.label, "n_weights": result.definition.n_weights}
    preprocessing = result.data.preprocessing
    columns = {"kept": [column.name for column in preprocessing.columns], "left_out": dict(preprocessing.left_out)}
    return {
        "data": result.data.name,
        "columns": columns,
        "notes": list(result.data.notes),
        "n_weights": result.network.n_weights,
        "n_side": result.network.n_side,
        "size_in_bytes": result.network.size_in_bytes,
    }


def scores_of(result: "Result") -> dict[str, Any]:
    """Metrics of every split and the calibration, and those of simpler predictions of the same data.

    Of classes a report of the decisions in the test split, too, and of a regression the target.
    """
    data, preprocessing = result.data, result.data.preprocessing
    parts = {name: data.split(name) for name in SPLITS}
    # Made once: of many examples, predictions take most of the time.
    predicted = {name: result.predictions_of_features(part.x) for name, part in parts.items() if len(part)}
    found: dict[str, Any] = {name: {} for name in SPLITS}
    for name, made in predicted.items():
        found[name] = split_scores(made, data, parts[name])
    scaling = preprocessing.target_scaling
    found |= {
        "linear": logistic_scores(data) if scaling is None else linear_scores(data),
        "constant": constant_scores(data),
    }
    if scaling is None:
        report: dict[str, Any] = {}
        if "test" in predicted:
            report = of_classes(predicted["test"], "metrics").report(data.test.y, data.classes, data.test.weights)
        return found | {ClassProbabilities.calibration: result.calibration, "test_report": report}
    target = {"name": preprocessing.target, "mean": scaling.mean, "deviation": scaling.deviation}
    return found | {
        NormalMixture.calibration: result.calibration,
        "target": target,
    }


def cost_in_summary(result: "Result") -> dict[str, Any]:
    """What a prediction of one network costs, but for its time; nothing where that network cannot be exported."""
    try:
        return {"cost": result.cost(measure=False).to_summary()}
    except UserError:
        return {}


def sizes_of(result: "Result") -> dict[str, Any]:
    """How many networks predict together and in how many bytes, and what one of them says by itself.

    The average takes the bits of every network, and side parameters once; of all 2^n networks none is kept, so that
    there is no size. One network is left out where the average is of no more.
    """
    network, count = result.network, result.predictor.n_networks
    is_all = regime_of(result.definition).enumerates and result.outcomes is None
    size = None if is_all else -(-count * network.n_weights // 8) + 4 * network.n_side
    found: dict[str, Any] = {"average": {"n_networks": count, "is_all": is_all, "size_in_bytes": size}}
    if count == 1:
        return found
    return found | {"one_network": one_network_record(result)}
