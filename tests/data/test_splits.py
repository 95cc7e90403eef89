"""Splits: disjoint, complete, stratified, seeded, in the order of the source."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.data.splits import (
    EXAMPLES,
    TEST,
    VALIDATION,
    grouped,
    latest,
    only_trained_on,
    seed_for,
    stratified,
)
from hyperborn.errors import UserError


@given(
    st.lists(st.integers(8, 40), min_size=2, max_size=4),
    st.sampled_from([0.0, 0.2, 0.3]),
    st.sampled_from([0.0, 0.2, 0.4]),
    st.integers(0, 2**40),
)
def test_every_row_is_in_one_split_and_classes_keep_their_share(
    counts: list[int], validation: float, test: float, seed: int
) -> None:
    y = np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts))
    parts = stratified(y, [str(i) for i in range(len(counts))], validation=validation, test=test, seed=seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(y)))
    for rows, fraction in zip(parts, (1 - validation - test, validation, test), strict=True):
        assert np.all(np.diff(rows) > 0)
        assert abs(len(rows) - fraction * len(y)) <= 1
        share = np.bincount(y[rows], minlength=len(counts))
        assert np.all(np.abs(share - fraction * np.asarray(counts)) <= 2)


def test_without_splits_all_rows_train_in_their_order() -> None:
    train, validation, test = stratified(np.asarray([1, 0, 1]), ("a", "b"), validation=0.0, test=0.0, seed=0)
    assert train.tolist() == [0, 1, 2]
    assert len(validation) == len(test) == 0


def test_the_seed_decides() -> None:
    y = np.arange(100) % 2
    draws = [stratified(y, "ab", validation=0.2, test=0.2, seed=seed)[2].tolist() for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]


def test_one_seed_gives_a_different_stream_for_each_purpose() -> None:
    assert len({seed_for(7, purpose) for purpose in (EXAMPLES, TEST, VALIDATION)}) == 3


@pytest.mark.parametrize("seed", [-1, True])
def test_faulty_seed(refused, seed: int) -> None:
    with refused(f"seed={seed!r}"):
        seed_for(seed, TEST)


@pytest.mark.parametrize(
    ("validation", "test", "said"),
    [
        (-0.1, 0.2, "validation=-0.1"),
        (0.2, 1.0, "test=1.0"),
        (0.5, 0.5, "nothing to train on"),
        (0.2, np.nan, "test=nan"),
    ],
)
def test_faulty_fractions(refused, validation: float, test: float, said: str) -> None:
    with refused(said):
        stratified(np.arange(10) % 2, "ab", validation=validation, test=test, seed=0)


def test_too_few_of_a_class_are_all_trained_on() -> None:
    y = np.asarray([0] * 20 + [1] + [2, 2])
    names = ("common", "rare", "two")
    for seed in range(20):
        rows = stratified(y, names, validation=0.2, test=0.2, seed=seed)
        assert set(y[rows.train]) == {0, 1, 2}
        assert set(y[rows.validation]) == set(y[rows.test]) == {0}
    assert only_trained_on(y, names, validation=0.2, test=0.2) == ["rare", "two"]
    assert only_trained_on(y, names, validation=0.2, test=0.0) == ["rare"]
    assert set(y[stratified(y, names, validation=0.2, test=0.0, seed=0).train]) == {0, 1, 2}


def test_no_class_that_can_be_split(refused) -> None:
    with refused("no class has the 3 examples", "10 examples of 10 classes", "set validation or test to 0"):
        stratified(np.arange(10), [*map(str, range(10))], validation=0.2, test=0.2, seed=0)
    with refused("'rare' has no example"):
        stratified(np.zeros(20, np.int64), ("common", "rare"), validation=0.0, test=0.0, seed=0)


def test_a_split_smaller_than_the_number_of_classes(refused) -> None:
    with refused("test=0.01 of 40 examples draws none"):
        stratified(np.arange(40) % 2, "ab", validation=0.0, test=0.01, seed=0)
    y = np.arange(30) % 10
    rows = stratified(y, [*map(str, range(10))], validation=0.1, test=0.1, seed=0)
    assert [len(part) for part in rows] == [24, 3, 3]
    assert set(y[rows.train]) == set(range(10))


@given(st.lists(st.integers(1, 6), min_size=3, max_size=12), st.integers(0, 99))
def test_groups_stay_together(sizes: list[int], seed: int) -> None:
    groups = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    rows = grouped(groups, validation=0.2, test=0.3, seed=seed)
    assert sorted(np.concatenate(rows).tolist()) == list(range(len(groups)))
    parts = [set(groups[part]) for part in rows]
    assert all(parts)
    assert len(set.union(*parts)) == sum(map(len, parts))


def test_too_few_groups(refused) -> None:
    with refused("2 groups cannot be split into 3 parts", "--group"):
        grouped(np.asarray([0, 1, 1, 0]), validation=0.2, test=0.2, seed=0)


def test_the_latest_rows_are_tested_on() -> None:
    time = np.random.default_rng(0).permutation(50).astype(np.float64)
    train, validation, test = latest(time, validation=0.2, test=0.1)
    assert time[train].max() < time[validation].min() < time[validation].max() < time[test].min()
    assert [len(train), len(validation), len(test)] == [35, 10, 5]
    assert all(np.all(np.diff(part) > 0) for part in (train, validation, test))


@given(
    st.lists(st.integers(0, 6), min_size=2, max_size=4),
    st.floats(0, 0.99),
    st.floats(0, 0.99),
)
def test_any_request_is_met_or_refused(counts: list[int], validation: float, test: float) -> None:
    """Never an error of scikit-learn's, and never a class without a training example, nor an empty split."""
    y = np.repeat(np.arange(len(counts)), counts)
    try:
        rows = stratified(y, [str(i) for i in range(len(counts))], validation=validation, test=test, seed=0)
    except UserError:
        return
    assert set(y[rows.train]) == set(range(len(counts)))
    assert (len(rows.validation) > 0, len(rows.test) > 0) == (validation > 0, test > 0)
