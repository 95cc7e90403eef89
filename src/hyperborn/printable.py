"""Values and names from users as text of a message: on one line, cut where it is long, without control characters."""

import shlex
from typing import Any

JOINERS = "\u200c\u200d"
"""Characters that cannot be seen and belong to words of some scripts."""

LONGEST = 200
"""Characters of a value in a message."""


def printable(text: str) -> str:
    """The text with a blank for any kind of white space, and the code of any other character that cannot be seen."""
    return "".join(map(printable_character, text))


def printable_character(character: str) -> str:
    """One character as `printable` writes it."""
    if character.isprintable() or character in JOINERS:
        return character
    return " " if character.isspace() else repr(character)[1:-1]


def shown(value: Any) -> str:
    """A value that a user gave, as `repr` writes it: on one line, and cut after `LONGEST` characters."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - the code is that of the user's own class
        # Python itself writes no integers of more than 4,300 digits, and nothing that is nested too deeply.
        return f"a value of type {type(value).__name__} that cannot be shown"
    line = " ".join(printable(text).split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} ..."


def option_value(text: str) -> str:
    """Text as the value of an option that can be pasted into a shell."""
    return shlex.quote(text)
