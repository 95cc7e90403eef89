"""Text files in the encodings in which people have them."""

import gzip

import pytest

from hyperborn.data import encodings
from hyperborn.data.tables import read_table

TEXT = "name,n\nZoé,1\nJörg,2\n"
NAMES = ["Zoé", "Jörg"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_is_found_without_a_note(written, encoding: str) -> None:
    table = read_table(written(TEXT.encode(encoding)))
    assert table.columns["name"].tolist() == NAMES
    assert table.notes == ()


@pytest.mark.parametrize("mark", ["utf-16-le", "utf-16-be", "utf-32-be"])
def test_the_other_byte_orders(written, mark: str) -> None:
    assert read_table(written(("\ufeff" + TEXT).encode(mark))).columns["name"].tolist() == NAMES


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_western_text_is_taken_for_what_is_not_utf_8_and_a_note_says_so(written, encoding: str) -> None:
    table = read_table(written(TEXT.encode(encoding)))
    assert table.columns["name"].tolist() == NAMES
    assert table.notes == (
        "line 2 is not UTF-8: the file is read as Western European (cp1252); encoding= (--encoding) says otherwise",
    )
    assert read_table(written("a,b\n“x”,1\n".encode("cp1252"))).columns["a"].tolist() == ["“x”"]
    # A byte that Windows leaves open.
    assert "latin-1" in read_table(written(b"a,b\nx\x81y,1\n")).notes[0]


def test_an_encoding_that_is_given(written, refused) -> None:
    path = written("名前,n\n太郎,1\n".encode("shift_jis"))
    assert read_table(path, encoding="shift_jis").columns["名前"].tolist() == ["太郎"]
    # What the file itself says goes before.
    assert read_table(written(TEXT.encode("utf-8-sig")), encoding="cp1252").columns["name"].tolist() == NAMES
    with refused("line 2", "not UTF-8 text", "--encoding cp1252"):
        read_table(written(TEXT.encode("cp1252")), encoding="utf-8")
    for unknown in ("nonsense", "base64", "undefined", "a\0b"):
        with refused("encoding=", "is unknown", "--encoding"):
            read_table(path, encoding=unknown)


def test_utf_16_without_a_mark(written, refused) -> None:
    path = written(TEXT.encode("utf-16-le"))
    with refused("line 1", "code 0", "--encoding utf-16"):
        read_table(path)
    assert read_table(path, encoding="utf-16-le").columns["name"].tolist() == NAMES


def test_damaged_text(written, refused) -> None:
    with refused("not UTF-16 text", "write it again"):
        read_table(written(TEXT.encode("utf-16")[:-1]))
    with refused("line 3", "not UTF-8 text"):
        read_table(written("\ufeffa,b\n1,2\n".encode() + b"\xff,3\n"))


def test_characters_that_lie_across_two_pieces(written, monkeypatch) -> None:
    monkeypatch.setattr(encodings, "AT_ONCE", 3)
    for encoding in ("utf-8", "utf-16", "cp1252"):
        assert read_table(written(TEXT.encode(encoding))).columns["name"].tolist() == NAMES


@pytest.mark.parametrize("name", ["t.csv.gz", "t.TSV.GZ", "t.txt.gz", "t.tab.gz", "t.csv"])
def test_gzip(written, name: str) -> None:
    assert read_table(written(gzip.compress(TEXT.encode()), name)).columns["name"].tolist() == NAMES


def test_damaged_or_endless_gzip(written, refused, monkeypatch) -> None:
    packed = gzip.compress(TEXT.encode())
    for faulty in (packed[:-9], packed[:12] + b"\xff" + packed[13:], packed[:4]):
        with refused("t.csv.gz is damaged", "write it again"):
            read_table(written(faulty, "t.csv.gz"))
    monkeypatch.setattr("hyperborn.data.tables.MOST_BYTES", 1000)
    with refused("unzipped", "over the limit of 1000 bytes", "fewer rows"):
        read_table(written(gzip.compress(b"a\n" + b"1\n" * 100_000), "t.csv.gz"))


def test_a_zero_in_a_file_of_text_is_damage_and_not_another_encoding(refused, written) -> None:
    for encoding in (None, "utf-8"):
        with refused("line 3", "a character of code 0, which is no text; the file is damaged there"):
            read_table(written(b"a,b\n1,2\n\0\0junk\n"), encoding=encoding)
