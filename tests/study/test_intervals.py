"""Intervals: their coverage by simulation, and the edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import t as student

from hyperborn.study.intervals import expanded_tail, mean_intervals, ratio_intervals

FINITE = st.floats(-1e3, 1e3)


@pytest.mark.parametrize(("n", "expected"), [(5, 0.92), (10, 0.945), (20, 0.948)])
def test_coverage_is_what_the_docstring_says(n: int, expected: float) -> None:
    # 2,000 samples: standard error of the share at most 0.0061; seed 1. Resamples are shared, which adds a little.
    values = np.random.default_rng(1).normal(3.0, 2.0, size=(n, 2000))
    ends = mean_intervals(values, seed=0, resamples=4000)
    covered = np.mean((ends[:, 0] <= 3.0) & (ends[:, 1] >= 3.0))
    assert abs(covered - expected) < 3 * 0.0061


def test_plain_resampling_gives_the_same_ends() -> None:
    generator = np.random.default_rng(2)
    values = generator.exponential(size=12)
    means = values[generator.integers(0, 12, size=(40_000, 12))].mean(axis=1)
    tail = expanded_tail(12)
    # Student's 2.201 with 11 degrees of freedom times sqrt(12 / 11) is 2.2988, beyond which a normal tail has 0.01076.
    assert tail == pytest.approx(0.01076, abs=2e-5)
    (found,) = mean_intervals(values[:, None], seed=0, resamples=40_000)
    # A quantile of N resamples has standard error sqrt(a (1 - a) / N) / density, here below 0.01 standard deviations.
    assert np.abs(found - np.quantile(means, [tail, 1 - tail])).max() < 0.08 * means.std()


@given(arrays(float, (6, 3), elements=FINITE))
def test_intervals_hold_means_between_extremes_and_do_not_see_their_neighbours(values: np.ndarray) -> None:
    found = mean_intervals(values, seed=3, resamples=200)
    slack = 1e-9 * (1 + np.abs(values).max())
    assert (found[:, 0] >= values.min(axis=0) - slack).all()
    assert (found[:, 1] <= values.max(axis=0) + slack).all()
    np.testing.assert_allclose(found[:1], mean_intervals(values[:, :1], seed=3, resamples=200), atol=slack)
    np.testing.assert_allclose(-found[:, ::-1], mean_intervals(-values, seed=3, resamples=200), atol=slack)


def test_many_samples_are_resampled_in_parts() -> None:
    values = np.random.default_rng(4).normal(size=(4, 300))
    found = mean_intervals(values, seed=0, resamples=100)
    np.testing.assert_allclose(found[280:], mean_intervals(values[:, 280:], seed=0, resamples=100), atol=1e-12)


def test_equal_values_give_a_point_and_one_value_nothing() -> None:
    np.testing.assert_array_equal(mean_intervals(np.full((7, 2), 0.1), seed=0), np.full((2, 2), np.full(7, 0.1).mean()))
    np.testing.assert_array_equal(mean_intervals(np.ones((1, 2)), seed=0), [[-np.inf, np.inf]] * 2)


def test_ratio_of_equal_counts_is_students_interval_of_the_mean() -> None:
    values = np.random.default_rng(5).normal(2.0, 3.0, size=(7, 3))
    expected = student.interval(0.95, 6, loc=values.mean(axis=0), scale=values.std(axis=0, ddof=1) / np.sqrt(7))
    np.testing.assert_allclose(ratio_intervals(values, np.ones(7)).T, expected)
    # Two values a unit instead of one: half of the sums.
    np.testing.assert_allclose(ratio_intervals(values, np.full(7, 2.0)).T, np.array(expected) / 2)


def test_ratio_by_hand() -> None:
    # Sums 1, 2 and 9 of 1, 2 and 3 values: ratio 2; residuals -1, -2, 3; error sqrt(3/2 * 14) / 6; Student's 4.302653.
    half = 4.302653 * np.sqrt(21.0) / 6
    found = ratio_intervals(np.array([[1.0], [2.0], [9.0]]), np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(found, [[2 - half, 2 + half]], rtol=1e-6)


def test_units_weigh_as_many_values_as_they_have() -> None:
    # Sums that are all 2 a value leave nothing to vary.
    np.testing.assert_allclose(ratio_intervals(np.array([[6.0], [2.0]]), np.array([3.0, 1.0])), [[2.0, 2.0]])


@pytest.mark.parametrize(
    ("counts", "between", "expected"),
    [
        ([1, 1, 1, 1], 0.0, 0.95), ([1, 1, 1, 1], 1.0, 0.95), ([1, 2, 3, 3], 0.0, 0.944), ([1, 2, 3, 3], 1.0, 0.934),
        ([1] * 12, 0.0, 0.95), ([1] * 12, 1.0, 0.95), ([1, 2, 3] * 4, 0.0, 0.946), ([1, 2, 3] * 4, 1.0, 0.940),
    ],
)  # fmt: skip
def test_coverage_of_the_interval_over_tasks(counts: list[int], between: float, expected: float) -> None:
    # 20,000 studies of normal values, a mean of 20 seeds for each task and size: standard error of the share at most
    # 0.0018; seed 6.
    generator = np.random.default_rng(6)
    m = np.array(counts, float)[:, None]
    tasks = between * generator.normal(size=(len(m), 20_000))
    sums = m * tasks + np.sqrt(m / 20) * generator.normal(size=(len(m), 20_000))
    ends = ratio_intervals(sums, m[:, 0])
    covered = np.mean((ends[:, 0] <= 0) & (ends[:, 1] >= 0))
    assert abs(covered - expected) < 3 * 0.0018
