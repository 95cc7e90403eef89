"""The linear regression beside ours, in the units of the target."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import hyperborn as hb
from hyperborn.predictive.linear_regression import linear_predictions, linear_scores


def test_with_much_data_it_is_least_squares() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(2000, 3))
    y = x @ [1.0, -2.0, 0.5] + 0.3 * random.normal(size=2000)
    found = linear_predictions(x, y, x[:50])
    np.testing.assert_allclose(found.mean, LinearRegression().fit(x, y).predict(x[:50]), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(found.deviation, 0.3, rtol=0.1)
    assert len(linear_predictions(x, y, x[:0])) == 0


def test_examples_with_weights_count_that_often() -> None:
    random = np.random.default_rng(2)
    x = random.normal(size=(2000, 2))
    # Two slopes, of which the weights favour one.
    y = np.where(x[:, 1] > 0, 1.0, -1.0) * x[:, 0] + 0.1 * random.normal(size=2000)
    weights = np.where(x[:, 1] > 0, 3.0, 1.0)
    expected = LinearRegression().fit(x, y, weights).predict(x[:9])
    np.testing.assert_allclose(linear_predictions(x, y, x[:9], weights).mean, expected, rtol=0, atol=1e-2)
    assert np.abs(linear_predictions(x, y, x[:9]).mean - expected).max() > 0.1
    data = hb.data.from_arrays(x, y)
    weighted = replace(
        data,
        validation=data.validation.weighted("weights", np.linspace(0, 4, len(data.validation))),
        test=data.test.weighted("weights", np.linspace(0, 4, len(data.test))),
    )
    before, after = linear_scores(data), linear_scores(weighted)
    assert after["train"]["rmse"] == before["train"]["rmse"]
    assert abs(after["train"]["nll"] - before["train"]["nll"]) > 1e-6
    assert abs(after["test"]["rmse"] - before["test"]["rmse"]) > 1e-3


def test_scores_are_in_the_units_of_the_target() -> None:
    random = np.random.default_rng(1)
    x = random.normal(size=(500, 2))
    y = 1000 + 50 * (x @ [1.0, 1.0] + 0.2 * random.normal(size=500))
    found = linear_scores(hb.data.from_arrays(x, y))
    assert list(found) == ["train", "validation", "test"]
    assert found["test"]["rmse"] == pytest.approx(10, rel=0.15)
    # -log of a normal density of standard deviation 10.
    assert found["test"]["nll"] == pytest.approx(np.log(10) + 0.5 * np.log(2 * np.pi * np.e), abs=0.15)
