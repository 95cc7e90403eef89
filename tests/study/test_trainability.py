"""Spread of restarts, and the shares at the optimum and at the best restart, against plain arithmetic."""

import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.stats import Estimate
from hyperborn.study.trainability import trainability


def row(seed: int, losses: list[float] | None, optimum: float | None = None, **other: Any) -> dict[str, Any]:
    return {"task": "iris", "size": 40, "seed": seed, "method": "a", "losses": losses, "optimum": optimum} | other


def test_spread_and_share_by_hand() -> None:
    # Spreads 1, 2 and 3; shares 1/3, 2/3 and 1/3, of which the last ends just above the limit of 0.001 nats.
    rows = [
        row(0, [5.0, 6.0, 7.0], 5.0),
        row(1, [5.0005, 5.0009, 5.0007 + 12**0.5], 5.0),
        row(2, [5.0, 5.0011, 8.0], 5.0),
    ]
    (found,) = trainability(rows)
    assert (found.task, found.size, found.method, found.seeds) == ("iris", 40, "a", 3)
    assert found.arrived is not None
    assert found.spread is not None
    assert found.arrived.mean == pytest.approx(4 / 9)
    assert found.arrived.standard_error == pytest.approx(1 / 9)
    spreads = [statistics.stdev(one["losses"]) for one in rows]
    assert spreads[1] == pytest.approx(2.0, abs=1e-3)
    assert found.spread.mean == pytest.approx(sum(spreads) / 3)
    assert found.spread.standard_error == pytest.approx(statistics.stdev(spreads) / 3**0.5)


@given(st.lists(st.lists(st.floats(0, 100), min_size=2, max_size=5), min_size=2, max_size=6))
def test_each_seed_counts_once(fits: list[list[float]]) -> None:
    (found,) = trainability([row(seed, [*losses], 50.0) for seed, losses in enumerate(fits)])
    shares = [sum(loss <= 50.0 + 1e-3 for loss in losses) / len(losses) for losses in fits]
    assert found.arrived is not None
    assert found.spread is not None
    assert found.arrived.mean == pytest.approx(statistics.fmean(shares))
    assert found.arrived.standard_error == pytest.approx(statistics.stdev(shares) / len(shares) ** 0.5)
    spreads = [statistics.stdev(losses) for losses in fits]
    assert found.spread.mean == pytest.approx(statistics.fmean(spreads), abs=1e-9)


def test_what_is_unknown_is_none() -> None:
    (found,) = trainability([row(0, [5.0])])
    assert (found.spread, found.arrived, found.agreeing, found.seeds) == (None, None, None, 1)
    assert trainability([row(0, None), row(1, [])]) == []
    # One seed has no error, and a fit whose optimum is not known is in no share.
    (found,) = trainability([row(0, [5.0, 7.0], 5.0), row(1, [4.0])])
    assert found.arrived == Estimate(0.5, None, 1)
    assert found.spread is not None
    assert (found.spread.mean, found.spread.standard_error) == (pytest.approx(2**0.5), None)


def test_restarts_agree_with_the_best_of_their_own_fit() -> None:
    # Shares 2/3, 1 and 1/2; each fit has its own minimum, far from the optimum, and the lone restart is in no share.
    rows = [row(0, [5.0, 5.0009, 5.0011], 1.0), row(1, [7.0, 7.0]), row(2, [9.0, 8.0]), row(3, [6.0])]
    (found,) = trainability(rows)
    assert found.agreeing is not None
    assert found.agreeing.mean == pytest.approx((2 / 3 + 1 + 1 / 2) / 3)
    assert found.agreeing.standard_error == pytest.approx(statistics.stdev([2 / 3, 1, 1 / 2]) / 3**0.5)
    assert (found.agreeing.n, found.seeds) == (3, 4)
    assert found.arrived == Estimate(0.0, None, 1)


def test_order_is_that_of_methods_tasks_and_sizes() -> None:
    rows = [
        row(0, [1.0], task=task, size=size, method=method)
        for task in ("wine", "iris")
        for size in (80, 40)
        for method in ("b", "a")
    ]
    assert [(one.method, one.task, one.size) for one in trainability(rows)] == [
        (method, task, size) for method in ("b", "a") for task in ("wine", "iris") for size in (40, 80)
    ]
