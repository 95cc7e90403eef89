"""Weights of examples by class, against scikit-learn and by hand; and what is refused."""

from typing import Any

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_sample_weight

from hyperborn.data import Split, from_arrays, load
from hyperborn.data.weights import checked_weights, weights_of_classes
from hyperborn.errors import UserError

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


RANDOM = np.random.default_rng(7)
X, LABELS = RANDOM.normal(size=(90, 2)), np.where(np.arange(90) % 3, "often", "rare")
COUNTS = np.arange(90) + 1


def test_weights_of_arrays_go_with_their_examples_into_every_split() -> None:
    plain, data = from_arrays(X, LABELS), from_arrays(X, LABELS, sample_weight=COUNTS)
    assert data.features == plain.features
    found = []
    for name in ("train", "validation", "test"):
        split = data.split(name)
        np.testing.assert_array_equal(split.x, plain.split(name).x)
        assert split.weights is not None
        raw = split.x * data.preprocessing.scales + data.preprocessing.means
        rows = [int(np.abs(X - row).sum(axis=1).argmin()) for row in raw]
        assert split.weights.tolist() == COUNTS[rows].tolist()
        found += rows
    assert sorted(found) == list(range(90))
    again = from_arrays(X, LABELS, sample_weight=COUNTS, preprocessing=data.preprocessing)
    np.testing.assert_array_equal(again.test.weights, data.test.weights)


def test_weights_of_arrays_stay_with_the_chosen_classes() -> None:
    labels = np.arange(90) % 3
    data = from_arrays(X, labels, classes=(2, 0), sample_weight=labels)
    assert data.train.weights is not None
    np.testing.assert_array_equal(data.train.weights, np.where(data.train.y == 0, 2, 0))


def test_classes_weigh_in_training_alone() -> None:
    data = from_arrays(X, LABELS, class_weight="balanced")
    assert data.train.weights is not None
    np.testing.assert_array_equal(data.train.weights, np.where(data.train.y == 0, 0.75, 1.5))
    assert data.validation.weights is data.test.weights is None
    both = from_arrays(X, LABELS, sample_weight=COUNTS, class_weight={"rare": 4})
    times = from_arrays(X, LABELS, sample_weight=COUNTS).train.weights
    np.testing.assert_array_equal(both.train.weights, times * np.where(both.train.y == 1, 4, 1))
    flowers = load("iris", class_weight={"virginica": 3})
    np.testing.assert_array_equal(flowers.train.weights, np.where(flowers.train.y == 2, 3, 1))
    with pytest.raises(UserError, match="the target is a number; leave it out"):
        from_arrays(X, X[:, 0], class_weight="balanced")


def test_statistics_count_every_example_once() -> None:
    plain, weighted = load("iris"), load("iris", class_weight={"setosa": 9})
    assert weighted.preprocessing.to_dict() == plain.preprocessing.to_dict()


def test_a_column_of_weights(written, refused) -> None:
    lines = [f"{a:.6f},{b:.6f},{label},{count}" for (a, b), label, count in zip(X, LABELS, COUNTS, strict=True)]
    path = written("\n".join(["a,b,kind,times", *lines]))
    data = load(path, target="kind", weight_column="times")
    assert data.features == ("a", "b")
    arrays = from_arrays(X.round(6), LABELS, sample_weight=COUNTS)
    for name in ("train", "validation", "test"):
        np.testing.assert_array_equal(data.split(name).weights, arrays.split(name).weights)
    again = load(path, weight_column="times", preprocessing=data.preprocessing)
    np.testing.assert_array_equal(again.train.weights, data.train.weights)
    assert load(path, preprocessing=data.preprocessing).train.weights is None
    regression = load(path, target="a", task="regression", weight_column="times", drop=("kind",))
    assert (regression.features, len(regression.train.weights)) == (("b",), 54)  # pyright: ignore[reportArgumentType]
    with refused("'a'", "feature", "--weight-column"):
        load(path, weight_column="a", preprocessing=data.preprocessing)
    with refused("'time'", "'times'", "of weights"):
        load(path, target="kind", weight_column="time")
    with refused("'kind'", "is the target", "--weight-column"):
        load(path, target="kind", weight_column="kind")
    with refused("'times'", "--drop"):
        load(path, target="kind", weight_column="times", drop=("times",))
    with refused("'kind'", "holds text"):
        load(path, target="a", task="regression", weight_column="kind")
    with refused("'a'", "example 0 is" if X[0, 0] < 0 else "the weight of example", "from 0 to"):
        load(path, target="kind", weight_column="a")
    with refused("weight_column='times'", "does not apply to iris"):
        load("iris", weight_column="times")
    holes = written("\n".join(["a,b,kind,times", *lines[1:], "1,1,rare,"]), "holes.csv")
    with refused("'times'", "1 missing value"):
        load(holes, target="kind", weight_column="times")


def test_weights_may_be_written_with_zeros_in_front(written) -> None:
    lines = [f"{row % 5},{'xy'[row % 2]},{1 + row % 2:02}" for row in range(60)]
    data = load(written("\n".join(["a,kind,times", *lines])), target="kind", weight_column="times")
    np.testing.assert_array_equal(data.train.weights, 1 + data.train.y)
