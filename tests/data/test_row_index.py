"""Columns that number or name the rows."""

import numpy as np
import pytest

from hyperborn.data.row_index import are_row_numbers
from hyperborn.data.tables import read_table


@pytest.mark.parametrize("rows", ["0,5\n1,6\n", "17,5\n3,6\n", "Mazda,5\nFiat,6\n", "0,5\n1,6\n2,5\n0,6\n1,7\n"])
@pytest.mark.parametrize("name", ["", '""', "Unnamed: 0", "Unnamed: 0.1"])
def test_an_index_is_left_out_and_said(written, name: str, rows: str) -> None:
    table = read_table(written(f"{name},a\n{rows}"))
    assert list(table.columns) == ["a"]
    assert list(table.left_out.values()) == ["an index without a name"]


@pytest.mark.parametrize("rows", ["0,5\n0,6\n", "x,5\nx,6\n", ",5\n1,6\n", "0,5\n1,6\n0,5\n1,6\n5,5\n"])
def test_a_column_without_a_name_that_tells_rows_together_is_kept(written, rows: str) -> None:
    table = read_table(written(f",a\n{rows}"))
    assert list(table.columns) == ["Unnamed: 0", "a"]
    assert not table.left_out


def test_only_the_first_place_or_the_name_makes_an_index(written) -> None:
    assert list(read_table(written("a,,b\n1,7,2\n3,8,4\n")).columns) == ["a", "Unnamed: 1", "b"]
    assert list(read_table(written("a,Unnamed: 0\n1,0\n2,1\n")).columns) == ["a"]


def test_a_column_that_is_asked_for_is_no_index(written) -> None:
    path = written(",a\nx,1\ny,2\n")
    for options in ({"only": ["Unnamed: 0"]}, {"text": ["Unnamed: 0"]}):
        table = read_table(path, **options)
        assert table.columns["Unnamed: 0"].tolist() == ["x", "y"]
        assert not table.left_out
    dropped = read_table(path, drop=["Unnamed: 0"])
    assert list(dropped.columns) == ["a"]
    assert dropped.left_out == {"Unnamed: 0": "dropped"}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 1, 2], True),
        ([5, 3, 9], True),
        ([0, 1, 2, 0, 1], True),
        ([0, 1, 0, 1, 0, 1], True),
        ([1, 1, 1], False),
        ([0, 1, 1, 0], False),
        ([0, 1, np.nan], False),
    ],
)
def test_numbers(values: list[float], expected: bool) -> None:
    assert are_row_numbers(np.asarray(values, dtype=np.float64)) is expected
