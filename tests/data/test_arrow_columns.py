"""Columns of PyArrow as arrays."""

import datetime

import numpy as np
import pytest

from hyperborn.data.arrow_columns import arrow_array, saved_index

arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")


def test_pieces_with_dictionaries_of_their_own() -> None:
    pieces = [arrow.array(["x", None]).dictionary_encode(), arrow.array(["y", "x"]).dictionary_encode()]
    assert arrow_array(arrow.chunked_array(pieces)).tolist() == ["x", None, "y", "x"]
    numbers = arrow.chunked_array([arrow.array([1, None]).dictionary_encode()])
    np.testing.assert_array_equal(arrow_array(numbers), [1, np.nan])
    days = arrow.array([datetime.date(2024, 1, 1), None]).dictionary_encode()
    np.testing.assert_array_equal(arrow_array(days), np.asarray(["2024-01-01", "NaT"], "datetime64[s]"))


@pytest.mark.parametrize("kind", ["date32", "date64"])
def test_days(kind: str) -> None:
    found = arrow_array(arrow.array([datetime.date(2024, 1, 1), None], type=getattr(arrow, kind)()))
    np.testing.assert_array_equal(found, np.asarray(["2024-01-01", "NaT"], "datetime64[s]"))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_times_are_in_seconds_and_in_utc(unit: str, zone: str | None) -> None:
    moment = datetime.datetime(2024, 1, 1, 12, tzinfo=None if zone is None else datetime.UTC)
    found = arrow_array(arrow.array([moment, None], type=arrow.timestamp(unit, zone)))
    assert found.dtype == "datetime64[s]"
    np.testing.assert_array_equal(found, np.asarray(["2024-01-01T12", "NaT"], "datetime64[s]"))


def test_whole_numbers_keep_their_digits_where_asked() -> None:
    column = arrow.array([2**53 + 1, None])
    assert arrow_array(column, exact=True).tolist() == [2**53 + 1, None]
    np.testing.assert_array_equal(arrow_array(column), [2.0**53, np.nan])


def test_no_rows_and_other_types() -> None:
    assert len(arrow_array(arrow.chunked_array([], type=arrow.int64()))) == 0
    with pytest.raises(TypeError, match="list<"):
        arrow_array(arrow.array([[1]]))


def test_an_index_goes_by_the_note_of_pandas_or_its_name() -> None:
    pandas = pytest.importorskip("pandas")
    named = pandas.DataFrame({"a": [1], "b": [2]}).set_index("b")
    assert saved_index(arrow.Schema.from_pandas(named)) == ["b"]
    assert saved_index(arrow.schema({"a": arrow.int64(), "__index_level_0__": arrow.int64()})) == ["__index_level_0__"]
    assert saved_index(arrow.schema({"a": arrow.int64()})) == []
