import pytest

from hyperborn.errors import UserError, warning_on_failure
from hyperborn.report.plots import draw_all


def failing(error: BaseException) -> bytes:
    raise error


def test_what_cannot_be_drawn_is_a_line_and_the_others_are_drawn() -> None:
    notes: list[str] = []
    pictures = {
        "a.png": lambda: failing(ValueError("\n5_\n  ^\n\x1b[31m")),
        "b.png": lambda: b"drawn",
        "c.png": lambda: failing(UserError("no records to draw")),
        "d.png": lambda: failing(MemoryError("x" * 9999)),
    }
    assert draw_all(pictures, notes.append) == {"b.png": b"drawn"}
    assert notes[:2] == [
        r"a.png could not be drawn (ValueError:  5_   ^ \x1b[31m); everything else is saved",
        "c.png could not be drawn (no records to draw); everything else is saved",
    ]
    assert notes[2].startswith("d.png could not be drawn (MemoryError: xxx")
    assert len(notes[2]) < 400


def test_ctrl_c_is_no_failure() -> None:
    with pytest.raises(KeyboardInterrupt), warning_on_failure("a.png", pytest.fail):
        raise KeyboardInterrupt
