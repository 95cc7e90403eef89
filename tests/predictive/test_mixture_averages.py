"""Mixtures over networks, from given ones and from all, against one network after the other."""

import numpy as np
import pytest

import hyperborn as hb
import oracle
import regression_oracle
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP, Regression, fitted
from hyperborn.predictive import (
    exact_predictive,
    mixture_averages,
    predictions_of_distribution,
    predictions_of_draws,
    predictions_of_networks,
)
from hyperborn.predictive.mixture_averages import exact_mixture, mixture_of_networks
from hyperborn.predictive.mixtures import NormalMixture

LEVELS = (0.2, 0.4, 0.8, 1.6)
NETWORKS = [
    Regression(BinaryMLP(2, (), output_scales=(0.5, 1)), hb.Gaussian("bits", LEVELS)),
    Regression(BinaryMLP(2, (2,)), hb.Gaussian(0.3)),
    Regression(BinaryMLP(1, (1, 1)), hb.SquaredError()),
]
IDS = ["bits", "hidden", "squared"]


def plain(net: Regression, x: np.ndarray, bits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and noise (networks, examples)."""
    inside = net.network
    assert isinstance(inside, BinaryMLP)
    found = [
        regression_oracle.means_and_noise(
            row, x, inside.hidden, net.likelihood.noise_levels, output_scales=inside.output_scales
        )
        for row in bits
    ]
    return np.stack([mean for mean, _ in found]), np.array([[noise] * len(x) for _, noise in found])


def check(mixture: NormalMixture, q: np.ndarray, means: np.ndarray, noise: np.ndarray, rtol: float) -> None:
    """Compare with Σ_w q(w) Normal(mean_w, noise_w²)."""
    mean = q @ means
    np.testing.assert_allclose(mixture.weights.sum(axis=0), 1, rtol=1e-12)
    np.testing.assert_allclose(mixture.mean, mean, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(mixture.deviation**2, q @ (noise**2 + (means - mean) ** 2), rtol=1e-10)
    for y in (mean, mean + 1.5 * mixture.deviation, mean - 3 * mixture.deviation):
        expected = q @ regression_oracle.normal_density(means, noise, y)
        np.testing.assert_allclose(np.exp(mixture.log_density(y)), expected, rtol=rtol)
        below = q @ regression_oracle.normal_probability_below(means, noise, y)
        np.testing.assert_allclose(mixture.cumulative(y), below, rtol=rtol, atol=1e-6)


@pytest.mark.parametrize("net", NETWORKS, ids=IDS)
@pytest.mark.parametrize("memory", [1, 2**29])
def test_given_networks_are_components_with_their_weights(net: Regression, memory: int) -> None:
    random = np.random.default_rng(0)
    x, q = random.normal(size=(6, net.n_features)), random.exponential(size=20)
    bits = random.integers(0, 2, (20, net.n_weights), dtype=np.uint8)
    found = mixture_of_networks(net, x, bits, q, memory=memory)
    check(found, q / q.sum(), *plain(net, x, bits), rtol=1e-10)


@pytest.mark.parametrize("net", NETWORKS, ids=IDS)
@pytest.mark.parametrize("memory", [1, 2**29])
def test_the_mixture_of_all_networks_is_their_sum(net: Regression, memory: int) -> None:
    random = np.random.default_rng(0)
    x, bits = random.normal(size=(5, net.n_features)), oracle.all_bits(net.n_weights)
    q = random.exponential(size=len(bits)) ** 3
    q /= q.sum()
    # 512 networks of one noise are put together, see below.
    check(exact_mixture(net, x, q, memory=memory), q, *plain(net, x, bits), rtol=2e-5 if len(q) == 512 else 1e-10)


@pytest.mark.parametrize("memory", [2**16, 2**29])
@pytest.mark.parametrize("few", [0.0, 1.0], ids=["codes", "networks"])
def test_many_networks_are_put_together_by_their_means(
    monkeypatch: pytest.MonkeyPatch, few: float, memory: int
) -> None:
    monkeypatch.setattr(mixture_averages, "FEW", few)
    net = Regression(BinaryMLP(8, (), output_scales=(0.25, 0.5)), hb.Gaussian("bits", (0.4, 0.8)))
    random = np.random.default_rng(0)
    x, bits = random.normal(size=(3, 8)), oracle.all_bits(net.n_weights)
    q = random.exponential(size=len(bits))
    q /= q.sum()
    found = exact_mixture(net, x, q, memory=memory)
    assert found.weights.shape[0] < len(bits) / 2
    check(found, q, *plain(net, x, bits), rtol=2e-5)


def test_few_probable_networks_are_enough() -> None:
    net, random = NETWORKS[1], np.random.default_rng(0)
    q = np.full(512, 1e-18)
    q[[5, 100]] = 0.25, 0.75
    q /= q.sum()
    x = random.normal(size=(3, 2))
    found = exact_mixture(net, x, q)
    assert found.weights.shape == (2, 3)
    check(found, np.array([0.25, 0.75]), *plain(net, x, oracle.all_bits(9)[[5, 100]]), rtol=1e-10)


def test_learned_noise_predicts_with_its_value() -> None:
    net = fitted(Regression(BinaryMLP(2, ()), hb.Gaussian("learned")), np.log([0.25]))
    x, q = np.random.default_rng(0).normal(size=(3, 2)), np.full(8, 1 / 8)
    plain_means, _ = plain(Regression(BinaryMLP(2, ()), hb.Gaussian(0.25)), x, oracle.all_bits(3))
    check(exact_mixture(net, x, q), q, plain_means, np.full((8, 3), 0.25), rtol=1e-10)


def test_classes_and_numbers_are_predicted_by_the_same_calls() -> None:
    x, bits = np.random.default_rng(0).normal(size=(3, 2)), oracle.all_bits(3)
    classifier, regression = BinaryMLP(2, ()), Regression(BinaryMLP(2, ()), hb.Gaussian(0.3))
    for net in (classifier, regression):
        of_all = predictions_of_distribution(net, x, np.full(8, 1 / 8))
        given = predictions_of_networks(net, x, bits)
        twice = predictions_of_draws(net, x, np.concatenate([bits, bits]))
        np.testing.assert_allclose(of_all.best, given.best, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(twice.best, given.best, rtol=1e-12, atol=1e-14)
    with pytest.raises(UserError, match="predicts a number and has no classes"):
        exact_predictive(regression, x, np.full(8, 1 / 8))
    with pytest.raises(UserError, match="tells classes apart and predicts no number"):
        exact_mixture(classifier, x, np.full(8, 1 / 8))
    with pytest.raises(UserError, match="no mean"):
        predictions_of_networks(classifier, x, bits).rescaled(1.0, 2.0)


def test_no_examples_have_no_predictions() -> None:
    net = NETWORKS[1]
    assert len(exact_mixture(net, np.zeros((0, 2)), np.full(512, 1 / 512))) == 0
    assert len(mixture_of_networks(net, np.zeros((0, 2)), oracle.all_bits(9)[:3])) == 0


def test_what_does_not_fit_is_named() -> None:
    net = NETWORKS[1]
    with pytest.raises(UserError, match="3 features"):
        mixture_of_networks(net, np.zeros((2, 3)), oracle.all_bits(9)[:3])
    with pytest.raises(UserError, match="rows of bits"):
        mixture_of_networks(net, np.zeros((2, 2)), oracle.all_bits(9)[:0])
    with pytest.raises(UserError, match="512 probabilities"):
        exact_mixture(net, np.zeros((2, 2)), np.ones(4) / 4)
