"""Scores of single examples: of an average over networks, and of each network by itself."""

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits, Examples, Targets
from hyperborn.arguments import check_bits
from hyperborn.likelihoods.gaussian import HALF_LOG_TWO_PI
from hyperborn.likelihoods.likelihood import NumberLikelihood
from hyperborn.networks import Network
from hyperborn.networks.outputs import blocks_of_outputs
from hyperborn.predictive.metrics import LEAST, check_answers
from hyperborn.predictive.mixtures import NormalMixture
from hyperborn.predictive.predictions import ClassProbabilities, Predictions, without_classes


def nll_of_examples(predictions: Predictions, y: Targets) -> Float[np.ndarray, " examples"]:
    """-log p(y) of each example (nats): of its own class, or the density of its number in the units of the predictions.

    Raises:
        UserError: if the labels do not fit, or predictions are neither of classes nor of numbers.
    """
    if isinstance(predictions, NormalMixture):
        return -predictions.log_density(y)
    probabilities = classes_of(predictions)
    if not len(y):
        return np.zeros(0)
    check_answers(probabilities, y)
    own = probabilities[np.arange(len(y)), y]
    return -np.log(np.maximum(own, LEAST))


def faults_of_examples(predictions: Predictions, y: Targets) -> Float[np.ndarray, " examples"]:
    """Of each example 1 where another class is decided for and else 0, or the squared error of a number's mean.

    Raises:
        UserError: if predictions are neither of classes nor of numbers.
    """
    if isinstance(predictions, NormalMixture):
        return (y - predictions.mean) ** 2
    return (classes_of(predictions).argmax(axis=1) != y).astype(np.float64)


def classes_of(predictions: Predictions) -> Float[np.ndarray, "examples classes"]:
    if not isinstance(predictions, ClassProbabilities):
        raise without_classes("predictions of classes or numbers for scores of single examples")
    return predictions.probabilities


def nll_of_networks(
    net: Network, x: Examples, y: Targets, bits: Bits, *, calibration: float = 1.0, memory: int = 512 * 2**20
) -> Float[np.ndarray, "networks examples"]:
    """-log p(y | x, w) of each example under each network by itself (nats), float64.

    Numbers are in the units of the labels; the likelihood is a density, also that of the squared error, whose energy
    lacks a constant.

    Args:
        net: the network, its side parameters fixed (`fitted`).
        x: features (examples, features).
        y: labels (examples,), those of a regression standardised.
        bits: the networks, (networks, n).
        calibration: temperature of the logits, or factor of the standard deviation.
        memory: bytes of the temporary arrays, at most, beside the result.

    Raises:
        UserError: if bits, labels or features do not fit the network.
    """
    likelihood = net.likelihood
    net.check_features(x)
    check_bits("bits", bits, net.n_weights)
    likelihood.check_labels(y, len(x), "a network")
    found = np.empty((len(bits), len(x)))
    for rows, columns, outputs in blocks_of_outputs(net, bits, x, memory=memory, beside=4 * likelihood.n_terms):
        if isinstance(likelihood, NumberLikelihood):
            means, deviations = likelihood.normals(outputs)
            noise = calibration * deviations
            found[rows, columns] = 0.5 * ((y[columns] - means) / noise) ** 2 + np.log(noise) + HALF_LOG_TWO_PI
        else:
            found[rows, columns] = likelihood.nll(outputs / calibration, y[columns])
    return found


def cross_entropies(
    net: Network, x: Examples, average: Predictions, bits: Bits, *, memory: int = 512 * 2**20
) -> Float[np.ndarray, "networks examples"]:
    """-Σ_y p(y) log p(y | x, w) of each example under each network by itself (nats), for predictions p of the example.

    The network with the least is nearest to these predictions: the rest of KL(p ‖ p(· | x, w)) is the same for all.

    Args:
        net: the network, its side parameters fixed (`fitted`).
        x: features (examples, features).
        average: predictions of these examples, of numbers in the units of the network.
        bits: the networks, (networks, n).
        memory: bytes of the temporary arrays, at most, beside the result.

    Raises:
        UserError: if bits or features do not fit the network.
    """
    likelihood = net.likelihood
    net.check_features(x)
    check_bits("bits", bits, net.n_weights)
    found = np.empty((len(bits), len(x)))
    for rows, columns, outputs in blocks_of_outputs(net, bits, x, memory=memory, beside=4 * likelihood.n_terms):
        if isinstance(likelihood, NumberLikelihood):
            assert isinstance(average, NormalMixture)
            means, noise = likelihood.normals(outputs)
            squares = (average.mean[columns] - means) ** 2 + average.deviation[columns] ** 2
            found[rows, columns] = 0.5 * squares / noise**2 + np.log(noise) + HALF_LOG_TWO_PI
        else:
            shares = classes_of(average)[columns]
            own = np.zeros((outputs.shape[0], outputs.shape[1]))
            for index in range(shares.shape[1]):
                labels = np.full(len(shares), index)
                own += likelihood.nll(outputs, labels) * shares[:, index]
            found[rows, columns] = own
    return found
