"""Weights of examples by class, against scikit-learn and by hand; and what is refused."""

from typing import Any

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_sample_weight

from hyperborn.data import Split
from hyperborn.data.weights import checked_weights, weights_of_classes

Y = np.array([0, 0, 0, 2, 2, 1, 0, 0])
CLASSES = ("a", "2", "c,d")


def test_balanced_classes_count_alike() -> None:
    found = weights_of_classes(Y, CLASSES, "balanced")
    assert found is not None
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, 8 / 3 / np.bincount(Y)[Y], rtol=1e-15)
    np.testing.assert_array_equal(found, compute_sample_weight("balanced", Y))
    np.testing.assert_allclose([found[label == Y].sum() for label in range(3)], 8 / 3)


def test_a_class_without_examples_is_not_counted() -> None:
    found = weights_of_classes(np.array([0, 2, 2, 2]), CLASSES, "balanced")
    np.testing.assert_allclose(found, [2, 2 / 3, 2 / 3, 2 / 3], rtol=1e-15)


def test_weights_by_name_and_one_for_all_others() -> None:
    np.testing.assert_array_equal(weights_of_classes(Y, CLASSES, {"c,d": 0.5, "a": 0}), [0, 0, 0, 0.5, 0.5, 1, 0, 0])
    # A name that is a number may be given as one.
    np.testing.assert_array_equal(weights_of_classes(Y, CLASSES, {2: 3}), [1, 1, 1, 1, 1, 3, 1, 1])
    assert weights_of_classes(Y, CLASSES, None) is None


def test_what_is_refused(refused) -> None:
    with refused("'uniform'", "'balanced'", "--class-weight a=2"):
        weights_of_classes(Y, CLASSES, "uniform")
    with refused("'cd'", "'c,d'", "the classes are: a, 2, c,d"):
        weights_of_classes(Y, CLASSES, {"cd": 1})
    with refused("'2' twice"):
        weights_of_classes(Y, CLASSES, {"2": 1, 2: 1})
    for weight in (-1, np.nan, np.inf, "x", True, None, 1e10):
        with refused("class 'a'", "from 0 to 1e+09"):
            weights_of_classes(Y, CLASSES, {"a": weight})
    with refused("the target is a number", "--class-weight"):
        weights_of_classes(np.zeros(3), (), "balanced")
    with refused("mine = 'text'", "numbers from 0"):
        checked_weights("mine", "text", 3)
    for faulty, said in (
        ([1, 2], r"mine has the shape (2,) for 3 examples"),
        ([[1, 2, 3]], r"shape (1, 3)"),
        ([1, -0.5, 1], "example 1 is -0.5"),
        ([1, np.nan, 1], "example 1 is nan"),
        ([1, 1, np.inf], "example 2 is inf"),
        ([0, 0, 0], "all 3 examples are 0"),
        (np.ma.masked_array([1, 2, 3], [0, 1, 0]), "masked"),
        ([1j, 1, 1], "no numbers"),
    ):
        with refused(said):
            checked_weights("mine", faulty, 3)


def test_weights_are_a_read_only_copy() -> None:
    given: Any = [1, 2, 0]
    found = checked_weights("mine", given, 3)
    assert (found.dtype, found.tolist(), found.flags.writeable) == (np.float64, [1.0, 2.0, 0.0], False)
    mine = np.ones(3)
    split = Split(np.zeros((3, 1)), np.zeros(3, dtype=np.int64), mine)
    mine[0] = 5
    assert split.weights is not None
    assert split.weights.tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match="read-only"):
        split.weights[0] = 2
    assert len(checked_weights("mine", [], 0)) == 0


def test_a_split_that_is_weighted_twice_has_the_products() -> None:
    split = Split(np.zeros((3, 1)), np.array([0, 1, 1]), np.array([1.0, 0.5, 0.0]))
    twice = split.weighted("sample_weight", [4, 3, 2])
    assert twice.weights is not None
    assert twice.weights.tolist() == [4, 1.5, 0]
    assert repr(twice) == "Split(3 examples, 1 feature, weighted)"
    assert repr(Split(split.x, split.y)) == "Split(3 examples, 1 feature)"
