"""Columns of text, and what is said of them."""

import numpy as np
import pytest

from hyperborn.data.tables import Table


def notes(cells: list[str]) -> tuple[str, ...]:
    return Table({"age": cells}, "people.csv").notes


def test_a_nearly_numeric_column_stays_text() -> None:
    cells = [*map(str, range(8)), "unknown", "9", "old"]
    assert notes(cells) == ()
    assert Table({"age": cells}).columns["age"].tolist() == cells


@pytest.mark.parametrize(("one", "other"), [("12%", "13"), ("$5", "€5"), ("1.5", "1,5")])
def test_numbers_that_are_written_in_two_ways(one: str, other: str) -> None:
    (note,) = notes([one, other, one])
    assert note == f"age: text, for numbers are written in more than one way, such as {one!r} and {other!r}"


def test_usual_spellings_of_missing_values_are_not_said() -> None:
    assert notes(["NA", "", "NaN", "null", "1"]) == ()
    assert notes(["none", "-", "1"]) == ("missing values: '-' (age), 'none' (age)",)


def test_columns_of_text_stay_what_they_are_in_part_of_the_rows() -> None:
    table = Table({"age": ["1", "x", "2"]}).rows(np.asarray([0, 2]))
    assert table.columns["age"].tolist() == ["1", "2"]


def test_columns_kept_as_text_are_spelt_as_they_came() -> None:
    table = Table(
        {"id": ["007", "1E2", " 7 ", "NA"], "n": [2**53 + 1, 1, 2, 3], "x": [1.0, 2.5, np.nan, 1e300]},
        text=frozenset({"id", "n", "x", "absent"}),
    )
    assert table.columns["id"].tolist() == ["007", "1E2", "7", None]
    assert table.columns["n"].tolist() == ["9007199254740993", "1", "2", "3"]
    assert table.columns["x"].tolist() == ["1", "2.5", None, "1e+300"]
    assert table.text == {"id", "n", "x"}
    assert table.rows(np.asarray([1])).text == table.text


def test_objects_that_are_equal_are_not_the_same_text() -> None:
    assert Table({"a": np.asarray([1, True, "1", 1.0, "x"], dtype=object)}).columns["a"].tolist() == [
        "1",
        "True",
        "1",
        "1",
        "x",
    ]


def test_accents_are_composed_in_cells_and_names() -> None:
    table = Table({"cafe\u0301 ": ["re\u0301d", "r\u00e9d"]})
    assert table.columns["caf\u00e9"].tolist() == ["r\u00e9d", "r\u00e9d"]


def test_text_as_numbers() -> None:
    table = Table({"a": ["1", "x", "2"], "b": ["1,5", "2", "NA"], "c": ["x", "y", "z"]}, text=frozenset("b"))
    assert table.as_numbers("a") is None
    np.testing.assert_array_equal(table.as_numbers("a", text_is_missing=True), [1, np.nan, 2])
    np.testing.assert_array_equal(table.as_numbers("b"), [1.5, 2, np.nan])
    assert table.as_numbers("c", text_is_missing=True) is None
    assert Table({"d": np.asarray(["2020-01-01"], "datetime64[D]")}).as_numbers("d") is None
    np.testing.assert_array_equal(Table({"n": [1, 2]}).as_numbers("n"), [1, 2])
    mixed = Table({"m": ["1.5", "1,5", "12 %", "x"]})
    np.testing.assert_array_equal(mixed.as_numbers("m", text_is_missing=True), [1.5, 1.5, 12, np.nan])
