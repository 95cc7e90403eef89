"""Delimited text, in the shapes in which people have it."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.data.structure import DELIMITERS
from hyperborn.data.tables import read_table
from hyperborn.data.text_columns import text_form


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(written, delimiter: str, end: str) -> None:
    lines = ["height,colour,n", "1.5,red,1", "", "2.5,blue,2", "   "]
    table = read_table(written(end.join(lines).replace(",", delimiter)))
    assert list(table.columns) == ["height", "colour", "n"]
    assert table.columns["height"].tolist() == [1.5, 2.5]
    assert table.columns["colour"].tolist() == ["red", "blue"]


@pytest.mark.parametrize("suffix", ["csv", "CSV", "tsv", "txt"])
def test_the_delimiter_is_found_whatever_the_suffix(written, suffix: str) -> None:
    assert list(read_table(written("a;b\n1;2\n", f"t.{suffix}")).columns) == ["a", "b"]


def test_byte_order_mark_quotes_and_line_breaks_in_fields(written) -> None:
    table = read_table(written('\ufeff"a","the ""b"" one"\n1,"x, y\nz"\n2,"w"\n'))
    assert list(table.columns) == ["a", 'the "b" one']
    assert table.columns['the "b" one'].tolist() == ["x, y\nz", "w"]


def test_a_comma_in_text_does_not_hide_the_semicolon(written) -> None:
    table = read_table(written("a;b\nx, y;1\nz, w;2\n"))
    assert table.columns["a"].tolist() == ["x, y", "z, w"]


def test_blanks_separate_what_nothing_else_does(written) -> None:
    """As statsmodels has tables, with names in single quotes."""
    table = read_table(written("'OBS' 'GPA'  'GRADE'\n1 2.66 0\n2   2.89 1\n"))
    assert {name: values.tolist() for name, values in table.columns.items()} == {
        "OBS": [1, 2],
        "GPA": [2.66, 2.89],
        "GRADE": [0, 1],
    }
    assert list(read_table(written("the first,the second one\nx y z,1\n")).columns) == ["the first", "the second one"]
    assert list(read_table(written("the city\nNew York\n")).columns) == ["the city"]
    assert list(read_table(written("the one city\nNew York\nSan Jose East\n")).columns) == ["the one city"]


def test_single_quotes_around_some_names_are_of_the_names(written) -> None:
    assert list(read_table(written("'a',b\n1,2\n")).columns) == ["'a'", "b"]
    assert list(read_table(written("'a','b'\n1,2\n")).columns) == ["a", "b"]


def test_one_column(written) -> None:
    assert read_table(written("only\n1\n\n2\n")).columns["only"].tolist() == [1, 2]


def test_decimal_commas_between_semicolons(written) -> None:
    text = "a;b;c;d\n1,5;2; -,25 ;x, y\n?;3;1,5e1;1,5\n"
    table = read_table(written(text))
    np.testing.assert_array_equal(table.columns["a"], [1.5, np.nan])
    assert [table.columns[name].tolist() for name in "bcd"] == [[2, 3], [-0.25, 15], ["x, y", "1,5"]]
    assert table.decimal == ","


@pytest.mark.parametrize(
    ("text", "numbers", "decimal"),
    [
        ("a\tb\n1,5\tx, y\n2\tz\n", [1.5, 2], ","),
        ("a;b\n1.000;2\n1,5;3\n", [1000, 1.5], ","),
        ("a;b\n1.234;2,5\n5.678;3\n", [1234, 5678], ","),
        ("a;b\n1.234;2\n5.678;3\n", [1.234, 5.678], "."),
        ("a;b\n1,000,000;2\n2,500;3\n", [1_000_000, 2500], "."),
        ("a;b\n1,200;2\n950;3\n", [1.2, 950], ","),
        ("a;b\n1,200;2.5\n950;3\n", [1200, 950], "."),
        ('a,b\n"1,200",2\n950,3\n', [1200, 950], "."),
        ('a,b\n"1,2",2\n950,3\n', [1.2, 950], ","),
        ("a;b\n1,5;2.25\n2;3.5\n", [1.5, 2], "."),
    ],
)
def test_what_commas_and_points_mean(written, text: str, numbers: list[float], decimal: str) -> None:
    """The columns of a file settle it for each other; where none does, semicolons stand for a decimal comma."""
    table = read_table(written(text))
    assert table.columns["a"].tolist() == numbers
    assert table.decimal == decimal


def test_a_decimal_sign_that_is_known_settles_what_the_file_does_not(written) -> None:
    path = written("a;b\n1,234;x\n")
    assert [read_table(path, decimal=sign).columns["a"][0] for sign in (None, ".", ",")] == [1.234, 1234, 1.234]
    assert "could be thousands as well (decimal='.' or --decimal '.' for that)" in read_table(path).notes[0]
    assert not any("could be" in note for note in read_table(path, decimal=".").notes)
    assert [read_table(path, usual_decimal=sign).columns["a"][0] for sign in (".", ",")] == [1234, 1.234]
    assert read_table(path, decimal=",", usual_decimal=".").columns["a"][0] == 1.234
    points = written("a\n1.234\n")
    assert [read_table(points, decimal=sign).columns["a"][0] for sign in (None, ".", ",")] == [1.234, 1.234, 1234]


def test_a_decimal_sign_that_is_given_and_another_one_in_the_file(written, refused) -> None:
    for text, sign, own in (("a,b\n1.5,2\n", ",", "point"), ('a,b\n"1,5",2\n', ".", "comma")):
        with refused(f"decimal={sign!r}", f"a decimal {own}", "leave decimal out (--decimal)"):
            read_table(written(text), decimal=sign)
    # Earlier files are no reason to refuse this one.
    assert read_table(written("a,b\n1.5,2\n"), usual_decimal=",").columns["a"].tolist() == [1.5]


def test_a_decimal_comma_far_down_changes_what_points_mean_further_up(written) -> None:
    table = read_table(written("a;b\n" + "1.234;7\n" * 1500 + "1;7,5\n"))
    assert (table.columns["a"][0], table.columns["b"][-1], table.decimal) == (1234, 7.5, ",")


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("end", [",", ", ,"])
def test_delimiters_at_the_end_of_every_line_are_no_column(written, delimiter: str, end: str) -> None:
    text = f"a,b{end}\n1,{end}\n2,5{end}\n".replace(",", delimiter)
    table = read_table(written(text))
    assert list(table.columns) == ["a", "b"]
    np.testing.assert_array_equal(table.columns["b"], [np.nan, 5])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["is empty"]),
        ("\n \n", ["is empty"]),
        ("a,b\n", ["no rows"]),
        ("1,2\n3,4\n", ["line 1", "header"]),
        ("a,b\n1,2,\n", ["line 2", "3 fields"]),
        ("a,b,\n1,2,\n,,\n", ["line 3", "every field is empty"]),
        ("a,b,a\n1,2,3\n", ["line 1", "'a' is named twice"]),
        ("a,b\n1,2\n\n3\n", ["line 4", "1 fields", "2"]),
        ("a,b\n1,2,3\n", ["line 2", "3 fields"]),
        ("a,b\n1,2\n,\n", ["line 3", "every field is empty"]),
        ('a,b\n1,2\n"3,4\n5,6\n', ["line 3", "quote"]),
        ('a,b\n"x\ny",2\n3\n', ["line 4", "1 fields"]),
    ],
)
def test_faults_name_their_line(refused, written, text: str | bytes, said: list[str]) -> None:
    with refused("table.csv", *said):
        read_table(written(text))


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"]), min_size=1, max_size=6)


@given(st.lists(st.tuples(words, st.floats(allow_nan=False, allow_infinity=False)), min_size=1, max_size=8))
def test_what_the_csv_module_writes_is_read_back(tmp_path_factory, rows: list[tuple[str, float]]) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([("text", "number"), *((f"t{word}", repr(number)) for word, number in rows)])
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    path.write_bytes(buffer.getvalue().encode())
    table = read_table(path)
    # Marks that are written apart from their letter are composed.
    assert table.columns["text"].tolist() == [text_form(f"t{word}") for word, _ in rows]
    np.testing.assert_array_equal(table.columns["number"], [number for _, number in rows])


@pytest.mark.parametrize("at_once", [1, 4, 7, 2**21])
def test_columns_are_what_all_of_their_cells_say_however_many_are_read_at_once(written, monkeypatch, at_once) -> None:
    monkeypatch.setattr("hyperborn.data.delimited.VALUES_AT_ONCE", at_once)
    rows = [
        ("1", "", "TRUE", "x", "1.0", "007"),
        ("2.50", "", "false", "1.0", "", "7"),
        ("", "NA", "TRUE", "", "2", "NA"),
        ("x", "", "", "2.0", "-", "1E2"),
        ("3.0", "", "True", "x", "4", "9007199254740993"),
    ]
    table = read_table(written("a,b,c,d,e,f\n" + "".join(f"{','.join(row)}\n" for row in rows)), text=["f"])
    assert table.columns["a"].tolist() == ["1", "2.50", None, "x", "3.0"]
    assert np.isnan(table.columns["b"]).all()
    assert table.columns["c"].tolist() == ["TRUE", "false", "TRUE", None, "True"]
    assert table.columns["d"].tolist() == ["x", "1.0", None, "2.0", "x"]
    np.testing.assert_array_equal(table.columns["e"], [1, np.nan, 2, np.nan, 4])
    assert table.columns["f"].tolist() == ["007", "7", None, "1E2", "9007199254740993"]
    assert table.text == {"f"}


def test_whole_numbers_of_any_size(written) -> None:
    table = read_table(
        written("a,b,c\n18446744073709551615,1,123456789012345678901234567890\n-1,9223372036854775808,2\n")
    )
    assert table.columns["a"].tolist() == [2.0**64, -1]
    assert table.columns["b"].tolist() == [1, 2.0**63]
    assert table.columns["c"].tolist() == [123456789012345678901234567890.0, 2]


def test_a_missing_value_alone_in_its_line(written) -> None:
    np.testing.assert_array_equal(read_table(written('a\n1\n""\n2\n')).columns["a"], [1, np.nan, 2])


@pytest.mark.parametrize("name", ["t.csv", "t.tab"])
def test_columns_without_a_name_or_values_in_the_middle_are_kept(written, name: str) -> None:
    table = read_table(written("a,,b,\n1,,2,\n3,,4,\n", name))
    assert list(table.columns) == ["a", "Unnamed: 1", "b"]
    assert np.isnan(table.columns["Unnamed: 1"]).all()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
def test_numbers_are_read_to_the_last_bit(tmp_path_factory, values: list[float]) -> None:
    path = tmp_path_factory.mktemp("exact") / "t.csv"
    for decimal in (".", ","):
        lines = [f"{value!r};x{row}\n" for row, value in enumerate([*values, 0.5])]
        path.write_text("number;b\n" + "".join(lines).replace(".", decimal), encoding="utf-8")
        np.testing.assert_array_equal(read_table(path).columns["number"], [*values, 0.5])


SHARED = {
    "abalone19": (3130, ["x1", "class"], {}),
    "elements": (88, ["symbol", "name", "CPK", "ion radius", "metal", "year discovered", "atomic mass"], {}),
    "heart": (227, ["gender", "chest pain", "rest ECG", "thal", "slope peak exc ST"], {}),
    "mtcars": (24, [], {"Unnamed: 0": "an index without a name"}),
    "penguins_raw": (258, ["studyName", "Species", "Individual ID", "Date Egg", "Sex", "Comments"], {}),
    "starwars": (65, ["name", "hair_color", "sex", "species"], {}),
    "titanic": (984, ["name", "class", "sex"], {}),
}
"""Of tables that are not part of the project: rows, some columns of text, what is left out."""


@pytest.mark.parametrize("name", sorted(SHARED))
def test_real_tables(reference, name: str) -> None:
    rows, text, left_out = SHARED[name]
    path = reference / "tables" / f"{name}-train.csv"
    table = read_table(path)
    assert len(table) == rows
    assert [column for column in text if table.columns[column].dtype != object] == []
    assert table.left_out == left_out
    lines = path.read_text(encoding="utf-8").splitlines()
    expected = list(csv.DictReader(lines, delimiter="\t" if name == "heart" else ","))
    for column, values in table.columns.items():
        for value, row in zip(values.tolist(), expected, strict=True):
            cell = row[column].strip()
            if cell in ("", "NA", "?", "-", "."):
                assert value is None or np.isnan(value)
            else:
                assert value == (cell if values.dtype == object else float(cell))


def test_what_real_tables_say_of_themselves(reference) -> None:
    heart, elements = (read_table(reference / "tables" / f"{name}-train.csv") for name in ("heart", "elements"))
    assert heart.notes == ("missing values: '?' (major vessels colored, thal)",)
    assert heart.columns["major vessels colored"].dtype == np.float64
    assert "Na" in read_table(reference / "tables" / "elements-test.csv").columns["symbol"]
    assert elements.columns["group"].dtype == np.float64
    hair = set(read_table(reference / "tables" / "starwars-train.csv").columns["hair_color"])
    assert {"none", None, "brown"} <= hair


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_codes_are_found_in_any_record(written, delimiter: str, quote: str) -> None:
    """Read as a number, 02139 has lost its zero; and so had all of the records before."""
    cells = [f"{row % 90 + 10}" for row in range(3000)] + ["007", "1"]
    lines = [f"{quote}{cell}{quote}{delimiter}{row}" for row, cell in enumerate(cells)]
    table = read_table(written("code" + delimiter + "n\n" + "\n".join(lines)))
    assert table.categories == {"code"}
    assert table.columns["code"].tolist() == cells
    assert table.columns["n"].dtype == np.float64


def test_zeros_in_front_of_numbers_are_no_codes(written) -> None:
    table = read_table(written('a,b,c\n007,0.5,"x, 007, y"\n12.5,1,z\n-03,0,z\n'))
    assert table.categories == frozenset()
    np.testing.assert_array_equal(table.columns["a"], [7, 12.5, -3])


def test_known_categories_are_read_as_such(written) -> None:
    path = written("test,country,n\n-,NA,1\n-,DE,NA\n")
    known = {"test": ("+", "-"), "country": ("DE", "NA")}
    table = read_table(path, known=known)
    assert [table.columns[name].tolist() for name in known] == [["-", "-"], ["NA", "DE"]]
    np.testing.assert_array_equal(table.columns["n"], [1, np.nan])
    assert read_table(path, only=["country"]).columns["country"].tolist() == [None, "DE"]
