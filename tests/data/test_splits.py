"""Splits: disjoint, complete, stratified, seeded, in the order of the source."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.data.splits import EXAMPLES, TEST, VALIDATION, seed_for, stratified
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


def test_too_few_of_a_class_names_it_and_its_count(refused) -> None:
    y = np.asarray([0] * 20 + [1])
    with refused("'rare'", "1 example,", "needs 3"):
        stratified(y, ("common", "rare"), validation=0.2, test=0.2, seed=0)
    with refused("'rare'", "0 examples", "needs 1"):
        stratified(y[:20], ("common", "rare"), validation=0.0, test=0.0, seed=0)


def test_a_split_smaller_than_the_number_of_classes(refused) -> None:
    with refused("test=0.01", "2 classes"):
        stratified(np.arange(50) % 2, "ab", validation=0.0, test=0.01, seed=0)


@given(
    st.lists(st.integers(0, 6), min_size=2, max_size=4),
    st.floats(0, 0.99),
    st.floats(0, 0.99),
)
def test_any_request_is_met_or_refused(counts: list[int], validation: float, test: float) -> None:
    """Never an error of scikit-learn's, and never a class without a training example."""
    y = np.repeat(np.arange(len(counts)), counts)
    try:
        train, _, _ = stratified(y, [str(i) for i in range(len(counts))], validation=validation, test=test, seed=0)
    except UserError:
        return
    assert set(y[train]) == set(range(len(counts)))
