"""Signed-rank p values and Holm's correction, against enumeration and worked examples."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wilcoxon

from hyperborn.study.significance import holm, least_p, signed_rank_p, signed_ranks

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12).map(np.array)
TIED = st.lists(st.integers(-4, 4), min_size=1, max_size=8)


def enumerated(values: list[int]) -> float:
    """Share of all assignments of signs whose rank sum lies as far from its mean as the one seen."""
    sizes = [abs(value) for value in values if value]
    ranks = [sum(other < size for other in sizes) + (sizes.count(size) + 1) / 2 for size in sizes]
    positive = [value > 0 for value in values if value]
    seen = abs(sum(rank for rank, sign in zip(ranks, positive, strict=True) if sign) - sum(ranks) / 2)
    sums = [
        sum(itertools.compress(ranks, signs)) - sum(ranks) / 2 for signs in itertools.product([0, 1], repeat=len(ranks))
    ]
    return sum(abs(one) >= seen - 1e-9 for one in sums) / len(sums)


@given(TIED)
def test_p_is_the_share_of_sign_assignments_as_extreme(values: list[int]) -> None:
    assert signed_rank_p(np.array(values, float)) == pytest.approx(enumerated(values), abs=1e-12)


@pytest.mark.parametrize("n", [5, 20, 40])
def test_p_is_that_of_scipy_without_ties(n: int) -> None:
    values = np.random.default_rng(n).normal(0.4, 1.0, n)
    assert signed_rank_p(values) == pytest.approx(wilcoxon(values, method="exact").pvalue, rel=1e-9)


def test_rounding_does_not_break_ties() -> None:
    # 0.3 - 0.2 and 0.1 differ in the last place; apart, ranks 1, 2, 3, 4 would give p = 2 (1 + 1) / 16.
    values = np.array([0.3 - 0.2, 0.1, 0.1, -(0.4 - 0.3)])
    assert len(set(np.abs(values))) > 1
    assert signed_rank_p(values) == pytest.approx(enumerated([1, 1, 1, -1]))


def test_signed_ranks_by_hand() -> None:
    # Sizes 0.1, 0.2 twice and 0.5 have ranks 1, 2.5, 2.5 and 4; the zero has none.
    assert signed_ranks(np.array([0.2, -0.1, 0.0, -0.5, 0.2])).tolist() == [5, -2, 0, -8, 5]
    assert signed_ranks(np.array([])).tolist() == []


@pytest.mark.parametrize("n", [1, 2, 6, 20])
def test_least_p_is_that_of_one_sign(n: int) -> None:
    assert signed_rank_p(np.arange(1.0, n + 1)) == pytest.approx(least_p(n), rel=1e-12)


def test_equal_methods_do_not_differ() -> None:
    assert signed_rank_p(np.zeros(20)) == 1.0
    assert signed_rank_p(np.full(20, 1e-15)) == 1.0


def test_holm_by_hand() -> None:
    # Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1 are 0.02, 0.03, 0.06, 0.04; the last must not fall below 0.06.
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.9, 0.6])).tolist() == [1.0, 1.0]
    assert holm(np.array([])).tolist() == []


@given(P_VALUES)
def test_holm_keeps_order_and_lies_between_none_and_bonferroni(p: np.ndarray) -> None:
    corrected = holm(p)
    assert (corrected >= p).all()
    assert (corrected <= np.minimum(len(p) * p, 1.0)).all()
    assert (np.diff(corrected[np.argsort(p, kind="stable")]) >= 0).all()
    assert corrected[p.argmin()] == min(1.0, len(p) * p.min())


@given(P_VALUES, st.randoms(use_true_random=False))
def test_holm_does_not_look_at_the_order(p: np.ndarray, random: object) -> None:
    order = np.array(random.sample(range(len(p)), len(p)))  # type: ignore[attr-defined]
    np.testing.assert_array_equal(holm(p[order]), holm(p)[order])


def test_holm_rejects_a_true_hypothesis_as_rarely_as_it_says() -> None:
    # 4,000 families of 5 true hypotheses and 3 false ones: standard error of the share 0.0034 at 0.05; seed 0.
    generator = np.random.default_rng(0)
    p = np.concatenate([generator.uniform(size=(4000, 5)), generator.uniform(0, 1e-4, size=(4000, 3))], axis=1)
    wrong = np.mean([(holm(family)[:5] < 0.05).any() for family in p])
    assert abs(wrong - 0.05) < 4 * 0.0034
