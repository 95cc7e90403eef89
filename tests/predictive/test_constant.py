"""Predictions without a look at any feature, against their scores in closed form."""

from typing import Any

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.predictive import ClassProbabilities
from hyperborn.predictive.constant import constant_predictions, constant_scores, weights_of_rows


def test_the_frequencies_of_the_classes() -> None:
    x = np.random.default_rng(0).normal(size=(100, 2))
    y = np.repeat([0, 1, 2], [60, 30, 10])
    data = hb.data.from_arrays(x, y)
    frequencies = np.array([(data.train.y == index).mean() for index in range(3)])
    for name, found in constant_scores(data).items():
        labels = data.split(name).y
        assert found["accuracy"] == (labels == 0).mean()
        assert found["nll"] == pytest.approx(-np.log(frequencies[labels]).mean(), rel=1e-12)
        assert found["brier"] == pytest.approx(np.mean([((frequencies - np.eye(3)[k]) ** 2).sum() for k in labels]))
        assert found["ece"] == pytest.approx(abs(frequencies[0] - (labels == 0).mean()))
        assert found["auc"] == 0.5


def test_the_mean_of_the_numbers_in_their_own_units() -> None:
    random = np.random.default_rng(1)
    data = hb.data.from_arrays(random.normal(size=(80, 2)), 1000 + 50 * random.normal(size=80), task="regression")
    own = {name: data.preprocessing.own_labels(data.split(name).y) for name in ("train", "test")}
    mean, deviation = own["train"].mean(), own["train"].std()
    found = constant_scores(data)["test"]
    errors = own["test"] - mean
    assert found["rmse"] == pytest.approx(np.sqrt((errors**2).mean()))
    assert found["mae"] == pytest.approx(np.abs(errors).mean())
    expected = 0.5 * np.log(2 * np.pi) + np.log(deviation) + 0.5 * (errors**2).mean() / deviation**2
    assert found["nll"] == pytest.approx(expected)
    assert found["r2"] == pytest.approx(1 - (errors**2).sum() / ((own["test"] - own["test"].mean()) ** 2).sum())


def test_an_empty_split_has_no_scores() -> None:
    x = np.random.default_rng(2).normal(size=(20, 2))
    data = hb.data.from_arrays(x, np.arange(20) % 2, test=0.0)
    assert constant_scores(data)["test"] == {}


def test_weights_of_classes_do_not_make_the_rare_class_the_commonest() -> None:
    x, y = np.arange(100.0)[:, None], (np.arange(100) % 10 == 0).astype(int)

    def frequencies(**weights: Any) -> np.ndarray:
        found = constant_predictions(hb.data.from_arrays(x, y, **weights), 1)
        assert isinstance(found, ClassProbabilities)
        return found.probabilities[0]

    np.testing.assert_allclose(frequencies(class_weight="balanced"), [0.9, 0.1], atol=0.02)
    # Weights that all splits have are how often a row counts.
    times = np.where(y, 9.0, 1.0)
    np.testing.assert_allclose(frequencies(sample_weight=times), [0.5, 0.5], atol=0.02)
    np.testing.assert_allclose(frequencies(sample_weight=times, test=(x, y)), [0.5, 0.5], atol=0.02)
    both = frequencies(sample_weight=times, class_weight="balanced", validation=0.0, test=0.0)
    np.testing.assert_allclose(both, [0.5, 0.5], atol=0.02)
    data = hb.data.from_arrays(x, y, class_weight={0: 1, 1: 9})
    again = hb.data.Dataset.from_record(*data.to_record())
    assert again.class_weight == {"0": 1.0, "1": 9.0}
    np.testing.assert_array_equal(weights_of_rows(again), np.ones(len(again.train)))
