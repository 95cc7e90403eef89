"""Mixtures of normal distributions, against sums written out."""

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

import regression_oracle
from hyperborn.errors import UserError
from hyperborn.predictive import NormalMixture


def drawn(components: int = 4, examples: int = 6) -> NormalMixture:
    random = np.random.default_rng(0)
    weights = random.exponential(size=(components, examples))
    means, deviations = random.normal(size=(2, components, examples))
    return NormalMixture(weights / weights.sum(axis=0), means, 0.1 + np.abs(deviations))


def test_density_and_probability_are_sums_over_components() -> None:
    mixture, y = drawn(), np.random.default_rng(1).normal(size=6)
    density = regression_oracle.normal_density(mixture.means, mixture.deviations, y)
    below = regression_oracle.normal_probability_below(mixture.means, mixture.deviations, y)
    np.testing.assert_allclose(np.exp(mixture.log_density(y)), (mixture.weights * density).sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(mixture.cumulative(y), (mixture.weights * below).sum(axis=0), rtol=1e-12)


def test_mean_and_deviation_are_those_of_many_draws() -> None:
    """A million draws of each example, seed 2: within 4 standard errors."""
    mixture, random, count = drawn(), np.random.default_rng(2), 10**6
    for example in range(len(mixture)):
        places = random.choice(len(mixture.weights), count, p=mixture.weights[:, example])
        numbers = random.normal(mixture.means[places, example], mixture.deviations[places, example])
        assert abs(numbers.mean() - mixture.mean[example]) < 4 * numbers.std() / np.sqrt(count)
        squares = (numbers - numbers.mean()) ** 2
        assert abs(squares.mean() - mixture.deviation[example] ** 2) < 4 * squares.std() / np.sqrt(count)


@pytest.mark.parametrize("probability", [0.001, 0.25, 0.5, 0.95])
def test_as_much_lies_below_a_quantile_as_its_probability(probability: float) -> None:
    mixture = drawn()
    np.testing.assert_allclose(mixture.cumulative(mixture.quantile(probability)), probability, rtol=1e-10)


@pytest.mark.parametrize("probability", [0.0, 1.0, -0.5, float("nan")])
def test_a_quantile_needs_a_probability(probability: float) -> None:
    with pytest.raises(UserError, match=r"^probability = "):
        drawn().quantile(probability)


def test_an_interval_is_central() -> None:
    mixture = drawn()
    low, high = mixture.interval(0.9)
    np.testing.assert_allclose(mixture.cumulative(low), 0.05, rtol=1e-9)
    np.testing.assert_allclose(mixture.cumulative(high), 0.95, rtol=1e-9)


def test_other_units_change_the_density_by_the_scale() -> None:
    mixture, y = drawn(), np.random.default_rng(1).normal(size=6)
    other = mixture.rescaled(100.0, 20.0)
    np.testing.assert_allclose(other.log_density(100 + 20 * y), mixture.log_density(y) - np.log(20), rtol=1e-12)
    np.testing.assert_allclose(other.mean, 100 + 20 * mixture.mean)
    np.testing.assert_allclose(other.deviation, 20 * mixture.deviation)


def test_calibration_multiplies_the_deviation_alone() -> None:
    mixture = drawn()
    wider = mixture.calibrated(1.7)
    np.testing.assert_allclose(wider.mean, mixture.mean, rtol=1e-12)
    np.testing.assert_allclose(wider.deviation, 1.7 * mixture.deviation, rtol=1e-12)
    low, high = mixture.interval(0.5)
    np.testing.assert_allclose(wider.interval(0.5)[1] - wider.interval(0.5)[0], 1.7 * (high - low), rtol=1e-9)


def test_the_factor_is_found_that_the_numbers_have() -> None:
    """Numbers 1.5 times as far from the mean as predicted, 4000 of them, seed 3; the standard error is 1.5 / √8000."""
    random, count = np.random.default_rng(3), 4000
    predicted = NormalMixture(np.ones((1, count)), random.normal(size=(1, count)), np.full((1, count), 0.3))
    y = predicted.mean + 1.5 * 0.3 * random.normal(size=count)
    found = predicted.fitted_calibration(y)
    assert abs(found - 1.5) < 4 * 1.5 / np.sqrt(2 * count)
    nll = [
        -predicted.calibrated(found * step).log_density(y).sum() + 0.5 * np.log(found * step) ** 2
        for step in (0.99, 1, 1.01)
    ]
    assert nll[1] < min(nll[0], nll[2])


def test_without_examples_nothing_is_calibrated() -> None:
    empty = NormalMixture(*np.ones((3, 2, 0)))
    assert empty.fitted_calibration(np.zeros(0)) == 1.0
    assert empty.scores(np.zeros(0)) == {}


def test_scores_are_those_of_scikit_learn() -> None:
    mixture, y = drawn(), np.random.default_rng(1).normal(size=6)
    found = mixture.scores(y)
    assert list(found) == ["rmse", "mae", "nll", "r2", "coverage_50", "coverage_90"]
    assert found["rmse"] == pytest.approx(root_mean_squared_error(y, mixture.mean))
    assert found["mae"] == pytest.approx(mean_absolute_error(y, mixture.mean))
    assert found["r2"] == pytest.approx(r2_score(y, mixture.mean))
    density = regression_oracle.normal_density(mixture.means, mixture.deviations, y)
    assert found["nll"] == pytest.approx(-np.log((mixture.weights * density).sum(axis=0)).mean())
    for share in (0.5, 0.9):
        low, high = mixture.interval(share)
        assert found[f"coverage_{100 * share:.0f}"] == np.mean((low <= y) & (y <= high))


def test_equal_labels_have_no_r2() -> None:
    assert "r2" not in drawn().scores(np.ones(6))


def test_labels_must_fit() -> None:
    with pytest.raises(UserError, match="6 examples with 5 labels"):
        drawn().scores(np.zeros(5))


def test_intervals_cover_as_often_as_they_say() -> None:
    """20,000 numbers drawn from their predictions, seed 4: within 4 standard errors of 50 and 90 %."""
    random, count = np.random.default_rng(4), 20_000
    weights = np.tile([[0.3], [0.7]], count)
    means, deviations = random.normal(size=(2, count)), 0.2 + random.random((2, count))
    first = random.random(count) < 0.3
    y = np.where(first, random.normal(means[0], deviations[0]), random.normal(means[1], deviations[1]))
    found = NormalMixture(weights, means, deviations).scores(y)
    for share in (0.5, 0.9):
        assert abs(found[f"coverage_{100 * share:.0f}"] - share) < 4 * np.sqrt(share * (1 - share) / count)


def test_a_weight_of_two_is_the_example_twice_and_one_of_zero_leaves_it_out() -> None:
    mixture, random = drawn(4, 30), np.random.default_rng(5)
    y, times = random.normal(size=30), random.integers(0, 4, 30)
    rows, weights = np.repeat(np.arange(30), times), times.astype(np.float64)
    repeated = NormalMixture(*(part[:, rows] for part in (mixture.weights, mixture.means, mixture.deviations)))
    found, plain = mixture.scores(y, weights), mixture.scores(y)
    assert found == pytest.approx(repeated.scores(y[rows]), rel=1e-10)
    assert min(abs(found[name] - plain[name]) for name in plain) > 1e-3
    assert mixture.quick_score(y, weights) == found["rmse"]
    assert mixture.fitted_calibration(y, weights) == pytest.approx(repeated.fitted_calibration(y[rows]), rel=1e-6)
    assert "r2" not in mixture.scores(y, np.eye(30)[3])
    with pytest.raises(UserError, match="example 0 is -1"):
        mixture.fitted_calibration(y, -np.ones(30))
