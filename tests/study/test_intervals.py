"""Bootstrap intervals: their coverage by simulation, and the edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hyperborn.study.intervals import clustered_intervals, expanded_tail, mean_intervals

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
    np.testing.assert_array_equal(clustered_intervals([np.ones((1, 1))], [1], seed=0), [[-np.inf, np.inf]])
    np.testing.assert_allclose(clustered_intervals([np.ones((3, 1))] * 2, [1, 1], seed=0), [[1.0, 1.0]])


def test_clusters_are_resampled_and_units_in_each() -> None:
    """The variance of the mean under both stages, in closed form, against that of a normal approximation's width."""
    generator = np.random.default_rng(5)
    clusters = [generator.normal(place % 3, 1.0, size=(8, 1)) for place in range(30)]
    means = np.array([cluster.mean() for cluster in clusters])
    within = np.mean([cluster.var() / 8 for cluster in clusters])
    expected = np.sqrt((means.var() + within) / 30)
    ((low, high),) = clustered_intervals(clusters, [1] * 30, seed=0, resamples=20_000)
    # Ends of 20,000 resamples have standard errors of 1.9 % of a standard deviation each, their gap of 0.7 % of itself.
    assert (high - low) / (2 * 1.96) == pytest.approx(expected, rel=0.03)
    assert (high + low) / 2 == pytest.approx(means.mean(), abs=0.1 * expected)


def test_clusters_weigh_as_many_cells_as_they_have() -> None:
    # A sum over 3 cells of 2 each, and one cell of 2: whichever clusters are drawn, the mean over cells is 2.
    found = clustered_intervals([np.full((4, 1), 6.0), np.full((5, 1), 2.0)], [3, 1], seed=0, resamples=500)
    np.testing.assert_allclose(found, [[2.0, 2.0]])


@pytest.mark.parametrize(("spread", "expected"), [(0.0, 0.983), (1.0, 0.935)])
def test_coverage_of_the_pooled_interval_with_twelve_tasks(spread: float, expected: float) -> None:
    # 400 studies as columns, one mean each; standard error of the share at most 0.0125; seed 6.
    generator = np.random.default_rng(6)
    clusters = [spread * generator.normal(size=(1, 400)) + generator.normal(size=(20, 400)) for _ in range(12)]
    ends = clustered_intervals(clusters, [1] * 12, seed=0, resamples=2000)
    covered = np.mean((ends[:, 0] <= 0) & (ends[:, 1] >= 0))
    assert abs(covered - expected) < 3 * 0.0125
