"""Scores of single examples against plain NumPy."""

import numpy as np
import pytest

import hyperborn as hb
import oracle
import regression_oracle
from hyperborn.errors import UserError
from hyperborn.networks import fitted
from hyperborn.predictive import ClassProbabilities, NormalMixture
from hyperborn.predictive.example_scores import faults_of_examples, nll_of_examples, nll_of_networks

RANDOM = np.random.default_rng(8)
X = RANDOM.normal(size=(6, 3))


def test_of_classes_the_own_class_counts() -> None:
    found = ClassProbabilities(np.array([[0.5, 0.5, 0.0], [0.1, 0.2, 0.7], [1.0, 0.0, 0.0]]))
    y = np.array([1, 2, 1])
    np.testing.assert_allclose(nll_of_examples(found, y)[:2], [np.log(2), -np.log(0.7)], rtol=1e-14)
    # No score is infinite.
    assert 700 < nll_of_examples(found, y)[2] < 710
    # Of equals the lowest class is decided for.
    assert faults_of_examples(found, y).tolist() == [1, 0, 1]
    assert nll_of_examples(ClassProbabilities(np.zeros((0, 2))), np.zeros(0, np.int64)).shape == (0,)


def test_of_numbers_the_density_and_the_squared_error_count() -> None:
    found = NormalMixture(np.array([[0.25], [0.75]]), np.array([[0.0], [2.0]]), np.array([[1.0], [0.5]]))
    density = 0.25 * regression_oracle.normal_density(np.array(0.0), np.array(1.0), np.array(1.2))
    density += 0.75 * regression_oracle.normal_density(np.array(2.0), np.array(0.5), np.array(1.2))
    assert nll_of_examples(found, np.array([1.2])) == pytest.approx([-np.log(density)])
    assert faults_of_examples(found, np.array([1.2])) == pytest.approx([0.3**2])


@pytest.mark.parametrize("temperature", [1.0, 2.5])
@pytest.mark.parametrize("classes", [2, 3])
def test_each_network_by_itself_is_as_in_numpy(classes: int, temperature: float) -> None:
    net = hb.networks.BinaryMLP(3, hidden=(2,), n_classes=classes)
    bits = RANDOM.integers(2, size=(4, net.n_weights)).astype(np.uint8)
    y = RANDOM.integers(classes, size=6)
    found = nll_of_networks(net, X, y, bits, calibration=temperature)
    for row, own in zip(bits, found, strict=True):
        logits = oracle.mlp_logits(row, X, (2,), net.n_outputs)
        expected = -oracle.class_log_probabilities(logits / temperature)[np.arange(6), y]
        np.testing.assert_allclose(own, expected, rtol=1e-12)


@pytest.mark.parametrize("factor", [1.0, 0.5])
def test_of_numbers_it_is_a_density_also_of_the_squared_error(factor: float) -> None:
    inside = hb.networks.BinaryMLP(3, hidden=())
    bits = RANDOM.integers(2, size=(4, 4)).astype(np.uint8)
    y = RANDOM.normal(size=6)
    for likelihood, noise in ((hb.Gaussian(0.3), 0.3), (hb.SquaredError(), np.sqrt(0.5))):
        found = nll_of_networks(hb.networks.Regression(inside, likelihood), X, y, bits, calibration=factor)
        for row, own in zip(bits, found, strict=True):
            mean = oracle.mlp_logits(row, X, (), 1)[:, 0]
            density = regression_oracle.normal_density(mean, np.full(6, factor * noise), y)
            np.testing.assert_allclose(own, -np.log(density), rtol=1e-12)


def test_noise_that_was_learnt_counts() -> None:
    net = fitted(hb.networks.Regression(hb.networks.BinaryMLP(3, hidden=()), hb.Gaussian("learned")), [np.log(0.2)])
    bits, y = np.zeros((1, 4), np.uint8), RANDOM.normal(size=6)
    mean = oracle.mlp_logits(bits[0], X, (), 1)[:, 0]
    expected = -np.log(regression_oracle.normal_density(mean, np.full(6, 0.2), y))
    np.testing.assert_allclose(nll_of_networks(net, X, y, bits)[0], expected, rtol=1e-12)


def test_labels_that_do_not_fit_are_refused() -> None:
    net = hb.networks.BinaryMLP(3, hidden=())
    with pytest.raises(UserError, match="label 2 "):
        nll_of_networks(net, X, np.array([0, 1, 2, 0, 0, 0]), np.zeros((1, 4), np.uint8))
