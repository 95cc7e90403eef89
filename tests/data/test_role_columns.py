"""Columns by which rows are split or weighed."""

import numpy as np
import pytest

from hyperborn.data.role_columns import NO_ROLES, RoleColumns
from hyperborn.data.tables import Table

TABLE = Table({"a": [1.0, 2.0, 3.0], "who": ["x", "y", "x"], "day": ["2024-01-02", "2024-01-01", "2024-02-01"]}, "t")


def test_values_of_the_rows() -> None:
    assert NO_ROLES.of(TABLE) == (None, None, None, ())
    found = RoleColumns("who", None, "a").of(TABLE)
    assert found.groups is not None
    assert found.groups.tolist() == [0, 1, 0]
    np.testing.assert_array_equal(found.weights, [1, 2, 3])
    time = RoleColumns(time="day").of(TABLE).time
    assert time is not None
    assert np.argsort(time).tolist() == [1, 0, 2]


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        (RoleColumns("who", "day"), ["by group or by time", "--group, --time"]),
        (RoleColumns("whom"), ["t has no column 'whom' to split by, the nearest is 'who'"]),
        (RoleColumns(time="who"), ["row 1", "'x'"]),
    ],
)
def test_faults(refused, roles: RoleColumns, said: list[str]) -> None:
    with refused(*said):
        roles.of(TABLE)
    with refused("weight_column names 'a', a feature", "--weight-column"):
        RoleColumns(weight="a").check(["a"], "a feature")
