"""Missing values, the same in numbers and in text of any source."""

import decimal

import numpy as np
import pandas as pd
import pytest

from hyperborn.data.missing import MISSING, is_missing
from hyperborn.data.tables import Table

WORDS = ["", "NA", "<NA>", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "?", ".", "--", "NaT"]
ONLY_IN_NUMBERS = ["None", "none", "NONE", "missing", "Missing", "na", "Na", "n/A", "Nan"]


def test_what_people_write_is_in_the_list() -> None:
    assert set(WORDS) <= MISSING
    assert not set(ONLY_IN_NUMBERS) & MISSING


@pytest.mark.parametrize("word", [*sorted(MISSING), *ONLY_IN_NUMBERS, "-", " NA "])
def test_words_among_numbers(word: str) -> None:
    np.testing.assert_array_equal(Table({"a": np.asarray([word, "3"])}).columns["a"], [np.nan, 3])
    assert np.isnan(Table({"a": np.asarray([word, word])}).columns["a"]).all()


@pytest.mark.parametrize("word", [*sorted(MISSING), "-"])
def test_words_among_text(word: str) -> None:
    assert Table({"a": np.asarray([word, "red"])}).columns["a"].tolist() == [None, "red"]
    assert Table({"a": np.asarray([word, "3"])}, text=frozenset({"a"})).columns["a"].tolist() == [None, "3"]


@pytest.mark.parametrize("word", ONLY_IN_NUMBERS)
def test_words_that_are_categories_among_text(word: str) -> None:
    """The hair of some is "none", and "Na" is sodium."""
    assert Table({"a": np.asarray([word, "red"])}).columns["a"].tolist() == [word, "red"]
    assert Table({"a": np.asarray([word])}, text=frozenset({"a"})).columns["a"].tolist() == [word]


def test_a_dash_beside_a_plus_is_a_category() -> None:
    assert Table({"a": np.asarray(["-", "+", "-"])}).columns["a"].tolist() == ["-", "+", "-"]
    assert Table({"a": np.asarray(["-", "x", "-"])}).columns["a"].tolist() == [None, "x", None]


def test_objects_without_a_value() -> None:
    nothing = (None, float("nan"), np.nan, pd.NA, pd.NaT, np.datetime64("NaT"))
    assert all(map(is_missing, (*nothing, decimal.Decimal("NaN"), decimal.Decimal("sNaN"))))
    assert not any(map(is_missing, (0, "", "NA", False, float("inf"), np.datetime64("2020-01-01"))))


def test_known_categories_say_what_a_dash_is() -> None:
    """A plus or a dash among the new rows alone says nothing: what these mean was settled before."""
    for cells, known, found in [
        (["-", "-"], ("+", "-"), ["-", "-"]),
        (["-", "+"], ("a", "b"), [None, "+"]),
        (["-", "a"], ("+", "a"), ["-", "a"]),
        (["NA", "?"], ("NA", "x"), ["NA", None]),
    ]:
        assert Table({"a": np.asarray(cells)}, known={"a": known}).columns["a"].tolist() == found
        assert Table.of({"a": cells}, known={"a": known}).columns["a"].tolist() == found
