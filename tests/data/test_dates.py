"""Dates: their format is found in all of a column, kept, and what comes later is read by it."""

from typing import Any

import numpy as np
import pytest

from hyperborn.data import Column, Table
from hyperborn.data.columns import matrix
from hyperborn.data.dates import DATE_FORMATS, FoundDates, example_of, found_dates, read_dates
from hyperborn.data.surprises import surprises

PARTS = ("year", "month", "day of the week", "days")


def found(values: Any, name: str = "when") -> FoundDates:
    dates = found_dates(column_of(values), name)
    assert dates is not None
    return dates


def column_of(values: Any) -> np.ndarray:
    return Table({"c": np.asarray(values, dtype=object)}).columns["c"]


def seconds(*dates: str) -> np.ndarray:
    return np.asarray(dates, dtype="datetime64[s]")


@pytest.mark.parametrize(
    ("text", "date_format", "date"),
    [
        ("2024-03-31", "ISO8601", "2024-03-31"),
        ("2024-03", "ISO8601", "2024-03-01"),
        ("2024-03-31T23:59:00+02:00", "ISO8601", "2024-03-31T21:59"),
        ("2024-03-31 23:59:00 +0200", "ISO8601", "2024-03-31T21:59"),
        ("2024-03-31T23:59:00Z", "ISO8601", "2024-03-31T23:59"),
        ("2024-03-31 23:59:00 UTC", "ISO8601", "2024-03-31T23:59"),
        ("31.12.2024 23:59", "%d.%m.%Y", "2024-12-31T23:59"),
        ("31.12.2024, 23:59:30", "%d.%m.%Y", "2024-12-31T23:59:30"),
        ("31.12.24", "%d.%m.%y", "2024-12-31"),
        ("1/2/24", "%m/%d/%y", "2024-01-02"),
        ("13/2/24", "%d/%m/%y", "2024-02-13"),
        ("1/2/2024 3:59 PM", "%m/%d/%Y", "2024-01-02T15:59"),
        ("1/2/2024 12:00:00 AM", "%m/%d/%Y", "2024-01-02"),
        ("12-31-2024", "%m-%d-%Y", "2024-12-31"),
        ("31-JAN-24", "%d-%b-%y", "2024-01-31"),
        ("March 2024", "%b %Y", "2024-03-01"),
        ("03/2024", "%m/%Y", "2024-03-01"),
    ],
)
def test_ways_to_write_a_date(text: str, date_format: str, date: str) -> None:
    dates = found([text, None, text])
    assert dates.date_format == date_format
    np.testing.assert_array_equal(dates.dates, seconds(date, "NaT", date))


@pytest.mark.parametrize(
    "text", ["today", "now", "2024", "1.2.24", "20240131", "2024-13", "12-10-45", "5/2024-1", "May"]
)
def test_what_is_no_date(text: str) -> None:
    assert found_dates(column_of([text, "x"])[:1], "c") is None


def test_a_late_row_decides_what_comes_first() -> None:
    early = [f"{1 + row % 12:02}/{1 + row % 11:02}/2024" for row in range(5000)]
    assert found(early).date_format == "%m/%d/%Y"
    late = found([*early, "13/02/2024"])
    assert (late.date_format, late.notes) == ("%d/%m/%Y", ())
    assert late.dates[-1] == np.datetime64("2024-02-13")


def test_a_bad_value_at_the_beginning_is_only_missing() -> None:
    dates = found(["n/k", *(f"2024-01-{1 + row % 28:02}" for row in range(40))])
    assert np.isnat(dates.dates).tolist() == [True, *[False] * 40]


def test_days_that_could_be_months_are_said() -> None:
    (note,) = found(["03/04/2020", "05/05/2020"]).notes
    assert "none is over 12: '03/04/2020' is taken for 2020-03-04; if 2020-04-03 is meant, write the dates" in note
    assert found(["05/05/2020", "06/06/2020"]).notes == ()
    assert found(["03/04/2020", "05/13/2020"]).notes == ()
    assert found(["03.04.2020"]).notes == ()


def test_years_of_two_digits_are_said() -> None:
    (note,) = found(["13/2/24", "14/2/45"]).notes
    assert note == "when: years of two digits are those from 1969 to 2068: '14/2/45' is 2045-02-14"


def test_numbers_are_dates_where_their_column_is_called_so() -> None:
    values = np.asarray([20240131.0, np.nan, 20240201.0])
    dates = found_dates(values, "order_date")
    assert dates is not None
    assert dates.date_format == "%Y%m%d"
    np.testing.assert_array_equal(dates.dates, seconds("2024-01-31", "NaT", "2024-02-01"))
    assert "'20240131' is 2024-01-31 (--numeric order_date for numbers)" in dates.notes[0]
    assert found_dates(values, "population") is None
    assert found_dates(np.asarray([20241331.0, 20240001.0]), "date") is None
    assert found_dates(np.asarray([1.5, 20240101.0]), "date") is None
    np.testing.assert_array_equal(read_dates(values, "%Y%m%d", "order_date"), dates.dates)


@pytest.mark.parametrize("date_format", DATE_FORMATS)
def test_every_format_reads_its_own_example(date_format: str) -> None:
    whole = date_format not in ("%m/%Y", "%b %Y")
    dates = read_dates(column_of([example_of(date_format), "x"]), date_format, "c")
    np.testing.assert_array_equal(dates, seconds("2024-12-31" if whole else "2024-12-01", "NaT"))


def test_new_rows_are_read_by_the_format_of_training() -> None:
    """One row, 03/04/2020, does not say by itself that the day comes first."""
    column = Column("when", parts=PARTS, date_format="%d/%m/%Y")
    table = Table({"when": ["03/04/2020", "2020-04-03", "13:00", "04/13/2020", None]})
    x = matrix(table, [column], strict=False, imputed=True)
    np.testing.assert_array_equal(x[:2, :3], [[2020, 4, 4], [2020, 4, 4]])
    assert np.isnan(x[2:]).all()
    assert surprises(table, [column]) == [
        "when: 2 rows of no date such as 31/12/2024 count as missing, the first '13:00'"
    ]


@pytest.mark.parametrize("values", [["bad", "worse"], [None, None], [np.nan, np.nan], [1.5, 2.5]])
@pytest.mark.parametrize("date_format", ["%d/%m/%Y", None])
def test_a_column_without_a_date_is_missing(values: list, date_format: str | None) -> None:
    column = Column("when", parts=PARTS, date_format=date_format)
    table = Table({"when": np.asarray(values, dtype=object)})
    assert np.isnan(matrix(table, [column], strict=False, imputed=True)).all()
    assert len(surprises(table, [column])) == (values[0] in ("bad", 1.5))


def test_strictly_what_is_no_date_is_refused(refused) -> None:
    column = Column("when", parts=PARTS, date_format="%d/%m/%Y")
    table = Table({"when": ["03/04/2020", "bad"]}, "t.csv")
    with refused("column 'when' of t.csv must be dates such as 31/12/2024, but row 2 holds 'bad'; correct it"):
        matrix(table, [column], strict=True, imputed=True)


def test_text_for_what_was_dates_is_read_and_its_choice_said() -> None:
    column = Column("when", parts=PARTS)
    table = Table({"when": ["03/04/2020"]})
    assert matrix(table, [column], strict=False, imputed=True)[0, 1] == 3
    assert "'03/04/2020' is taken for 2020-03-04" in surprises(table, [column])[0]
    assert surprises(Table({"when": ["2020-03-04"]}), [column]) == []
