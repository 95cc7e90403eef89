from typing import Any

import numpy as np
import pytest

from hyperborn.printable import printable, shown


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("$1_$4 [bold] a|b\\n", "$1_$4 [bold] a|b\\n"),
        ("two\nlines\tand\r\x0b\u2028more\xa0", "two lines and   more "),
        ("\x1b[31m\x07\x00", r"\x1b[31m\x07\x00"),
        ("\u202egnp.exe\udcff\ue000", r"\u202egnp.exe\udcff\ue000"),
        ("עברית می\u200cخواهم 日本", "עברית می\u200cخواهم 日本"),
    ],
)
def test_names_are_one_line_that_steers_nothing(text: str, line: str) -> None:
    assert printable(text) == line


class Unwilling:
    def __repr__(self) -> str:
        raise KeyError("no text")


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("a\nb", r"'a\nb'"),
        (np.zeros((2, 2)), "array([[0., 0.], [0., 0.]])"),
        ((1,) * 100, "(1," + " 1," * 65 + " 1 ..."),
        ([10**5000], "a value of type list that cannot be shown"),
        (Unwilling(), "a value of type Unwilling that cannot be shown"),
    ],
)
def test_any_value_is_one_short_line(value: Any, line: str) -> None:
    assert shown(value) == line
