"""Permutation importance against plain loops over pairs of examples, and its intervals over many data sets."""

import json
from dataclasses import replace

import numpy as np
import pytest

from hyperborn.errors import UserError
from hyperborn.predictive import importance as module
from hyperborn.predictive.importance import (
    FeatureImportance,
    PairScores,
    Score,
    givers_of,
    mean_over_pairs,
    permutation_importance,
)

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(9, 5))
Y = RANDOM.normal(size=9)
WEIGHTS = RANDOM.uniform(0.5, 3.0, size=9)
GROUPS = [slice(0, 2), slice(2, 3), slice(3, 5)]


def losses(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Of a prediction that mixes the features, does not take the third, and has a factor in it."""
    return np.abs(y - x[:, 0] * x[:, 1] - 0.5 * x[:, 3] + x[:, 4] ** 2)


def scorer(y: np.ndarray) -> Score:
    def score(x: np.ndarray, places: np.ndarray) -> PairScores:
        own = losses(x, y[places])
        return PairScores(own, own**2, np.stack([own, 3 * own, np.sqrt(own)]))

    return score


def pairs_by_loop(group: slice) -> np.ndarray:
    """What each example loses with the features of each other one, (taker, giver)."""
    found = np.zeros((len(X), len(X)))
    for taker in range(len(X)):
        for giver in range(len(X)):
            row = X[taker].copy()
            row[group] = X[giver, group]
            found[taker, giver] = losses(row[None], Y[taker : taker + 1])[0]
    return found - np.diag(found)[:, None]


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["alike", "weighted"])
def test_with_all_repeats_it_is_the_mean_over_all_pairs_and_its_error_that_of_dyads(weights: np.ndarray | None) -> None:
    found = permutation_importance(X, GROUPS, scorer(Y), weights=weights, repeats=100)
    times = np.ones(len(X)) if weights is None else weights
    for place, group in enumerate(GROUPS):
        lost = pairs_by_loop(group)
        pairs = [(i, j) for i in range(len(X)) for j in range(len(X)) if i != j]
        total = sum(times[i] * times[j] for i, j in pairs)
        mean = sum(times[i] * times[j] * lost[i, j] for i, j in pairs) / total
        residual = {(i, j): times[i] * times[j] * (lost[i, j] - mean) for i, j in pairs}
        shared = sum(residual[one] * residual[other] * len(set(one) & set(other)) for one in pairs for other in pairs)
        alone = sum(value**2 for value in residual.values())
        variance = max(len(X) / (len(X) - 1) * shared - alone, alone)
        assert found.nll[place] == pytest.approx(mean, abs=1e-12)
        assert found.nll_error[place] == pytest.approx(np.sqrt(variance) / total, abs=1e-12)
        assert found.alone[place, :2] == pytest.approx([mean, 3 * mean], abs=1e-12)
    # The third feature, which is the second group, is not taken.
    assert (found.nll[1], found.nll_error[1], found.fault[1]) == (0, 0, 0)


@pytest.mark.parametrize(("examples", "repeats"), [(2, 1), (5, 3), (5, 4), (5, 50), (40, 5)])
def test_nobody_gives_itself_and_no_pair_comes_twice(examples: int, repeats: int) -> None:
    givers = givers_of(examples, repeats, seed=1)
    assert givers.shape == (min(repeats, examples - 1), examples)
    assert (np.sort(givers, axis=1) == np.arange(examples)).all()
    pairs = {(taker, giver) for row in givers.tolist() for taker, giver in enumerate(row)}
    assert len(pairs) == givers.size
    assert all(taker != giver for taker, giver in pairs)


def test_it_follows_from_the_seed_and_not_from_the_size_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    first = permutation_importance(X, GROUPS, scorer(Y), repeats=3, seed=5)
    again = permutation_importance(X, GROUPS, scorer(Y), repeats=3, seed=5)
    other = permutation_importance(X, GROUPS, scorer(Y), repeats=3, seed=6)
    assert all((one == two).all() for one, two in zip(first, again, strict=True))
    assert (first.nll != other.nll)[[0, 2]].all()
    most = []

    def counted(x: np.ndarray, places: np.ndarray) -> PairScores:
        most.append(len(x))
        return scorer(Y)(x, places)

    monkeypatch.setattr(module, "ROWS", 4)
    in_parts = permutation_importance(X, GROUPS, counted, repeats=3, seed=5)
    for one, two in zip(first, in_parts, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-13)
    assert max(most) == 4
    assert len(most) == 3 + 3 * 7


def test_features_of_a_column_are_permuted_together() -> None:
    hot = np.eye(3)[RANDOM.integers(3, size=20)]
    x = np.column_stack([RANDOM.normal(size=20), hot])
    seen = []

    def score(x: np.ndarray, _: np.ndarray) -> PairScores:
        seen.append(x)
        return PairScores(x[:, 0], x[:, 0], np.zeros((1, len(x))))

    permutation_importance(x, [slice(0, 1), slice(1, 4)], score)
    rows = np.concatenate(seen)
    assert len(rows) == 20 + 2 * 5 * 20
    assert (rows[:, 1:].sum(axis=1) == 1).all()
    known = {tuple(row) for row in x.tolist()}
    assert not all(tuple(row) in known for row in rows.tolist())


def test_examples_of_weight_zero_are_as_those_that_are_not_there() -> None:
    weights = WEIGHTS.copy()
    weights[[2, 7]] = 0
    kept = weights > 0
    found = permutation_importance(X, GROUPS, scorer(Y), weights=weights, seed=2)
    without = permutation_importance(X[kept], GROUPS, scorer(Y[kept]), weights=weights[kept], seed=2)
    for one, two in zip(found, without, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-13)


def test_intervals_hold_the_importance_of_the_population_as_often_as_they_say() -> None:
    """y = x_0 + noise is predicted by a·x_0 + b·x_1: on average the squared error rises by 2a, and by 0 for x_1."""
    a, b, examples, sets = 0.8, 0.6, 60, 600
    random = np.random.default_rng(0)
    means, errors = np.empty((2, sets, 2))
    for place in range(sets):
        x = random.normal(size=(examples, 2))
        y = x[:, 0] + 0.5 * random.normal(size=examples)
        givers = givers_of(examples, 3, place)
        base = (y - x @ [a, b]) ** 2
        lost = np.stack(
            [
                (y - a * x[givers, 0] - b * x[:, 1]) ** 2 - base,
                (y - a * x[:, 0] - b * x[givers, 1]) ** 2 - base,
            ]
        )
        means[place], errors[place] = mean_over_pairs(lost, np.ones(givers.shape), givers)
    truth = np.array([2 * a, 0.0])
    np.testing.assert_array_less(np.abs(means.mean(axis=0) - truth), 4 * means.std(axis=0) / np.sqrt(sets))
    # The error of a standard deviation of 600 is 3 %; where x_1 is not needed, the error is the larger of two.
    ratio = errors.mean(axis=0) / means.std(axis=0)
    assert 0.9 < ratio[0] < 1.1
    assert 0.9 < ratio[1] < 1.3
    covered = (np.abs(means - truth) <= 2.0 * errors).mean(axis=0)
    assert (covered > 0.92).all()
    assert covered[0] < 0.98


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"weights": np.eye(9)[0]}, "1 examples cannot be permuted; give a split with two or more"),
        ({"repeats": 0}, "repeats=0 must be a whole number of at least 1"),
        ({"seed": -1}, "seed=-1 must be a whole number from 0 to"),
    ],
)
def test_what_cannot_be_permuted_is_said(given: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        permutation_importance(X, GROUPS, scorer(Y), **given)  # pyright: ignore[reportArgumentType]


def importance_of_three() -> FeatureImportance:
    return FeatureImportance(
        ("low", "$high$", "middle"), "test", 11, 4, 32, "r2",
        np.array([0.1, 0.5, 0.3]), np.array([0.1, 0.2, 0.0]), np.array([0.2, np.nan, 0.4]), np.array([0.01, np.nan, 0]),
        np.array([0.0, 0.4, 0.2]), np.array([0.2, 0.6, 0.5]),
    )  # fmt: skip


def test_a_frame_and_a_record_have_the_most_important_column_first() -> None:
    found = importance_of_three()
    # Student's t of 10 degrees of freedom, from a table.
    assert found.reach == pytest.approx(2.228, abs=5e-4)
    frame = found.to_frame()
    assert frame.index.tolist() == ["$high$", "middle", "low"]
    assert frame["nll_increase"].tolist() == [0.5, 0.3, 0.1]
    np.testing.assert_allclose(frame["low"], [0.5 - 0.2 * found.reach, 0.3, 0.1 - 0.1 * found.reach])
    np.testing.assert_allclose(frame["r2_drop_high"], [np.nan, 0.4, 0.2 + 0.01 * found.reach])
    record = json.loads(json.dumps(found.to_record(), allow_nan=False))
    assert {name: record[name] for name in record if name != "columns"} == {
        "split": "test", "examples": 11, "repeats": 4, "networks": 32, "measure": "r2",
    }  # fmt: skip
    assert [row["name"] for row in record["columns"]] == ["$high$", "middle", "low"]
    assert record["columns"][0]["r2_drop"] is None
    assert record["columns"][1]["r2_drop"] == 0.4
    assert record["columns"][2]["high"] == pytest.approx(found.high[0])


def test_it_is_shown_as_a_table_with_the_most_important_column_first() -> None:
    lines = repr(importance_of_three()).splitlines()
    assert "11 examples of the test split is permuted, 4 times" in lines[0]
    assert [line.split()[0] for line in lines[3:]] == ["$high$", "middle", "low"]
    assert lines[3].split()[1] == "0.5000"
    shown = replace(importance_of_three(), columns=("<b>", "b", "c"))._repr_html_()
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown


def test_of_many_columns_the_most_important_ones_are_shown() -> None:
    many = np.arange(30.0)
    found = FeatureImportance(tuple(f"c{i}" for i in range(30)), "test", 11, 4, 32, "r2", *[many] * 6)
    for shown in (repr(found), found._repr_html_()):
        assert "c10" in shown
        assert "c9" not in shown
        assert "and 10 columns of less importance" in shown
