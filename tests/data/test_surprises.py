"""What of new data is said: one line a column, and nothing of what is as in training."""

import numpy as np

from hyperborn.data import Column, Table
from hyperborn.data.columns import numbers_of
from hyperborn.data.surprises import surprises
from hyperborn.data.user_table import notes_on_new

COLUMNS = [Column("n"), Column("c", ("a", "b")), Column("when", parts=("days",), date_format="%d.%m.%Y")]


def test_each_column_that_has_something_new_is_said_once() -> None:
    cells = {"n": ["1", "x", "y"], "c": ["a", "z", "a"], "when": ["soon", "31.12.2024", "later"]}
    table = Table({name: np.asarray(values, dtype=object) for name, values in cells.items()})
    assert surprises(table, COLUMNS) == [
        "n: 2 rows of text count as missing, the first 'x'",
        "c: 1 row of unknown categories ('z')",
        "when: 2 rows of no date such as 31.12.2024 count as missing, the first 'soon'",
    ]
    assert notes_on_new(table, COLUMNS, strict=True) == []


def test_nothing_is_said_of_what_is_as_in_training_or_missing() -> None:
    for when in (["31.12.2024", None], ["2024-12-31", ""], np.asarray(["2024-12-31", "NaT"], "datetime64[s]")):
        table = Table({"n": [1, np.nan], "c": ["b", None], "when": np.asarray(when), "other": ["x", "y"]})
        assert surprises(table, COLUMNS) == []
    assert surprises(Table({"other": [1]}), COLUMNS) == []


def test_one_row_of_text_counts_as_missing_as_more_rows_do() -> None:
    table = Table({"n": np.asarray(["abc"], dtype=object)})
    assert surprises(table, COLUMNS) == ["n: 1 row of text count as missing, the first 'abc'"]
    np.testing.assert_array_equal(numbers_of(table, "n", strict=False), [np.nan])
