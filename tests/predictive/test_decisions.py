"""Decisions for classes: thresholds, recall, confusion."""

import json

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, recall_score

from hyperborn.errors import UserError
from hyperborn.predictive import ClassProbabilities, NormalMixture
from hyperborn.predictive.predictions import decided

TWO = ClassProbabilities(np.array([[0.9, 0.1], [0.6, 0.4], [0.5, 0.5], [0.2, 0.8]]))


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [(None, [0, 0, 0, 1]), (0.5, [0, 0, 1, 1]), (0.4, [0, 1, 1, 1]), (0, [1, 1, 1, 1]), (1.0, [0, 0, 0, 0])],
)
def test_the_second_class_from_the_threshold_on(threshold: float | None, expected: list[int]) -> None:
    assert TWO.decided(threshold).tolist() == expected
    assert decided(TWO, threshold).tolist() == expected


def test_reports_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    for count in (2, 4):
        predictions = ClassProbabilities(random.dirichlet(np.ones(count), 200))
        y = random.integers(0, count, 200).astype(np.uint8)
        names = [f"class {index}" for index in range(count)]
        found = predictions.report(y, names)
        decisions = predictions.probabilities.argmax(axis=1)
        assert found["classes"] == names
        assert found["accuracy"] == accuracy_score(y, decisions)
        assert found["confusion"] == confusion_matrix(y, decisions).tolist()
        np.testing.assert_allclose(list(found["recall"].values()), recall_score(y, decisions, average=None))
        assert list(found["recall"]) == names
        assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_examples_of_a_report_count_as_often_as_their_weights_say() -> None:
    random = np.random.default_rng(1)
    p, y, times = random.dirichlet(np.ones(3), size=50), random.integers(0, 3, 50), random.integers(0, 4, 50)
    names, rows = ("a", "b", "c"), np.repeat(np.arange(50), times)
    found = ClassProbabilities(p).report(y, names, times.astype(np.float64))
    expected = ClassProbabilities(p[rows]).report(y[rows], names)
    assert found["confusion"] == expected["confusion"]
    assert found["recall"] == pytest.approx(expected["recall"])
    assert found["accuracy"] == pytest.approx(expected["accuracy"])


def test_a_report_worked_out_by_hand() -> None:
    y = np.array([0, 1, 1, 1])
    assert TWO.report(y, ("no", "yes")) == {
        "accuracy": 0.5,
        "classes": ["no", "yes"],
        "recall": {"no": 1.0, "yes": 1 / 3},
        "confusion": [[1, 0], [2, 1]],
    }
    assert TWO.report(y, ("no", "yes"), threshold=0.4) == {
        "accuracy": 1.0,
        "classes": ["no", "yes"],
        "recall": {"no": 1.0, "yes": 1.0},
        "confusion": [[1, 0], [0, 3]],
    }


def test_a_class_without_examples_has_no_recall() -> None:
    assert TWO.report(np.ones(4, int), ("no", "yes"))["recall"] == {"no": None, "yes": 0.25}


def test_no_examples_no_report() -> None:
    assert ClassProbabilities(np.zeros((0, 2))).report(np.zeros(0, int), ("no", "yes")) == {}


def test_over_a_hundred_classes_have_no_confusion_matrix() -> None:
    for count in (100, 101):
        names = [str(index) for index in range(count)]
        found = ClassProbabilities(np.eye(count)).report(np.arange(count), names)
        assert ("confusion" in found) == (count == 100)
        assert set(found["recall"].values()) == {1.0}


def test_what_does_not_fit_is_one_line() -> None:
    three = ClassProbabilities(np.full((1, 3), 1 / 3))
    for asked, said in (
        (lambda: three.decided(0.5), "threshold = 0.5 decides between two classes, and there are 3"),
        (lambda: TWO.decided(1.5), r"threshold = 1.5: give a number from 0 to 1"),
        (lambda: TWO.decided(float("nan")), "threshold = nan: give a number"),
        (lambda: TWO.report(np.zeros(3, int), ("no", "yes")), "4 examples with 3 labels"),
        (lambda: TWO.report(np.zeros(4, int), ("no",)), "1 names do not fit 2 classes"),
        (lambda: decided(NormalMixture(*np.ones((3, 1, 2))), 0.5), "the run is a regression.*without a threshold"),
    ):
        with pytest.raises(UserError, match=said) as caught:
            asked()
        assert "\n" not in str(caught.value)
