"""Columns of new data: whatever program wrote them, they are what training had."""

from typing import Any

import numpy as np
import pytest

from hyperborn.data import Column, Table
from hyperborn.data.columns import matrix
from hyperborn.data.labels import encoded
from hyperborn.data.surprises import surprises


def features(values: Any, column: Column, **known: Any) -> np.ndarray:
    table = Table({"c": np.asarray(values)}, **known)
    return matrix(table, [column], strict=True, imputed=True)


@pytest.mark.parametrize("names", [("False", "True"), ("FALSE", "TRUE"), ("false", "true"), ("0", "1")])
@pytest.mark.parametrize("values", [[True, False], ["TRUE", "FALSE"], ["true", "false"], ["True", "False"], [1, 0]])
def test_truth_values_are_the_same_however_they_are_written(names: tuple[str, str], values: list) -> None:
    np.testing.assert_array_equal(features(values, Column("c", names)), [[0, 1], [1, 0]])
    assert encoded(values, names).tolist() == [1, 0]
    assert surprises(Table({"c": np.asarray(values)}), [Column("c", names)]) == []


@pytest.mark.parametrize("values", [[True, False], ["TRUE", "FALSE"], ["true", "false"]])
def test_truth_values_in_a_column_of_numbers_are_one_and_zero(values: list) -> None:
    np.testing.assert_array_equal(features(values, Column("c")), [[1], [0]])


@pytest.mark.parametrize("names", [("0", "1", "True"), ("False", "True", "maybe"), ("1", "2"), ("TRUE", "True")])
def test_numbers_are_truth_values_only_where_all_categories_are(names: tuple[str, ...]) -> None:
    value = "0" if "0" not in names else "False"
    table = Table({"c": [value, value]})
    assert not matrix(table, [Column("c", names)], strict=False, imputed=True).any() or value in names


def test_known_categories_are_no_missing_values() -> None:
    """Of a test for blood the new rows may all be negative."""
    column = Column("c", ("+", "-"))
    np.testing.assert_array_equal(features(["-", "-"], column, known={"c": ("+", "-")}), [[0, 1], [0, 1]])
    for word in ("NA", "?", ".", "NULL", "none"):
        x = features([word, "a"], Column("c", (word, "a")), known={"c": (word, "a")})
        np.testing.assert_array_equal(x, [[1, 0], [0, 1]])
