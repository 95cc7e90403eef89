"""Parquet files, written by pyarrow itself."""

import datetime
import decimal
import sys

import numpy as np
import pandas as pd
import pytest

from hyperborn.data.tables import Table, read_table
from hyperborn.errors import UserError

arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")


def test_types(tmp_path) -> None:
    columns = {
        "whole": arrow.array([1, None, 3]),
        "half": arrow.array([0.5, 1.5, None], type=arrow.float32()),
        "money": arrow.array([decimal.Decimal("1.25"), None, decimal.Decimal("2.50")]),
        "truth": arrow.array([True, None, False]),
        "colour": arrow.array(["red", "NA", "blue"]).dictionary_encode(),
        "text": arrow.array(["a", None, "b"]),
        "nothing": arrow.nulls(3),
    }
    path = tmp_path / "t.parquet"
    parquet.write_table(arrow.table(columns), path, row_group_size=2)
    table = read_table(path)
    np.testing.assert_array_equal(table.columns["whole"], [1, np.nan, 3])
    np.testing.assert_array_equal(table.columns["half"], [0.5, 1.5, np.nan])
    np.testing.assert_array_equal(table.columns["money"], [1.25, np.nan, 2.5])
    assert table.columns["truth"].tolist() == ["True", None, "False"]
    assert table.columns["colour"].tolist() == ["red", None, "blue"]
    assert table.columns["text"].tolist() == ["a", None, "b"]
    assert np.isnan(table.columns["nothing"]).all()


def test_faults(refused, written, tmp_path) -> None:
    with refused("t.parquet", "damaged"):
        read_table(written(b"not a table", "t.parquet"))
    path = tmp_path / "u.parquet"
    beside = {"parts of it": arrow.array([[1, 2]]), "a": arrow.array([2])}
    parquet.write_table(arrow.table(beside), path)
    with refused("'parts of it'", "list<", "convert it", "--drop 'parts of it'"):
        read_table(path)
    for table in (read_table(path, drop=("parts of it",)), read_table(path, only=["a"])):
        assert {name: values.tolist() for name, values in table.columns.items()} == {"a": [2.0]}
    content = path.read_bytes()
    with refused("damaged"):
        read_table(written(content[: len(content) // 2], "half.parquet"))
    parquet.write_table(arrow.table({"a": arrow.array([], type=arrow.int64())}), path)
    with refused("no rows"):
        read_table(path)
    parquet.write_table(arrow.table([arrow.array([1]), arrow.array([2])], names=["a", "a"]), path)
    with refused("'a' is named twice"):
        read_table(path)


def test_row_groups_with_dictionaries_of_their_own_and_names_with_dots(tmp_path) -> None:
    texts = [["red", None, "blue"][row % 3] for row in range(10)]
    columns = {"a": arrow.array(texts), "a.b": arrow.array(range(10)), "c": arrow.array([1, 2] * 5).dictionary_encode()}
    parquet.write_table(arrow.table(columns), tmp_path / "t.parquet", row_group_size=2)
    table = read_table(tmp_path / "t.parquet")
    assert table.columns["a"].tolist() == texts
    assert table.columns["a.b"].tolist() == list(range(10))
    assert table.columns["c"].tolist() == [1, 2] * 5
    assert read_table(tmp_path / "t.parquet", only=["a.b"]).columns["a.b"].tolist() == list(range(10))


def test_rows_and_bytes_are_looked_up_before_they_are_read(refused, tmp_path, monkeypatch) -> None:
    path = tmp_path / "t.parquet"
    columns = {
        "a": arrow.array(range(8)),
        "b": arrow.array(range(8)),
        "text": arrow.array([str(n) * 99 for n in range(8)]),
    }
    parquet.write_table(arrow.table(columns), path, use_dictionary=False)
    monkeypatch.setattr("hyperborn.data.parquet.MOST_VALUES", 16)
    with refused("t.parquet has 8 rows of 3 columns, over the limit of 16 values", "fewer rows", "--drop"):
        read_table(path)
    assert list(read_table(path, drop=("text",)).columns) == ["a", "b"]
    monkeypatch.setattr("hyperborn.data.parquet.MOST_BYTES", 700)
    with refused("over the limit of 700 bytes", "--drop"):
        read_table(path, drop=("b",))
    assert list(read_table(path, drop=("text",)).columns) == ["a", "b"]


def test_a_few_bytes_that_stand_for_gigabytes_of_text(refused, tmp_path) -> None:
    """One text of a megabyte in every row: the file holds it once."""
    path = tmp_path / "t.parquet"
    column = arrow.DictionaryArray.from_arrays(arrow.array(np.zeros(6000, np.int32)), arrow.array(["a" * 10**6]))
    parquet.write_table(arrow.table({"text": column, "a": arrow.array(range(6000))}), path, store_schema=False)
    assert path.stat().st_size < 100_000
    with refused("'text' holds a text of 1,000,000 characters, over the limit of 131,072", "--drop text"):
        read_table(path)
    assert len(read_table(path, drop=("text",))) == 6000


def test_without_pyarrow_the_error_gives_the_install_line(refused, written, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # what the import system does for an absent package
    with refused('pip install "hyperborn[parquet]"'):
        read_table(written(b"", "t.parquet"))


def test_the_index_of_a_data_frame_is_left_out(tmp_path) -> None:
    path = tmp_path / "t.parquet"
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "kind": ["x", "y", "z"]})
    for index, name in ((pd.Index([7, 3, 4]), "__index_level_0__"), (pd.Index(["p", "q", "r"], name="id"), "id")):
        frame.set_index(index).to_parquet(path)
        table = read_table(path)
        assert list(table.columns) == ["a", "kind"]
        assert table.left_out == {name: "the index of a pandas data frame"}
        assert len(read_table(path, only=["a", name]).columns) == 2
        assert read_table(path, text=[name]).columns[name].tolist() == [str(value) for value in index]
        assert read_table(path, drop=[name]).left_out == {name: "dropped"}
    frame.to_parquet(path)
    assert not read_table(path).left_out
    frame.assign(**{"Unnamed: 0": [0, 1, 2]}).to_parquet(path)
    assert read_table(path).left_out == {"Unnamed: 0": "an index without a name"}


def test_dates_and_columns_kept_as_text(tmp_path) -> None:
    path = tmp_path / "t.parquet"
    columns = {
        "day": arrow.array([datetime.date(2024, 1, 1), None]),
        "time": arrow.array([datetime.datetime(2024, 1, 1, 12, 30), None]),
        "whole": arrow.array([2**53 + 1, None]),
        " name": arrow.array(["re\u0301d", "1"]),
    }
    parquet.write_table(arrow.table(columns), path)
    table = read_table(path)
    for name, moment in {"day": "2024-01-01", "time": "2024-01-01T12:30"}.items():
        np.testing.assert_array_equal(table.columns[name], np.asarray([moment, "NaT"], "datetime64[s]"))
    assert table.columns["name"].tolist() == ["r\u00e9d", "1"]
    table = read_table(path, text=["day", "time", "whole"], drop=["name"])
    assert {name: values.tolist() for name, values in table.columns.items()} == {
        "day": ["2024-01-01", None],
        "time": ["2024-01-01T12:30:00", None],
        "whole": ["9007199254740993", None],
    }


def test_categories_of_pandas_stay_categories_in_a_file(tmp_path) -> None:
    path = tmp_path / "t.parquet"
    days = pd.Categorical(pd.date_range("2024-01-01", periods=3))
    frame = pd.DataFrame({"kind": pd.Categorical([3, 1, 3]), "day": days})
    frame.to_parquet(path)
    for table in (read_table(path), Table.of(frame), Table.of(arrow.Table.from_pandas(frame))):
        assert table.categories == {"kind"}
        assert table.columns["kind"].tolist() == ["3", "1", "3"]
        assert table.columns["day"].dtype == "datetime64[s]"


def test_text_is_read_with_the_decimal_sign_of_earlier_data(tmp_path) -> None:
    parquet.write_table(arrow.table({"a": ["1,234", "2,000"], "zip": ["02139", "94720"]}), tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet", decimal=",")
    np.testing.assert_array_equal(table.columns["a"], [1.234, 2])
    np.testing.assert_array_equal(read_table(tmp_path / "t.parquet").columns["a"], [1234, 2000])
    assert table.categories == {"zip"}


def test_every_column_of_a_bad_type_is_named_with_one_remedy(refused, tmp_path) -> None:
    path = tmp_path / "t.parquet"
    columns = {"a b": arrow.array([[1]]), "x": arrow.array([1]), "c": arrow.array([{"k": 1}]), "y": arrow.array(["u"])}
    parquet.write_table(arrow.table(columns), path)
    with refused("column 'a b' holds list<", "column 'c' holds struct<", "drop=('a b', 'c') (--drop 'a b' --drop c)"):
        read_table(path)
    assert list(read_table(path, drop=("a b", "c")).columns) == ["x", "y"]
    # What training had cannot be dropped.
    with pytest.raises(UserError) as caught:
        read_table(path, only=["c", "x"])
    assert str(caught.value).endswith("neither numbers, dates nor text; convert it")


def test_columns_of_one_name_can_be_dropped_or_need_not_be_read(refused, tmp_path) -> None:
    path = tmp_path / "t.parquet"
    parquet.write_table(
        arrow.table([arrow.array([1]), arrow.array([2]), arrow.array([3])], names=["a", "b", "a"]), path
    )
    with refused("column 'a' is named twice", "drop=('a',) (--drop a)"):
        read_table(path)
    assert list(read_table(path, drop=("a",)).columns) == ["b"]
    assert list(read_table(path, only=("b",)).columns) == ["b"]
