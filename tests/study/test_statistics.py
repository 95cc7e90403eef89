"""Differences to a reference and what they add up to, against plain arithmetic."""

import statistics
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.errors import UserError
from hyperborn.stats import Estimate
from hyperborn.study.intervals import expanded_tail, mean_intervals
from hyperborn.study.statistics import Difference, differences, outcomes

BASE = [0.80, 0.82, 0.84, 0.86, 0.88, 0.90]


def rows_of(values: dict[tuple[str, int, str], list[float]], metric: str = "accuracy") -> list[dict[str, Any]]:
    """A row for each value, whose place is its seed."""
    return [
        {"part": "small", "task": task, "size": size, "seed": seed, "method": method, metric: value}
        for (task, size, method), own in values.items()
        for seed, value in enumerate(own)
    ]


def shifted(shifts: list[float]) -> list[float]:
    return [value + shift for value, shift in zip(BASE, shifts, strict=True)]


def test_known_differences() -> None:
    shifts = [0.01, 0.02, 0.03, 0.04, 0.05, 0.09]
    rows = rows_of({("iris", 40, "exact"): BASE, ("iris", 40, "quantum"): shifted(shifts)})
    (found,) = differences(rows, "accuracy", "exact")
    assert (found.method, found.reference, found.metric, found.task, found.size) == (
        "quantum", "exact", "accuracy", "iris", 40,
    )  # fmt: skip
    assert found.seeds == (0, 1, 2, 3, 4, 5)
    assert found.values == pytest.approx(shifts)
    assert found.estimate.mean == pytest.approx(0.04)
    assert found.estimate.standard_error == pytest.approx(statistics.stdev(shifts) / 6**0.5)
    ((low, high),) = mean_intervals(np.array(shifts)[:, None], seed=0)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)
    # All six of one sign: 2 of 2^6 assignments of signs; a family of one is not corrected.
    assert (found.p, found.corrected_p, found.verdict) == (2 / 64, 2 / 64, "win")


def test_only_seeds_that_both_have() -> None:
    rows = rows_of({("iris", 40, "exact"): BASE, ("iris", 40, "quantum"): shifted([0.01] * 6)})
    rows = [row for row in rows if (row["method"], row["seed"]) not in {("exact", 0), ("quantum", 3)}]
    rows[-1]["accuracy"] = None
    # The order of the rows does not pair them.
    (found,) = differences(rows[::-1], "accuracy", "exact")
    assert found.seeds == (1, 2, 4)
    assert found.values == pytest.approx([0.01] * 3)


def test_cells_without_a_common_seed_are_left_out() -> None:
    rows = rows_of({("iris", 40, "exact"): BASE, ("iris", 40, "quantum"): BASE, ("wine", 40, "quantum"): BASE})
    assert [(one.task, one.size) for one in differences(rows, "accuracy", "exact")] == [("iris", 40)]
    assert differences(rows[:6], "accuracy", "exact") == []
    assert outcomes([]) == []


def test_order_is_that_of_methods_tasks_and_sizes() -> None:
    keys = [(task, size, method) for task in ("wine", "iris") for size in (80, 40) for method in ("b", "ref", "a")]
    found = differences(rows_of(dict.fromkeys(keys, BASE)), "accuracy", "ref", resamples=10)
    assert [(one.method, one.task, one.size) for one in found] == [
        (method, task, size) for method in ("b", "a") for task in ("wine", "iris") for size in (40, 80)
    ]


def test_equal_methods_tie_and_equal_differences_are_a_point() -> None:
    half = [0.5] * 6
    rows = rows_of({("iris", 40, "ref"): half, ("iris", 40, "same"): half, ("iris", 40, "above"): [0.75] * 6})
    same, above = differences(rows, "accuracy", "ref")
    assert (same.estimate.mean, same.low, same.high, same.p, same.corrected_p, same.verdict) == (0, 0, 0, 1, 1, "tie")
    assert (above.estimate.mean, above.low, above.high, above.verdict) == (0.25, 0.25, 0.25, "win")
    pooled = outcomes([above])[0]
    assert (pooled.mean, pooled.low, pooled.high, pooled.tasks) == (0.25, 0.25, 0.25, 1)


def test_a_single_seed_says_nothing_of_its_error() -> None:
    rows = rows_of({("iris", 40, "ref"): [0.5], ("iris", 40, "above"): [0.75]})
    (found,) = differences(rows, "accuracy", "ref")
    assert (found.estimate, found.low, found.high) == (Estimate(0.25, None, 1), -np.inf, np.inf)
    assert (found.p, found.verdict) == (1.0, "tie")
    assert outcomes([found])[0].low == -np.inf


def test_the_family_is_all_tasks_and_sizes_of_one_method() -> None:
    up, mixed = shifted([0.01, 0.02, 0.03, 0.04, 0.05, 0.06]), shifted([0.01, -0.02, 0.03, -0.04, 0.05, -0.06])
    rows = rows_of(
        {
            ("iris", 40, "ref"): BASE, ("iris", 80, "ref"): BASE, ("wine", 40, "ref"): BASE,
            ("iris", 40, "a"): up, ("iris", 80, "a"): up, ("wine", 40, "a"): mixed, ("iris", 40, "b"): up,
        }
    )  # fmt: skip
    found = differences(rows, "accuracy", "ref", resamples=10)
    p = {(one.method, one.task, one.size): (one.p, one.corrected_p) for one in found}
    # By hand: 1/32 twice and p of the mixed one, times 3, 2 and 1 in that order.
    assert p["a", "iris", 40] == p["a", "iris", 80] == pytest.approx((1 / 32, 3 / 32))
    mixed_p = p["a", "wine", 40][0]
    assert p["a", "wine", 40] == pytest.approx((mixed_p, mixed_p))
    assert mixed_p > 3 / 32
    assert p["b", "iris", 40] == pytest.approx((1 / 32, 1 / 32))


@pytest.mark.parametrize(
    ("metric", "verdict"),
    [("accuracy", "win"), ("nll", "loss"), ("brier", "loss"), ("ece", "loss"), ("loss", "loss"), ("gap", "loss")],
)
def test_more_is_better_for_accuracy_only(metric: str, verdict: str) -> None:
    rows = rows_of({("iris", 40, "ref"): BASE, ("iris", 40, "above"): shifted([0.01] * 6)}, metric)
    found = {one.method: one.verdict for one in differences(rows, metric, "ref", resamples=10)}
    back = {one.method: one.verdict for one in differences(rows, metric, "above", resamples=10)}
    assert (found, back) == ({"above": verdict}, {"ref": "loss" if verdict == "win" else "win"})


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=8))
def test_swapping_method_and_reference_changes_the_sign_and_nothing_else(pairs: list[tuple[int, int]]) -> None:
    rows = rows_of({("iris", 40, "a"): [a / 50 for a, _ in pairs], ("iris", 40, "b"): [b / 50 for _, b in pairs]})
    (one,), (other,) = (differences(rows, "accuracy", name, resamples=50) for name in ("a", "b"))
    assert one.values == tuple(-value for value in other.values)
    assert one.estimate.mean == -other.estimate.mean
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-12)
    assert (one.p, one.corrected_p) == (other.p, other.corrected_p)
    opposite = {"win": "loss", "loss": "win", "tie": "tie"}
    assert one.verdict == opposite[other.verdict]
    pooled, back = outcomes([one], resamples=50)[0], outcomes([other], resamples=50)[0]
    assert (pooled.mean, pooled.low, pooled.high) == pytest.approx((-back.mean, -back.high, -back.low), abs=1e-12)
    assert (pooled.wins, pooled.ties, pooled.losses) == (back.losses, back.ties, back.wins)


def difference(task: str, size: int, values: list[float], corrected_p: float = 1.0, method: str = "a") -> Difference:
    seeds = tuple(range(len(values)))
    own = Estimate.of(np.array(values))
    return Difference(method, "ref", "nll", task, size, seeds, tuple(values), own, 0.0, 0.0, 0.0, corrected_p)


def test_where_mean_and_rank_sum_disagree_is_a_tie() -> None:
    # Lower is better: 19 of 20 seeds are a little better and one is far worse, which makes the mean worse.
    far = [-0.05] * 19 + [2.0]
    for sign in (1.0, -1.0):
        values = [sign * value for value in far]
        rows = rows_of({("iris", 40, "ref"): [1.0] * 20, ("iris", 40, "a"): [1.0 + value for value in values]}, "nll")
        (found,) = differences(rows, "nll", "ref", resamples=10)
        assert found.corrected_p < 0.002
        assert found.estimate.mean == pytest.approx(sign * 0.0525)
        assert found.verdict == "tie"
    # Less far, mean and ranks agree.
    assert difference("iris", 40, [-0.05] * 19 + [0.9], 0.001).verdict == "win"
    assert difference("iris", 40, [0.05] * 19 + [-0.9], 0.001).verdict == "loss"


def test_wins_ties_and_losses_are_counted_and_tasks_and_sizes_pooled_alike() -> None:
    found = [
        difference("iris", 40, [-0.3, -0.1], 0.01), difference("iris", 80, [0.1, 0.3], 0.049),
        difference("wine", 40, [-0.5, -0.7], 0.05), difference("digits", 40, [-0.3, -0.5], 0.001),
    ]  # fmt: skip
    (pooled,) = outcomes(found)
    assert (pooled.wins, pooled.ties, pooled.losses, pooled.tasks) == (2, 1, 1, 3)
    # Not the mean of the tasks' means, which would be -1/3.
    assert pooled.mean == pytest.approx((-0.2 + 0.2 - 0.6 - 0.4) / 4)
    # Residuals of the tasks' sums 0, -0.6 and -0.4 from 2, 1 and 1 times the mean; Student's 4.302653.
    half = 4.302653 * (3 / 2 * (0.5**2 + 0.35**2 + 0.15**2)) ** 0.5 / 4
    assert (pooled.low, pooled.high) == pytest.approx((-0.25 - half, -0.25 + half), rel=1e-6)
    # Two seeds a task and size.
    assert pooled.too_few_seeds


def test_seeds_do_not_narrow_an_interval_over_tasks() -> None:
    once = [difference("iris", 40, [1.0]), difference("wine", 40, [3.0])]
    often = [difference("iris", 40, [1.0] * 20), difference("wine", 40, [3.0] * 20)]
    (one,), (other,) = outcomes(once), outcomes(often)
    # Student's quantile of one degree of freedom is 12.7062; the means' standard error 1.
    assert (one.low, one.high) == pytest.approx((2 - 12.7062, 2 + 12.7062), rel=1e-5)
    assert (other.low, other.high) == pytest.approx((one.low, one.high))
    assert (one.too_few_seeds, other.too_few_seeds) == (True, False)


def test_interval_of_one_task_is_that_of_its_seeds() -> None:
    values = np.random.default_rng(7).normal(size=(6, 2))
    found = [difference("iris", size, values[:, size].tolist()) for size in (0, 1)]
    (pooled,) = outcomes(found, seed=3)
    # The two sizes of a seed stay together.
    ((low, high),) = mean_intervals(values.mean(axis=1)[:, None], seed=3)
    assert (pooled.low, pooled.high) == pytest.approx((low, high), abs=1e-12)
    assert pooled.mean == pytest.approx(values.mean())


def test_a_seed_that_one_size_lacks_keeps_the_mean_and_widens_the_interval() -> None:
    values = np.random.default_rng(8).normal(size=(16, 2))
    whole = [difference("iris", size, values[:, size].tolist()) for size in (0, 1)]
    less = [whole[0], difference("iris", 1, values[:4, 1].tolist())]
    (full,), (partial,) = outcomes(whole), outcomes(less)
    assert partial.mean == pytest.approx((values[:, 0].mean() + values[:4, 1].mean()) / 2)
    assert partial.low < partial.mean < partial.high
    # The variance of the mean goes from (1/16 + 1/16) / 4 to (1/16 + 1/4) / 4, give or take these values.
    assert partial.high - partial.low > 1.2 * (full.high - full.low)


def test_seeds_that_are_there_count_for_those_that_lack() -> None:
    # One size has 64 equal differences, the other 16 that vary: half of the latter's mean is all that varies.
    own = np.random.default_rng(9).normal(size=16)
    found = [difference("iris", 40, [0.0] * 64), difference("iris", 80, own.tolist())]
    (pooled,) = outcomes(found, resamples=20_000)
    reach = -statistics.NormalDist().inv_cdf(expanded_tail(64))
    assert (pooled.high - pooled.low) / (2 * reach) == pytest.approx(own.std() / np.sqrt(16) / 2, rel=0.05)


def test_methods_are_pooled_over_the_tasks_they_have() -> None:
    found = [difference("iris", 40, [1.0, 2.0]), difference("iris", 40, [3.0, 4.0], method="b")]
    found += [difference("wine", 40, [5.0, 6.0], method="b")]
    together = outcomes(found, resamples=500)
    assert [(one.method, one.tasks, one.mean) for one in together] == [("a", 1, 1.5), ("b", 2, 4.5)]
    # A method's interval does not look at the others.
    assert together == [*outcomes(found[:1], resamples=500), *outcomes(found[1:], resamples=500)]


def test_the_same_seed_gives_the_same_numbers_and_another_seed_does_not() -> None:
    rows = rows_of({("iris", 40, "ref"): BASE, ("iris", 40, "a"): BASE[::-1]})
    assert differences(rows, "accuracy", "ref") == differences(rows, "accuracy", "ref")
    assert differences(rows, "accuracy", "ref") != differences(rows, "accuracy", "ref", seed=1)


def test_what_cannot_be_compared_is_the_users_error() -> None:
    rows = rows_of({("iris", 40, "a"): BASE, ("iris", 40, "b"): BASE})
    with pytest.raises(UserError, match=r"^reference='c' has no accuracy .* methods that have it: a, b$"):
        differences(rows, "accuracy", "c")
    with pytest.raises(UserError, match=r"^reference='a' has no nll .*: none$"):
        differences(rows, "nll", "a")
    with pytest.raises(UserError, match=r"^accuracy of method 'a' on task 'iris', size 40, seed 0 is given twice"):
        differences([*rows, rows[0]], "accuracy", "a")
    for value in (float("nan"), float("inf"), "0.9"):
        with pytest.raises(UserError, match=r"^accuracy=.* of method 'b' on task 'iris', size 40, seed 9 is no finite"):
            differences([*rows, {**rows[-1], "seed": 9, "accuracy": value}], "accuracy", "a")
