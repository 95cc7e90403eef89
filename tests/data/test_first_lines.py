"""What separates fields, and the lines of a text that are neither names of columns nor data."""

import pytest

from hyperborn.data.first_lines import found_first_lines, without_lines
from hyperborn.data.tables import read_table


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a;b,c\n1;2,5\n", ";"),
        ("a|b\n1|2\n", "|"),
        ("a\tb\n1 , 2\t3\n", "\t"),
        ("a\n1\n", ","),
        ('"a;b",c\n1,2\n', ","),
        ("sep=,\na,b;c\n1,2\n", ","),
        ('"sep=;"\r\na;b,c\r\n1,5;2,5\r\n', ";"),
        ("SEP=\t\na\tb\n1\t2\n", "\t"),
        ("sep=^\na^b\n1^2\n", "^"),
    ],
)
def test_delimiters(text: str, delimiter: str) -> None:
    found = found_first_lines(text.encode(), "t", header=True)
    assert (found.delimiter, found.header, found.notes) == (delimiter, None, ())


def test_lines_are_emptied_and_keep_their_numbers() -> None:
    assert without_lines(b"a\r\nb\nc\rd", 2, 4) == b"a\r\n\n\nd"
    assert without_lines(b"a\nb", 1, 2) == b"\nb"
    assert without_lines(b"a\nb", 2, 3) == b"a\n\n"


def test_the_line_by_which_excel_says_what_separates(written, refused) -> None:
    path = written("\ufeffsep=;\r\nname;size\r\nx;1,5\r\ny;2,5\r\n")
    table = read_table(path)
    assert list(table.columns) == ["name", "size"]
    assert table.columns["size"].tolist() == [1.5, 2.5]
    assert len(read_table(path, header=False)) == 3
    with refused("line 4: 1 fields, the header has 2"):
        read_table(written("sep=;\nname;size\nx;1,5\ny\n"))
    # A column of this name is one.
    assert list(read_table(written("sep=a,b\n1,2\n")).columns) == ["sep=a", "b"]


@pytest.mark.parametrize("separator", [" ", "\t", ","])
@pytest.mark.parametrize("quote", ['"', ""])
def test_row_names_without_a_name_as_r_writes_them(written, separator: str, quote: str) -> None:
    rows = [["mpg", "cyl", "kind"], ["Mazda RX4" if quote else "Mazda", "21.5", "6", "a"], ["Datsun", "22.8", "4", "b"]]
    text = "".join(separator.join(f"{quote}{cell}{quote}" for cell in row) + "\n" for row in rows)
    table = read_table(written(text, "table.txt"))
    assert {name: values.tolist() for name, values in table.columns.items()} == {
        "mpg": [21.5, 22.8],
        "cyl": [6, 4],
        "kind": ["a", "b"],
    }
    assert table.left_out == {"Unnamed: 0": "an index without a name"}
    assert read_table(written(text, "table.txt"), keep=["Unnamed: 0"]).columns["Unnamed: 0"][1] == "Datsun"


def test_a_header_in_two_lines_without_a_name_for_row_names(written, refused) -> None:
    text = '\n"a\nb","c"\n\n' + "".join(f"x{row},{row},2\n" for row in range(60))
    assert list(read_table(written(text)).columns) == ["a\nb", "c"]
    with refused("line 65: 2 fields, the header has 3"):
        read_table(written(f"{text}z,5\n"))


def test_separators_at_the_ends_of_all_lines_but_the_header(written) -> None:
    table = read_table(written("a,b\n1,2,\n1,4,\n"))
    assert {name: values.tolist() for name, values in table.columns.items()} == {"a": [1, 1], "b": [2, 4]}


def test_first_fields_that_repeat_are_no_row_names(written, refused) -> None:
    with refused("line 2: 3 fields, the header has 2"):
        read_table(written("a,b\n1,2,3\n1,4,5\n"))


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("Sales of 2023\na,b\n1,2\n3,4\n", "line 1 is no part of the table, and skipped: 'Sales of 2023'"),
        ("\nSales\n\nby region\na,b\n1,2\n3,4\n", "lines 2 to 4 are no part of the table, and skipped: 'Sales'"),
        ('"Sales\nof 2023"\na,b\n1,2\n3,4\n', "lines 1 to 2 are"),
        ("Sales, of 2023\na;b\n1;2,5\n3;4,5\n", "line 1 is"),
    ],
)
@pytest.mark.parametrize("header", [True, False])
def test_titles_above_the_header_are_skipped(written, text: str, note: str, *, header: bool) -> None:
    table = read_table(written(text), header=header)
    assert (list(table.columns), len(table)) == ((["a", "b"], 2) if header else (["x1", "x2"], 3))
    assert any(said.startswith(note) for said in table.notes)


def test_titles_that_a_spreadsheet_has_padded(written) -> None:
    text = "Sales,,\n,,\nregion,size,class\nx,1,yes\ny,,no\n"
    table = read_table(written(text))
    assert (list(table.columns), len(table)) == (["region", "size", "class"], 2)
    assert table.notes[0].startswith("lines 1 to 2 are no part of the table")


def test_lines_behind_titles_keep_their_numbers(written, refused) -> None:
    with refused("line 64: 1 fields, the header has 2"):
        read_table(written("Sales\n\na,b\n" + "1,2\n" * 60 + "3\n"))


@pytest.mark.parametrize(
    "text",
    [
        "only\n1\n\n2\n",
        "x,,\n1,2,3\n4,5,6\n",
        "name,,\nanna,,\nbob,1,2\ncarl,3,4\n",
    ],
)
def test_what_is_no_title(written, text: str) -> None:
    assert read_table(written(text)).notes == ()


def test_kinds_and_roles_below_the_header_are_skipped(written) -> None:
    """As Orange has them; a kind may be a list of values."""
    text = "name\tlegs\twinged\tkind\nstring\tc\tno yes\td\nmeta\t\t\tclass\nant\t6\tno\tinsect\n"
    for name in ("t.tab", "t.tab.gz"):
        table = read_table(written(text, name))
        assert table.columns["legs"].tolist() == [6]
        assert table.notes == ("lines 2 to 3 are kinds and roles of columns, as Orange writes them, and skipped",)
    assert len(read_table(written("name\tgrade\nd\tc\n\td\n", "grades.tsv"))) == 2


def test_a_remark_at_the_end_of_lines_does_not_move_the_columns(written, refused) -> None:
    rows = "".join(f"{row}.23,p,{row % 3},{'see below' if row == 4 else ''}\n" for row in range(1, 9))
    path = written(f"a,y,b\n{rows}")
    with refused("4 fields"):
        read_table(path)


def test_pairs_of_letters_and_marks_of_one_kind_are_data(written) -> None:
    assert len(read_table(written("u,v\nc,d\ni,i\nx,y\nz,w\n"))) == 4
