"""How much is tried, by the size of the data."""

from typing import Any

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.config import RunConfig, configured
from hyperborn.config.definitions import definition_of
from hyperborn.selection.budget import EFFORTS, FEWEST_ROWS, Plan, planned
from hyperborn.selection.candidates import candidates_of
from hyperborn.training.definition import Definition


def definitions(rows: int, features: int, **given: Any) -> list[Definition]:
    x = np.zeros((rows, features))
    x[:, :] = np.arange(rows)[:, None] % 7
    data = hb.data.from_arrays(x, np.arange(rows) % 2, validation=0.0, test=0.0)
    config = configured(RunConfig, None, {"data": "iris"} | given)
    return [definition_of(candidate.config, data, "elbo") for candidate in candidates_of(config, data)]


def plan(rows: int, features: int, effort: str = "normal", held_out: int = 0) -> Plan:
    return planned(definitions(rows, features, effort=effort), rows, held_out, EFFORTS[effort])


def test_small_tables_have_all_folds_for_every_candidate() -> None:
    found = plan(100, 4)
    assert found.rounds == (7,) * 5
    assert (found.parts, found.share) == (5, 1)


def test_larger_ones_give_candidates_up_then_hold_one_part_out() -> None:
    assert plan(600, 30).rounds == (6, 6, 3, 3, 3)
    assert plan(900, 45).rounds == (6, 3, 3, 3, 3)
    assert plan(5000, 60).rounds == (6,)
    assert plan(5000, 60).parts == 5


@pytest.mark.parametrize(("rows", "features"), [(24, 10), (200, 60), (1000, 60), (2000, 30), (5000, 60)])
def test_ordinary_tables_take_20_seconds_at_most(rows: int, features: int) -> None:
    assert plan(rows, features).seconds < 20
    assert plan(rows, features, "quick").seconds < plan(rows, features).seconds


def test_large_data_are_looked_at_in_part() -> None:
    found = plan(60_000, 784)
    assert found.share == 60_000 // FEWEST_ROWS
    assert 2 <= found.candidates < 6
    assert found.rounds == (found.candidates,)


def test_a_validation_split_is_the_only_round() -> None:
    found = plan(100, 4, held_out=25)
    assert (found.rounds, found.parts) == ((7,), 1)


def test_few_examples_make_few_folds() -> None:
    assert plan(6, 4).parts == 3
    assert plan(4, 4, "thorough").parts == 2
