import pytest

from hyperborn.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("$1_$4 [bold] a|b\\n", "$1_$4 [bold] a|b\\n"),
        ("two\nlines\tand\r\x0b\u2028more\xa0", "two lines and   more "),
        ("\x1b[31m\x07\x00", r"\x1b[31m\x07\x00"),
        ("\u202egnp.exe\udcff\ue000", r"\u202egnp.exe\udcff\ue000"),
        ("עברית می\u200cخواهم 日本", "עברית می\u200cخواهم 日本"),
    ],
)
def test_names_are_one_line_that_steers_nothing(text: str, shown: str) -> None:
    assert printable(text) == shown
