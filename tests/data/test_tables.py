"""Tables: columns are numbers or text, from arrays or files."""

import gzip
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.data.missing import MISSING
from hyperborn.data.tables import Table, read_table


def test_columns_are_numbers_or_stripped_text() -> None:
    table = Table(
        {
            "whole": np.asarray([1, 2, 3]),
            "says numbers": np.asarray(["1", " 2.5 ", "?"]),
            "text": np.asarray([" red ", None, "NA"], dtype=object),
            "truth": np.asarray([True, False, True]),
            "mixed": np.asarray([1, "x", float("nan")], dtype=object),
        }
    )
    assert table.columns["whole"].dtype == table.columns["says numbers"].dtype == np.float64
    np.testing.assert_array_equal(table.columns["says numbers"], [1, 2.5, np.nan])
    assert table.columns["text"].tolist() == ["red", None, None]
    assert table.columns["truth"].tolist() == ["True", "False", "True"]
    assert table.columns["mixed"].tolist() == ["1", "x", None]
    assert len(table) == 3


@pytest.mark.parametrize("word", sorted(MISSING))
def test_words_for_missing(word: str) -> None:
    np.testing.assert_array_equal(Table({"a": np.asarray([word, "3"])}).columns["a"], [np.nan, 3])
    assert Table({"a": np.asarray([word, "red"])}).columns["a"].tolist() == [None, "red"]


@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_written_numbers_are_read_exactly(values: list[float]) -> None:
    column = Table({"a": np.asarray([repr(value) for value in values])}).columns["a"]
    np.testing.assert_array_equal(column, values)


def test_decimal_commas_are_not_categories() -> None:
    table = Table({"price": np.asarray(["1,5", "2", "1.000,25", "1000,25"])})
    assert table.columns["price"].tolist() == [1.5, 2, 1000.25, 1000.25]
    assert table.decimal == ","
    assert Table({"name": np.asarray(["a,b", "1,5"])}).columns["name"].tolist() == ["a,b", "1,5"]


def test_lengths_and_dimensions(refused) -> None:
    with refused("different lengths"):
        Table({"a": np.zeros(2), "b": np.zeros(3)})
    with refused("'a'", "(2, 2)"):
        Table({"a": np.zeros((2, 2))})


def test_paths(refused, tmp_path) -> None:
    with refused("no file", "absent.csv"):
        read_table(tmp_path / "absent.csv")
    with refused("suffix '.xlsx'", ".csv, .tsv, .txt, .tab, .dat, ", ".parquet; rename it", "standard input (-)"):
        read_table(tmp_path / "book.xlsx")
    with refused("is a folder"):
        read_table(tmp_path)


class Piped:
    """Standard input that holds these bytes."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def test_standard_input(refused, monkeypatch) -> None:
    text = b"a;b\n1,5;x\n"
    for content in (text, gzip.compress(text)):
        monkeypatch.setattr("sys.stdin", Piped(content))
        table = read_table("-")
        assert table.source == "standard input"
        assert (table.columns["a"].tolist(), table.decimal) == ([1.5], ",")
        # It can be read once, and is asked for again.
        assert read_table("-").columns["b"].tolist() == ["x"]
    monkeypatch.setattr("sys.stdin", Piped(b"a,b\n1\n"))
    with refused("standard input, line 2: 1 fields"):
        read_table("-")
    monkeypatch.setattr("hyperborn.data.tables.MOST_BYTES", 10)
    monkeypatch.setattr("sys.stdin", Piped(b"a\n" + b"1\n" * 99))
    with refused("standard input has", "over the limit of 10 bytes"):
        read_table("-")


def test_parquet_on_standard_input(monkeypatch) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    content = io.BytesIO()
    parquet.write_table(arrow.table({"a": [1, 2]}), content)
    monkeypatch.setattr("sys.stdin", Piped(content.getvalue()))
    assert read_table("-").columns["a"].tolist() == [1, 2]


def test_a_decimal_sign_is_a_point_or_a_comma(refused, written) -> None:
    with refused("decimal=';'", "a point or a comma"):
        read_table(written("a\n1\n"), decimal=";")


def test_no_columns_of_those_that_are_asked_for(written) -> None:
    assert dict(read_table(written("a,b\n1,2\n"), only=["c"]).columns) == {}
