"""The logistic regression beside a run, against scikit-learn's own and the cases in which there is none."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

import hyperborn as hb
from hyperborn.predictive import logistic_regression
from hyperborn.predictive.logistic_regression import logistic_scores

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(120, 3))
Y = (X @ [2.0, -1.0, 0.0] + RANDOM.logistic(size=120) > 0).astype(int) + (X[:, 2] > 1)


def test_scores_are_those_of_scikit_learn_on_the_same_features() -> None:
    weights = RANDOM.integers(1, 4, size=120).astype(float)
    data = hb.data.from_arrays(X, Y, sample_weight=weights)
    found = logistic_scores(data)
    model = LogisticRegression(max_iter=1000).fit(data.train.x, data.train.y, data.train.weights)
    for name in ("train", "validation", "test"):
        part = data.split(name)
        expected = log_loss(part.y, model.predict_proba(part.x), sample_weight=part.weights, labels=[0, 1, 2])
        assert found[name]["nll"] == pytest.approx(expected, rel=1e-9)
        assert found[name]["accuracy"] == pytest.approx(model.score(part.x, part.y, part.weights))


def test_an_empty_split_has_no_scores() -> None:
    assert logistic_scores(hb.data.from_arrays(X, Y, validation=0.0))["validation"] == {}


def test_a_class_that_is_not_trained_on_has_no_probability() -> None:
    other = (X[:3], [0, 1, 2])
    data = hb.data.from_arrays(X, Y, classes=(0, 1, 2), validation=0.0, test=other)
    few, one = (replace(data, train=data.train.rows(np.flatnonzero(data.train.y < count))) for count in (2, 1))
    assert logistic_scores(few)["test"]["nll"] > 20
    assert logistic_scores(one) == {}


def test_large_data_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    data = hb.data.from_arrays(X, Y)
    monkeypatch.setattr(logistic_regression, "MOST", data.train.x.size * 3 - 1)
    assert logistic_scores(data) == {}
