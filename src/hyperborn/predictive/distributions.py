"""Predictions of a distribution over networks, of classes or of numbers as the networks' likelihood says."""

import numpy as np
from jax import Array
from jaxtyping import Float

from hyperborn._typing import Bits, Examples
from hyperborn.arguments import check_bits
from hyperborn.bits import distinct_rows
from hyperborn.data.dataset import Dataset, Split
from hyperborn.networks import Network, check_network
from hyperborn.predictive.averages import exact_predictive, posterior_predictive
from hyperborn.predictive.mixture_averages import exact_mixture, mixture_of_networks
from hyperborn.predictive.predictions import ClassProbabilities, Predictions


def own_units(predictions: Predictions, data: Dataset) -> Predictions:
    """Predictions in the units of a data set's target; those of classes have none."""
    scaling = data.preprocessing.target_scaling
    return predictions if scaling is None else predictions.rescaled(scaling.mean, scaling.deviation)


def split_scores(predictions: Predictions, data: Dataset, split: Split) -> dict[str, float]:
    """Scores of predictions of a split of the data, both in the units of the target; empty without examples.

    Raises:
        UserError: if the predictions are of other examples.
    """
    return predictions.scores(data.preprocessing.own_labels(split.y), split.weights)


def predictions_of_networks(
    net: Network, x: Examples, bits: Bits, weights: Float[np.ndarray, " weights"] | None = None
) -> Predictions:
    """The average prediction of given networks, with weights or with equal ones.

    Raises:
        UserError: if bits, weights or features do not fit.
    """
    check_network(net)
    if net.n_classes:
        return ClassProbabilities(posterior_predictive(net, x, bits, weights))
    return mixture_of_networks(net, x, bits, weights)


def predictions_of_draws(net: Network, x: Examples, bits: Bits) -> Predictions:
    """The average prediction of networks drawn from a posterior, each evaluated once.

    Raises:
        UserError: if there is no draw, or the bits or the features do not fit the network.
    """
    check_network(net)
    check_bits("bits", bits, net.n_weights)
    drawn, _, counts = distinct_rows(bits)
    return predictions_of_networks(net, x, drawn, counts.astype(np.float64))


def predictions_of_distribution(
    net: Network, x: Examples, probabilities: Float[np.ndarray | Array, " states"]
) -> Predictions:
    """The prediction under probabilities of all 2^n networks in index order.

    Raises:
        UserError: if these are no distribution over the networks, or the features do not fit the network.
    """
    check_network(net)
    if net.n_classes:
        return ClassProbabilities(exact_predictive(net, x, probabilities))
    return exact_mixture(net, x, probabilities)
