import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.errors import UserError
from hyperborn.predictive import accuracy, calibrated_nll, fitted_temperature, mean_nll, tempered


def drawn(examples: int, classes: int, temperature: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Predictions, and labels drawn from them at a temperature."""
    random = np.random.default_rng(seed)
    logits = 2 * random.normal(size=(examples, classes))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    true = np.exp(logits / temperature) / np.exp(logits / temperature).sum(axis=1, keepdims=True)
    y = (random.random(examples)[:, None] > true.cumsum(axis=1)).sum(axis=1)
    return p, y


def price(p: np.ndarray, y: np.ndarray, temperature: float, spread: float) -> float:
    """The plain formula of what is minimised."""
    total = (np.log(temperature) / spread) ** 2 / 2
    for row, label in zip(p, y, strict=True):
        powers = row ** (1 / temperature)
        total -= np.log(powers[label] / powers.sum())
    return total


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("classes", [2, 4])
def test_the_temperature_that_drew_the_labels_is_found(temperature: float, classes: int) -> None:
    # Over ten seeds the standard deviation of log T is at most 0.04 here; four of them are allowed.
    p, y = drawn(4000, classes, temperature, seed=1)
    assert abs(np.log(fitted_temperature(p, y) / temperature)) < 0.16


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.sampled_from([0.3, 1.0, 2.0]))
def test_no_other_temperature_is_better(seed: int, examples: int, spread: float) -> None:
    p, y = drawn(examples, 3, 0.2, seed)
    best = price(p, y, fitted_temperature(p, y, spread=spread), spread)
    assert all(best <= price(p, y, t, spread) + 1e-9 for t in np.geomspace(0.02, 50, 60))


@pytest.mark.parametrize("spread", [0.3, 2.0])
def test_the_calibrated_nll_is_what_was_minimised_an_example(spread: float) -> None:
    p, y = drawn(25, 3, 0.4, seed=2)
    temperature = fitted_temperature(p, y, spread=spread)
    assert abs(np.log(temperature)) > 0.1
    assert calibrated_nll(p, y, spread=spread) == pytest.approx(price(p, y, temperature, spread) / 25, rel=1e-9)


def test_all_right_leaves_the_temperature_above_nothing() -> None:
    p = np.array([[0.9, 0.1]] * 20)
    y = np.zeros(20, dtype=np.int64)
    found = fitted_temperature(p, y)
    # Stationarity of the plain formula: log T / spread² + Σ dNLL/dlog T = 0.
    logit = np.log(9) / found
    np.testing.assert_allclose(np.log(found) + 20 * logit / (1 + np.exp(logit)), 0, atol=1e-6)


def test_without_examples_it_is_one() -> None:
    assert fitted_temperature(np.empty((0, 2)), np.empty(0, dtype=np.int64)) == 1


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 20))
def test_tempering_keeps_rows_summing_to_one_and_the_most_probable_class(seed: int, temperature: float) -> None:
    p, y = drawn(10, 3, 1.0, seed)
    found = tempered(p, temperature)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(found.argmax(axis=1), p.argmax(axis=1))
    np.testing.assert_allclose(tempered(found, 1 / temperature), p, rtol=1e-6, atol=1e-12)
    assert accuracy(found, y) == accuracy(p, y)


def test_certain_predictions_stay_finite() -> None:
    p = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    y = np.array([0, 1, 1])
    temperature = fitted_temperature(p, y)
    assert temperature > 2
    assert np.isfinite(mean_nll(tempered(p, temperature), y))


def test_temperature_one_changes_nothing() -> None:
    p, _ = drawn(5, 2, 1.0, 0)
    assert tempered(p, 1.0) is p


def test_labels_must_fit() -> None:
    with pytest.raises(UserError, match="label 2 is out of range"):
        fitted_temperature(np.array([[0.5, 0.5]]), np.array([2]))


def test_a_weight_of_two_is_the_example_twice_and_one_of_zero_leaves_it_out() -> None:
    p, y = drawn(30, 3, 0.4, seed=3)
    times = np.random.default_rng(4).integers(0, 4, 30)
    rows, weights = np.repeat(np.arange(30), times), times.astype(np.float64)
    for spread in (0.3, 1.0):
        expected = fitted_temperature(p[rows], y[rows], spread=spread)
        assert fitted_temperature(p, y, weights, spread=spread) == pytest.approx(expected, rel=1e-6)
        found = calibrated_nll(p, y, weights, spread=spread)
        assert found == pytest.approx(calibrated_nll(p[rows], y[rows], spread=spread), rel=1e-9)
    assert abs(fitted_temperature(p, y, weights) / fitted_temperature(p, y) - 1) > 0.01


def test_weights_must_fit_the_examples() -> None:
    p, y = drawn(5, 3, 1.0, seed=3)
    with pytest.raises(UserError, match=r"weights has the shape \(4,\) for 5 examples"):
        fitted_temperature(p, y, np.ones(4))
