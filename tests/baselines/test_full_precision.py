"""Models of full precision, against their own loss and choice written out."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy import optimize

import hyperborn as hb
import oracle
from hyperborn.baselines import LogisticRegression, MultilayerPerceptron
from hyperborn.baselines.full_precision import PENALTIES
from hyperborn.data.dataset import Split
from hyperborn.errors import UserError


def without_validation(data: Any) -> Any:
    return replace(data, validation=Split(data.validation.x[:0], data.validation.y[:0]))


def test_logistic_regression_is_the_mode_under_a_gaussian_prior(task: Any) -> None:
    net, data = task(examples=25)
    penalty = 0.7

    def loss(weights: np.ndarray) -> float:
        logits = (data.train.x @ weights[:2] + weights[2])[:, None]
        return oracle.nll(logits, data.train.y) + 0.5 * penalty * float(weights[:2] @ weights[:2])

    best = optimize.minimize(loss, np.zeros(3), tol=1e-10).x
    logits = (data.test.x @ best[:2] + best[2])[:, None]
    found = LogisticRegression(penalty).fit(net, without_validation(data)).predict_proba(data.test.x)
    np.testing.assert_allclose(found, np.exp(oracle.class_log_probabilities(logits)), atol=2e-3)


def calibrated(p: np.ndarray, y: np.ndarray, temperatures: np.ndarray) -> np.ndarray:
    """Mean NLL at every temperature, with the penalty of a standard normal prior of its logarithm."""
    powers = np.maximum(p, 1e-300) ** (1 / temperatures[:, None, None])
    shares = powers[:, np.arange(len(y)), y] / powers.sum(axis=2)
    return -np.log(np.maximum(shares, 1e-300)).mean(axis=1) + np.log(temperatures) ** 2 / 2 / len(y)


@pytest.mark.parametrize(
    "kind", [LogisticRegression, partial(MultilayerPerceptron, restarts=1)], ids=["logistic-regression", "mlp"]
)
def test_the_penalty_is_chosen_on_the_validation_split(kind: Any, task: Any) -> None:
    for seed in range(3):
        net, data = task("circles" if seed else "moons", seed=seed, examples=25)
        losses, found = [], []
        for penalty in PENALTIES:
            learnt = kind(penalty=penalty).fit(net, without_validation(data))
            p = learnt.predict_proba(data.validation.x)
            # Predictions will be calibrated on the same examples: at the temperature that costs least, prior included.
            losses.append(calibrated(p, data.validation.y, np.geomspace(0.02, 50, 4001)).min())
            found.append(learnt.predict_proba(data.test.x))
        assert len(set(losses)) == len(PENALTIES)
        chosen = kind(penalty=5.0).fit(net, data).predict_proba(data.test.x)
        np.testing.assert_array_equal(chosen, found[int(np.argmin(losses))])


def test_the_perceptron_has_the_network_s_layers(task: Any) -> None:
    for activation, name in (("relu", "relu"), ("sigmoid", "logistic"), ("sign", "tanh")):
        net, data = task(hidden=(3, 2), activation=activation)
        model = MultilayerPerceptron(restarts=1, iterations=20).fit(net, data).model
        assert [matrix.shape for matrix in model.coefs_] == [(2, 3), (3, 2), (2, 1)]
        assert model.activation == name


def test_the_restart_with_the_lowest_training_loss_counts(task: Any) -> None:
    net, data = task("circles", examples=50, hidden=(3,))
    data = without_validation(data)
    losses = [MultilayerPerceptron(restarts=restarts).fit(net, data, seed=1).model.loss_ for restarts in (1, 2, 8)]
    assert losses[0] >= losses[1] >= losses[2]
    assert losses[0] > losses[2]


def test_classes_that_were_not_seen_have_no_probability(task: Any) -> None:
    net, data = task("iris", examples=60, hidden=())
    some = data.train.y != 1
    partial = replace(data, train=Split(data.train.x[some], data.train.y[some]))
    for baseline in (LogisticRegression(), MultilayerPerceptron()):
        found = baseline.fit(net, partial).predict_proba(data.test.x)
        assert (found[:, 1] == 0).all()
        np.testing.assert_allclose(found.sum(axis=1), 1)


def test_a_regression_is_refused() -> None:
    random = np.random.default_rng(0)
    data = hb.data.from_arrays(random.normal(size=(40, 2)), random.normal(size=40))
    network = hb.networks.Regression(hb.networks.BinaryMLP(2, ()))
    with pytest.raises(UserError, match="logistic-regression tells classes apart, and the network predicts a number"):
        LogisticRegression().fit(network, data)


def test_one_class_alone_is_refused(task: Any) -> None:
    net, data = task(hidden=())
    alone = replace(data, train=Split(data.train.x[data.train.y == 1], data.train.y[data.train.y == 1]))
    with pytest.raises(UserError, match="the training split of 'moons' holds class 1 alone; mlp needs two"):
        MultilayerPerceptron().fit(net, alone)


def test_full_precision_is_a_ceiling_on_circles(task: Any) -> None:
    """Circles need curved borders, which three hidden units of full precision draw and those of one bit cannot."""
    net, data = task("circles", examples=200, hidden=(3,))
    perceptron = np.mean(MultilayerPerceptron().fit(net, data).predict_proba(data.test.x).argmax(axis=1) == data.test.y)
    line = np.mean(LogisticRegression().fit(net, data).predict_proba(data.test.x).argmax(axis=1) == data.test.y)
    assert perceptron > 0.93
    assert line < 0.7
    assert hb.energies(net, data.train).min() > 60
