"""Columns as people have them: which are features and of what kind, what is left out and said, what overrides it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hyperborn.data import Column, Table, from_arrays, load
from hyperborn.data.column_choices import ColumnChoices
from hyperborn.data.columns import matrix
from hyperborn.data.inference import Features, inferred, summary_of_columns
from hyperborn.data.surprises import surprises

ROWS = 40
RANDOM = np.random.default_rng(0)


def found_of(values: Any, name: str = "c", **choices: Any) -> Features:
    """What one column becomes."""
    table = Table({name: np.asarray(values, dtype=object)}, "t.csv")
    return inferred(table, [name], ColumnChoices(**choices))


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("c", [None] * ROWS, "no values"),
        ("c", ["x"] * ROWS, "constant"),
        ("c", [0.1 + 0.2, 0.3] * 20, "constant"),
        ("c", [f"person {row}" for row in range(ROWS)], "an identifier: 40 different texts in 40 rows"),
        ("c", [f"person {row // 2}" for row in range(300)], "text of 150 different values, most of them rare"),
        ("id", list(range(ROWS)), "an identifier: a number of its own in each row"),
        ("PassengerId", [17 * row for row in range(ROWS)], "an identifier: a number of its own in each row"),
        ("customer_id", list(range(ROWS)), "an identifier: a number of its own in each row"),
        ("Unnamed: 0", list(RANDOM.permutation(ROWS)), "an identifier: a number of its own in each row"),
        ("ID", [*range(ROWS - 3), 0, 1, 2], "an identifier: 37 different numbers in 40 rows"),
    ],
)
def test_what_says_nothing_is_left_out_and_can_be_kept(name: str, values: list, reason: str) -> None:
    found = found_of(values, name)
    assert (found.columns, found.left_out) == ([], {name: reason})
    if reason != "no values":
        kept = found_of(values, name, keep=(name,))
        assert [column.name for column in kept.columns] == [name]
        assert not kept.left_out


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("atomic number", range(1, ROWS + 1)),
        ("idea", range(ROWS)),
        ("paid", range(ROWS)),
        ("id", [row / 7 for row in range(ROWS)]),
        ("id", [row // 2 for row in range(ROWS)]),
        ("index", [*range(ROWS - 3), 0, 1, 2]),
        ("id", range(12)),
        ("c", [1e-200 * row for row in range(ROWS)]),
    ],
)
def test_numbers_that_may_say_something_are_features(name: str, values: Any) -> None:
    assert found_of(list(values), name).columns == [Column(name)]


@pytest.mark.parametrize("name", ["uid", "case_no", "customer number", "respondent", "record", "userid", "SSN"])
def test_numbers_of_what_rows_are_of_are_identifiers(name: str) -> None:
    values = list(RANDOM.permutation(1000)[:ROWS])
    assert found_of(values, name).left_out == {name: "an identifier: a number of its own in each row"}
    assert found_of([row % 7 for row in range(ROWS)], name).columns == [Column(name)]


@pytest.mark.parametrize("name", ["account", "customer", "number", "key", "atomic number", "phone calls"])
def test_amounts_that_are_all_different_are_no_identifiers(name: str) -> None:
    assert found_of(list(RANDOM.permutation(1000)[:ROWS]), name).columns == [Column(name)]


def test_numbers_that_rise_from_row_to_row_are_said_to() -> None:
    taken = sorted(RANDOM.permutation(50)[:ROWS].tolist())
    for values in (list(range(5, ROWS + 5)), taken):
        found = found_of(values, "place")
        assert found.columns == [Column("place")]
        assert found.notes == [
            "place: taken for a number, though it rises by about one from row to row (--drop place if it only counts "
            "the rows)"
        ]
    for name, other in [
        ("model year", list(range(1950, 1950 + ROWS))),
        ("place", list(RANDOM.permutation(ROWS))),
        ("place", [3 * row for row in range(ROWS)]),
        ("place", [row + 0.5 for row in range(ROWS)]),
        ("place", list(range(12))),
    ]:
        assert not found_of(other, name).notes
    assert not found_of(list(range(ROWS)), "place", keep=("place",)).notes


def test_numbers_that_may_name_groups_of_rows_are_said_to() -> None:
    twice: Any = [row // 2 for row in range(200)]
    found = found_of(twice, "patient id")
    assert found.columns == [Column("patient id")]
    assert len(found.notes) == 1
    assert "(--group 'patient id' to keep these in one split, --drop 'patient id' to leave it out)" in found.notes[0]
    for name, values, choices in [
        ("paid", twice, {}),
        ("id", [row // 5 for row in range(200)], {}),
        ("id", [row // 2 / 4 for row in range(200)], {}),
        ("id", twice, {"keep": ("id",)}),
    ]:
        assert found_of(values, name, **choices).notes == []


def test_missing_numbers_have_a_feature_and_the_median() -> None:
    found = found_of([1.0, None, 3.0, 5.0] * 10)
    assert found.columns == [Column("c", missing=True)]
    assert found.columns[0].features == ("c", "c is missing")
    table = Table({"c": np.array([2.0, np.nan])})
    np.testing.assert_array_equal(matrix(table, found.columns, strict=False, imputed=True), [[2, 0], [np.nan, 1]])


def test_missing_categories_are_a_category_and_rare_ones_are_grouped() -> None:
    values = [*["red"] * 20, *["blue"] * 17, "mauve", "ochre", None]
    (column,) = found_of(values).columns
    assert column == Column("c", ("blue", "red"), rare=True, missing=True)
    assert column.features == ("c=blue", "c=red", "c=(rare)", "c is missing")
    table = Table({"c": np.array(["red", "mauve", "never seen", None], dtype=object)})
    expected = [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    np.testing.assert_array_equal(matrix(table, [column], strict=False, imputed=True), expected)


def test_an_unknown_category_without_rare_ones_is_none_of_the_known_and_is_said() -> None:
    columns = [Column("c", ("blue", "red")), Column("n")]
    table = Table({"c": np.array(["red", "mauve", None], object), "n": np.array(["1", "two", "3"], object)})
    expected = [[0, 1, 1], [0, 0, np.nan], [0, 0, 3]]
    np.testing.assert_array_equal(matrix(table, columns, strict=False, imputed=True), expected)
    assert surprises(table, columns) == [
        "c: 1 row of unknown categories ('mauve')",
        "n: 1 row of text count as missing, the first 'two'",
    ]
    assert surprises(table, [Column("c", ("red",), rare=True)]) == []


def test_a_column_of_text_for_numbers_is_refused(refused) -> None:
    table = Table({"n": np.array(["a", "b", "c"], object)}, "t.csv")
    with refused("column 'n' of t.csv must be numbers, but row 1 holds 'a'"):
        matrix(table, [Column("n")], strict=False, imputed=True)


@pytest.mark.parametrize("most", [50, 60])
def test_so_many_categories_have_a_feature(most: int) -> None:
    (column,) = found_of([f"v{row % most}" for row in range(most * 10)]).columns
    assert len(column.categories or ()) == 50
    assert column.rare == (most > 50)


def test_text_among_numbers_counts_as_missing_and_is_said() -> None:
    values: list = [*(f"{row}.5" for row in range(30)), "unknown"]
    found = found_of(values)
    assert found.columns == [Column("c", missing=True)]
    assert found.notes == [
        "c: numbers, with 1 cell of text as missing, the first 'unknown' (--categorical c for categories)"
    ]
    half = [*(str(row % 10) for row in range(30)), *"abcdefg" * 3]
    found = found_of(half)
    assert found.columns[0].kind == "categorical"
    assert "no number, such as 'a' (--numeric c to count such cells as missing)" in found.notes[0]
    assert found_of(half, numeric=("c",)).columns == [Column("c", missing=True)]
    # Mostly numbers, and yet categories: there are few of them.
    assert found_of(["0", "1", "2", "3+"] * 10).columns == [Column("c", ("0", "1", "2", "3+"))]


def test_numbers_that_are_categories() -> None:
    (column,) = found_of([1.0, 2.0, 10.0] * 10, categorical=("c",)).columns
    assert column == Column("c", ("1", "10", "2"))
    table = Table({"c": np.array([2.0, 10.0])})
    np.testing.assert_array_equal(matrix(table, [column], strict=False, imputed=True), [[0, 0, 1], [0, 1, 0]])


@pytest.mark.parametrize(
    ("style", "date_format"),
    [
        ("{:%Y-%m-%d}", "ISO8601"),
        ("{:%d.%m.%Y}", "%d.%m.%Y"),
        ("{:%Y/%m/%d}", "%Y/%m/%d"),
        ("{:%m/%d/%Y}", "%m/%d/%Y"),
        ("{:%b %d %Y}", "%b %d %Y"),
        ("{:%b %d, %Y}", "%b %d, %Y"),
        ("{:%B %d, %Y}", "%b %d, %Y"),
        ("{:%d %B %Y}", "%d %b %Y"),
        ("{0:%b} {0.day} {0:%Y}", "%b %d %Y"),
    ],
)
def test_dates_become_year_month_day_of_the_week_and_days(style: str, date_format: str) -> None:
    days = np.datetime64("2023-01-31") + 11 * np.arange(ROWS)
    texts = [style.format(day) for day in days.tolist()]
    (column,) = found_of(texts).columns
    assert column == Column("c", parts=("year", "month", "day of the week", "days"), date_format=date_format)
    assert column.features == ("c year", "c month", "c day of the week", "c days")
    first = matrix(Table({"c": np.asarray(texts[:1], object)}), [column], strict=False, imputed=True)
    np.testing.assert_array_equal(first, [[2023, 1, 1, 19388]])


def test_a_missing_date_and_parts_that_never_change() -> None:
    texts: list = [f"2024-03-{day:02}" for day in range(1, 30)]
    (column,) = found_of([*texts, None]).columns
    assert column == Column("c", parts=("day of the week", "days"), missing=True, date_format="ISO8601")
    x = matrix(Table({"c": np.asarray([texts[0], None], object)}), [column], strict=False, imputed=True)
    np.testing.assert_array_equal(x, [[4, 19783, 0], [np.nan, np.nan, 1]])
    assert found_of(["2024-03-01"] * ROWS).left_out == {"c": "constant"}


def test_codes_that_look_like_dates_are_none() -> None:
    for texts in (["12-345-67"] * 20 + ["98-765-43"] * 20, ["2024-13-45", "2024-99-99"] * 20, ["a", "b"] * 20):
        assert found_of(texts).columns[0].kind == "categorical"


def test_everything_that_needs_a_decision_is_in_one_message(refused) -> None:
    table = Table(
        {
            "who": np.asarray([f"p{row}" for row in range(ROWS)], object),
            "when": np.asarray([f"2024-01-{1 + row % 28:02}" for row in range(ROWS)], object),
            "a b": np.where(np.arange(ROWS) == 3, np.nan, np.arange(ROWS)),
            "colour": np.asarray([None, "red", "blue", "red"] * 10, object),
            "empty": np.full(ROWS, np.nan),
            "fine": np.arange(ROWS) * 1.5,
        },
        "t.csv",
    )
    said = (
        "column 'who' of t.csv is text with 40 different values in 40 rows",
        "--drop who",
        "column 'when' of t.csv holds dates",
        "column 'a b' of t.csv has 1 missing value; fill them in",
        "column 'colour' of t.csv has 10 missing values",
        "column 'empty' of t.csv has no values; leave the column out with drop=('empty',) (--drop empty)",
    )
    with refused(*said):
        inferred(table, list(table.columns), ColumnChoices(strict=True))
    found = inferred(table, list(table.columns), ColumnChoices(keep=("who",)))
    assert [column.name for column in found.columns] == ["who", "when", "a b", "colour", "fine"]


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"keep": ("nmae",)}, ("no column 'nmae' to keep", "nearest is 'name'")),
        ({"categorical": ("y",)}, ("categorical names the target 'y'",)),
        ({"categorical": ("age",), "numeric": ("age",)}, ("'age' is named by both categorical and numeric",)),
        ({"keep": ("age",), "drop": ("age",)}, ("'age' is named by both",)),
    ],
)
def test_choices_that_do_not_fit(refused, choices: dict, said: tuple[str, ...]) -> None:
    with refused(*said):
        ColumnChoices(**choices).check(["name", "age", "y"], "t.csv", "y")


def test_a_name_may_have_a_comma_in_it() -> None:
    choices = ColumnChoices(drop=("a,b", "c,d", " e , f"), keep=("g",)).resolved(["a,b", "c", "d", "e", "f", "g"])
    assert choices == ColumnChoices(drop=("a,b", "c", "d", "e", "f"), keep=("g",))


def test_what_was_done_is_said_in_a_few_lines() -> None:
    columns = [
        Column("age", missing=True),
        Column("sex", ("f", "m"), rare=True),
        Column("since", parts=("year",)),
        Column("deck", ("A",), missing=True),
    ]
    left_out = {"name": "an identifier: 9 different texts in 9 rows", "id": "an identifier: a number", "k": "constant"}
    assert summary_of_columns(left_out, columns) == [
        "kept 4 of 7 columns: left out name, id (an identifier); k (constant)",
        "dates as year, month, day of the week and days: since",
        "missing numbers are the median, with a feature that says so: age",
        "missing categories are a category: deck",
        "rare categories are grouped: sex",
    ]
    assert summary_of_columns({}, [Column("a")]) == []


def test_a_scale_is_that_of_the_values_however_small() -> None:
    x = RANDOM.normal(size=(60, 3))
    y = x[:, 0] > 0
    ordinary, tiny = (from_arrays(x * [unit, 1, 1], y) for unit in (1.0, 2.0**-660))
    np.testing.assert_array_equal(tiny.train.x, ordinary.train.x)


def test_masked_values_are_missing_ones() -> None:
    x = np.ma.masked_array(RANDOM.normal(size=(60, 2)), mask=np.zeros((60, 2), bool))
    x[5, 0] = 1e6
    x[5, 0] = np.ma.masked
    data = from_arrays(x, np.arange(60) % 2, validation=0.0, test=0.0)
    assert data.features == ("x1", "x1 is missing", "x2")
    assert data.preprocessing.scales is not None
    assert 0.5 < data.preprocessing.scales[0] < 1.5
    labels = np.ma.masked_array(np.arange(60) % 2, mask=np.arange(60) < 4)
    fewer = from_arrays(x, labels, validation=0.0, test=0.0)
    assert (len(fewer.train), fewer.classes) == (56, ("0", "1"))
    assert fewer.notes[-1] != ""
    assert "4 rows without a label left out" in fewer.notes


cells = st.one_of(st.none(), st.floats(-1e6, 1e6), st.text(max_size=6), st.sampled_from(["NA", "?", "x", "2024-01-05"]))


@given(st.lists(cells, min_size=8, max_size=40), st.booleans())
@example([*range(6), 0.5, *"::;<=>@"], False)
def test_any_column_is_a_feature_or_left_out_with_a_reason(values: list, keep: bool) -> None:
    """And what it becomes takes any other values, unless they are mostly of another kind."""
    found = found_of([None if value is None else str(value) for value in values], keep=("c",) if keep else ())
    assert len(found.columns) + len(found.left_out) == 1
    assert all(found.left_out.values())
    if found.columns:
        table = Table({"c": np.asarray([None if value is None else str(value) for value in values], object)})
        x = matrix(table, found.columns, strict=False, imputed=True)
        assert x.shape == (len(values), len(found.columns[0].features))
        assert not np.isnan(x).any() or found.columns[0].missing


def test_what_is_said_to_be_numeric_is_though_most_of_it_is_text() -> None:
    found = found_of([*map(str, range(10)), *["n/k"] * 30], numeric=("c",))
    assert found.columns == [Column("c", missing=True)]
    table = Table({"c": np.asarray(["7", "n/k", "x"], object)})
    np.testing.assert_array_equal(
        matrix(table, found.columns, strict=False, imputed=True), [[7, 0], [np.nan, 1], [np.nan, 1]]
    )


def test_digits_with_zeros_in_front_are_codes(written: Callable[..., Path]) -> None:
    rows = "".join(f"{('02139', '10001', '94720')[row % 3]},{row % 2}\n" for row in range(60))
    data = load(written("zip,y\n" + rows), target="y")
    assert data.features == ("zip=02139", "zip=10001", "zip=94720")
    assert load(written("zip,y\n" + rows), target="y", numeric=("zip",)).features == ("zip",)


def test_codes_are_categories_however_many_there_are() -> None:
    """As numbers, a network would see that 02139 is near 02140, and far from 94720."""
    few = [f"{row % 5:03}" for row in range(ROWS)]
    found = found_of(few)
    assert found.columns == [Column("c", ("000", "001", "002", "003", "004"))]
    assert found.notes == ["c: no numbers, but codes with zeros in front, such as '000' (--numeric c for numbers)"]
    many = [f"{row % 30:05}" for row in range(300)]
    assert found_of(many).columns[0].kind == "categorical"
    assert len(found_of(many).columns[0].categories or ()) == 30
    assert found_of([f"{row:05}" for row in range(300)]).left_out == {
        "c": "an identifier: 300 different texts in 300 rows"
    }
    plus_four = found_of([*many, "02139-1234"])
    assert plus_four.columns[0].kind == "categorical"
    assert "codes with zeros in front, such as '00000' (--numeric c" in plus_four.notes[0]
    assert found_of(["007", "James", "M", "Q"] * 10).notes == []
    assert found_of(many, numeric=("c",)).columns == [Column("c")]
    strictly = found_of(few, strict=True)
    assert (strictly.columns, strictly.notes) == (found.columns, found.notes)


def test_truth_values_that_are_said_to_be_numeric() -> None:
    assert found_of(["TRUE", "FALSE"] * 20, numeric=("c",)).columns == [Column("c")]


def test_text_among_dates_counts_as_missing_and_is_said() -> None:
    found = found_of([*(f"2024-01-{1 + row % 28:02}" for row in range(40)), "unknown"])
    assert found.columns[0].missing
    assert found.notes == [
        "c: dates, with 1 cell of other text as missing, the first 'unknown' (--categorical c for categories)"
    ]


def test_many_categories_of_a_few_rows_each_are_kept_where_they_are_most_of_the_rows() -> None:
    country = [f"country {row % 150}" for row in range(750)]
    found = found_of(country, "c")
    assert len(found.columns[0].categories or ()) == 150
    # The same with as many rows of a text of their own.
    mixed = [*country, *(f"remark {row // 2}" for row in range(800))]
    assert found_of(mixed, "c").left_out == {"c": "text of 550 different values, most of them rare"}
    kept = found_of(mixed, "c", keep=["c"]).columns[0]
    assert (len(kept.categories or ()), kept.rare) == (150, True)


def test_what_keeps_text_that_is_left_out_is_said() -> None:
    [line] = summary_of_columns({"a, b": "text of 99 different values, most of them rare"}, [Column("n")])
    assert line.endswith(
        """(text of 99 different values, most of them rare) (--keep 'a, b' keeps what is frequent in it)"""
    )
    [line] = summary_of_columns({"a": "constant"}, [Column("n")])
    assert "--keep" not in line


def test_lists_of_codes_are_no_thousands() -> None:
    codes = ["212", "212 208", "307 646 208", "907"] * 15
    assert found_of(codes, "c").columns[0].categories == ("212", "212 208", "307 646 208", "907")
    pairs = [f"{one}{two}" for one in (212, 307, 646, 907) for two in ("", " 208")] * 5
    assert found_of(pairs, "c").columns[0].kind == "categorical"
    # Amounts of which a few are large, and one that is neither.
    for other in ([], ["1 250"]):
        amounts = [*(["500", "250 000", "700"] * 20), *(other * 20)]
        assert found_of(amounts, "c").columns[0].kind == "numeric"
    many = [" ".join(str(300 + code + place) for place in range(1 + code % 3)) for code in range(60)]
    assert found_of(many * 3, "c").columns[0].categories is not None
    for numbers in (["250 000", "310 000"] * 30, ["12 500", "1 234 567", "310 000", "212"] * 15):
        assert found_of(numbers, "c").columns[0].categories is None


def test_a_word_that_is_missing_among_many_numbers_is_missing_among_few() -> None:
    many = [str(row / 7) if row % 9 else "k.A." for row in range(ROWS)]
    few = [str(row % 4) if row % 5 else "k.A." for row in range(ROWS)]
    codes = [f"{row % 4 + 1}+" if row % 5 else "k.A." for row in range(ROWS)]
    table = Table({"many": many, "few": few, "text": codes}, "t.csv")
    found = inferred(table, ["few", "many", "text"])
    assert [column.kind for column in found.columns] == ["numeric", "numeric", "categorical"]
    assert sum("cells of text as missing, the first 'k.A.'" in note for note in found.notes) == 2
    # Alone it may be anything, and what has a digit may be a number that is open to one side.
    assert found_of(few).columns[0].kind == "categorical"
    open_ended = [str(row + 10) if row % 15 else "50+" for row in range(ROWS)]
    few = [str(row % 4) if row % 5 else "50+" for row in range(ROWS)]
    found = inferred(Table({"many": open_ended, "few": few}, "t.csv"), ["few", "many"])
    assert [column.kind for column in found.columns] == ["categorical", "numeric"]
    chosen = inferred(table, ["few", "many"], ColumnChoices(categorical=("few",)))
    assert [column.kind for column in chosen.columns] == ["categorical", "numeric"]
