"""Data frames of several packages, and what stands in their columns."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest

from hyperborn.data import Column, from_arrays
from hyperborn.data.column_choices import ColumnChoices
from hyperborn.data.inference import inferred
from hyperborn.data.tables import Table

INDEX = "the index of a pandas data frame"


def test_types_of_pandas() -> None:
    day = pd.to_datetime(["2024-02-01 12:30", None, "2024-02-03 00:00"])
    table = Table.of(
        pd.DataFrame(
            {
                "categories": pd.Categorical(["red", None, "blue"]),
                "numbers as categories": pd.Categorical([1, 2, None]),
                "whole": pd.array([1, None, 3], dtype="Int64"),
                "real": pd.array([1.5, None, 3], dtype="Float64"),
                "truth": pd.array([True, None, False], dtype="boolean"),
                "plain truth": [True, False, True],
                "money": [decimal.Decimal("1.25"), None, decimal.Decimal("2.50")],
                "string": pd.array(["x", None, " y "], dtype="string"),
                "objects": np.asarray([1, "x", None], dtype=object),
                "when": day,
                "zone": pd.to_datetime(["2024-02-01"] * 3).tz_localize("Europe/Berlin"),
                "day": [datetime.date(2024, 2, 1), None, datetime.date(2024, 2, 2)],
            }
        )
    )
    found = {name: values.tolist() for name, values in table.columns.items() if values.dtype == object}
    assert found == {
        "categories": ["red", None, "blue"],
        "numbers as categories": ["1", "2", None],
        "truth": ["True", None, "False"],
        "plain truth": ["True", "False", "True"],
        "string": ["x", None, "y"],
        "objects": ["1", "x", None],
    }
    for name, numbers in {
        "whole": [1, np.nan, 3],
        "real": [1.5, np.nan, 3],
        "money": [1.25, np.nan, 2.5],
    }.items():
        np.testing.assert_array_equal(table.columns[name], numbers)
    for name, dates in {
        "when": ["2024-02-01T12:30", "NaT", "2024-02-03"],
        "zone": ["2024-01-31T23:00"] * 3,
        "day": ["2024-02-01", "NaT", "2024-02-02"],
    }.items():
        assert table.columns[name].dtype == "datetime64[s]"
        np.testing.assert_array_equal(table.columns[name], np.asarray(dates, dtype="datetime64[s]"))


def test_categories_of_pandas_are_categories_whatever_they_are() -> None:
    rows = 60
    frame = pd.DataFrame(
        {
            "n": pd.Categorical([row % 3 for row in range(rows)]),
            "text": pd.Categorical([str(row % 20) for row in range(rows)]),
            "real": pd.Categorical([0.5, 1.0, 2.0] * 20),
            "day": pd.Categorical(pd.date_range("2024-01-01", periods=rows)),
            "plain": [row % 3 for row in range(rows)],
        }
    )
    table = Table.of(frame)
    assert table.categories == {"n", "text", "real"}
    assert table.rows(np.arange(30)).categories == table.categories
    found = {column.name: column for column in inferred(table, list(frame)).columns}
    assert found["n"].categories == ("0", "1", "2")
    assert len(found["text"].categories or ()) == 20
    assert found["real"].categories == ("0.5", "1", "2")
    assert (found["day"].kind, found["plain"].kind) == ("date", "numeric")
    assert inferred(table, ["n"], ColumnChoices(numeric=("n",))).columns == [Column("n")]
    assert inferred(table, ["n"], ColumnChoices(strict=True)).columns == [Column("n", ("0", "1", "2"))]
    assert inferred(table, ["n"]).notes == ["n: no numbers, but categories by its type (--numeric n for numbers)"]
    labels = [row % 2 for row in range(rows)]
    data = from_arrays(frame[["n", "plain"]], labels)
    assert data.features == ("n=0", "n=1", "n=2", "plain")
    # New data need not be categories by their type.
    again = from_arrays(frame[["n", "plain"]].astype(int), labels, preprocessing=data.preprocessing)
    np.testing.assert_array_equal(again.train.x, data.train.x)


def test_text_with_a_decimal_comma_is_read_as_the_earlier_file_was() -> None:
    frame = pd.DataFrame({"a": ["1,234", "2,000"]})
    np.testing.assert_array_equal(Table.of(frame).columns["a"], [1234, 2000])
    np.testing.assert_array_equal(Table.of(frame, decimal=",").columns["a"], [1.234, 2])


def test_arrays_keep_how_a_data_frame_was_read() -> None:
    """Text of new rows that could be read in two ways is read as in training."""
    frame = pd.DataFrame(
        {"price": [f"{row % 9},5" for row in range(60)], "code": [f"{row % 7:03}" for row in range(60)]}
    )
    data = from_arrays(frame, [row % 2 for row in range(60)], features=("cost", "kind"))
    assert data.preprocessing.decimal == ","
    assert [column.kind for column in data.preprocessing.columns] == ["numeric", "categorical"]
    assert [note for note in data.notes if note.startswith("decimal commas")] == [
        "decimal commas: '0,5' is 0.5 (price)"
    ]


def test_columns_kept_as_text() -> None:
    frame = pd.DataFrame(
        {
            "whole": pd.array([2**53 + 1, None], dtype="Int64"),
            "plain": [2**53 + 1, 7],
            "kind": pd.Categorical([1, 2]),
            "day": pd.to_datetime(["2024-02-01", None]),
            "time": pd.to_datetime(["2024-02-01 12:30", None]),
            "truth": [True, False],
        }
    )
    table = Table.of(frame, text=list(frame.columns))
    assert {name: values.tolist() for name, values in table.columns.items()} == {
        "whole": ["9007199254740993", None],
        "plain": ["9007199254740993", "7"],
        "kind": ["1", "2"],
        "day": ["2024-02-01", None],
        "time": ["2024-02-01T12:30:00", None],
        "truth": ["True", "False"],
    }


def test_an_index_is_left_out_and_said_unless_it_counts_rows() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0]})
    assert not Table.of(frame).left_out
    assert Table.of(frame.iloc[[2, 0, 1]]).left_out == {"index": INDEX}
    assert Table.of(frame.set_index(pd.Index(["x", "y", "z"], name="id"))).left_out == {"id": INDEX}
    both = frame.assign(id=["x", "y", "z"]).set_index("id", drop=False)
    assert not Table.of(both).left_out
    assert list(Table.of(both).columns) == ["a", "id"]


def test_row_numbers_that_were_written_and_read_again() -> None:
    frame = pd.DataFrame({"Unnamed: 0": [0, 1], "a": [1, 2]})
    assert list(Table.of(frame).columns) == ["a"]
    assert "Unnamed: 0" in Table.of(frame).left_out
    asked = Table.of(frame, only=["Unnamed: 0", "b"])
    assert asked.columns["Unnamed: 0"].tolist() == [0, 1]
    assert not asked.left_out


def test_arrow_tables() -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    frame = pd.DataFrame({"a": [1, 2, 3]}).iloc[[2, 0, 1]]
    table = Table.of(arrow.Table.from_pandas(frame).append_column("kind", [["x", None, "y"]]))
    assert {name: values.tolist() for name, values in table.columns.items()} == {
        "a": [3, 1, 2],
        "kind": ["x", None, "y"],
    }
    assert table.left_out == {"__index_level_0__": INDEX}
    exact = Table.of(arrow.table({"a": [2**53 + 1, None]}), text=["a"])
    assert exact.columns["a"].tolist() == ["9007199254740993", None]


def test_masked_values_are_missing() -> None:
    numbers = np.ma.masked_array([1.0, 1e6, 3.0], [False, True, False])
    words = np.ma.masked_array(["a", "b", "c"], [True, False, False])
    table = Table({"numbers": numbers, "words": words})
    np.testing.assert_array_equal(table.columns["numbers"], [1, np.nan, 3])
    assert table.columns["words"].tolist() == [None, "b", "c"]
    assert not table.notes


def test_times_of_several_zones_are_in_utc() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=2))
    cells = [datetime.datetime(2024, 1, 1, tzinfo=zone), datetime.datetime(2024, 1, 1), None]
    expected = np.asarray(["2023-12-31T22", "2024-01-01", "NaT"], dtype="datetime64[s]")
    np.testing.assert_array_equal(Table({"when": np.asarray(cells, dtype=object)}).columns["when"], expected)


def test_what_is_no_table(refused) -> None:
    table = Table({"a": [1]})
    assert Table.of(table) is table
    for other in (5, "file.csv", [[1, 2]], np.zeros((2, 2))):
        with refused("is no table", "data frame"):
            Table.of(other)
    with refused("'a'", "named twice"):
        Table.of(pd.DataFrame([[1, 2]], columns=["a", "a "]))
    with refused("'a'", "named twice"):
        Table({"a": [1], " a": [2]})
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    with refused("'a'", "list<", "neither numbers, dates nor text"):
        Table.of(arrow.table({"a": [[1], [2]]}))
