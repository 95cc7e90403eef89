"""Records of delimited text: both ways of looking at them agree, and say the same of faults."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.data import structure
from hyperborn.data.structure import counted_records, quickly_counted, records
from hyperborn.errors import UserError

SOUND = [
    ("a,b\n1,2\n", 2),
    ("a,b\r\n1,2\r\n3,4", 3),
    ("\n\na,b\n\n1,2\r\n\r\n", 2),
    ("a,b\n1,\n,2\n", 3),
]
RAGGED = ["a,b\n1\n", "a,b\n1,2,3\n", "a,b\n,\n", "a,b\n , \n", "a,b\r\n,\r\n"]
NOT_SOUND = [
    *RAGGED,
    "a,b\n1\n",
    "a,b\n1,2,3\n",
    "a,b\n,\n",
    "a,b\n , \n",
    "a,b\r\n,\r\n",
    'a,b\n"1",2\n',
    "a,b\r1,2\r",
    "a,b\n  \n",
]


@pytest.mark.parametrize(("text", "count"), SOUND)
@pytest.mark.parametrize("at_once", [1, 4, 2**24])
def test_sound_lines_are_counted_as_bytes(monkeypatch, text: str, count: int, at_once: int) -> None:
    monkeypatch.setattr(structure, "AT_ONCE", at_once)
    assert quickly_counted(text.encode(), ",", 2) == count
    assert len(list(records(text.encode(), ",", "t"))) == count


@pytest.mark.parametrize("text", NOT_SOUND)
@pytest.mark.parametrize("at_once", [1, 4, 2**24])
def test_other_lines_are_left_to_the_csv_module(monkeypatch, text: str, at_once: int) -> None:
    monkeypatch.setattr(structure, "AT_ONCE", at_once)
    assert quickly_counted(text.encode(), ",", 2) is None


@given(st.lists(st.lists(st.sampled_from(["", " ", "x", "é", "\r"]), max_size=3), max_size=5))
def test_what_is_counted_as_bytes_is_what_the_csv_module_counts(rows: list[list[str]]) -> None:
    text = "\n".join(",".join(row) for row in rows).encode()
    count = quickly_counted(text, ",", 2)
    found = [record for _, record in records(text, ",", "t")]
    sound = all(len(record) == 2 and any(cell.strip() for cell in record) for record in found)
    assert count is None or (sound and count == len(found))


def test_a_cell_over_the_limit_in_a_line_without_quotes(refused) -> None:
    text = b"a,b\n" + b"x" * 131_073 + b",1\n"
    assert quickly_counted(text, ",", 2) is None
    with refused("t, line 2", "field larger than field limit (131072)"):
        counted_records(text, ",", 2, "t")
    assert counted_records(b"a,b\n" + b"x" * 131_072 + b",1\n", ",", 2, "t") == 2


def test_the_first_five_faults_are_named_together(refused) -> None:
    with refused("t, line 2: 1 fields, the header has 2; mend the line, or remove it"):
        counted_records(b"a,b\n1\n2,3\n", ",", 2, "t")
    with refused("line 2: 1 fields", "line 4: 3 fields", "line 5: every field is empty; mend these lines"):
        counted_records(b"a,b\n1\n2,3\n4,5,6\n,\n", ",", 2, "t")
    with pytest.raises(UserError) as caught:
        counted_records(b"a,b\n" + b"1\n" * 9, ",", 2, "t")
    assert "line 6" in str(caught.value)
    assert "line 7" not in str(caught.value)
    assert "; and more; mend these lines" in str(caught.value)


def test_line_numbers_behind_quoted_line_breaks(refused) -> None:
    with refused("line 5: 1 fields"):
        counted_records(b'a,b\n"x\n\ny",1\n2\n', ",", 2, "t")


@given(st.lists(st.lists(st.text('ab,;\n" é', max_size=3), min_size=2, max_size=2), min_size=1, max_size=6))
def test_records_are_what_the_csv_module_wrote(rows: list[list[str]]) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows(rows)
    assert [record for _, record in records(buffer.getvalue().encode(), ",", "t")] == rows


def test_a_blank_behind_the_delimiter_does_not_spoil_quotes() -> None:
    assert [record for _, record in records(b'a, "b, c"\n', ",", "t")] == [["a", "b, c"]]
