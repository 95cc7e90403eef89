"""Names of classes and columns in C: as comments, as strings and as identifiers, whatever they hold."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from hyperborn.printable import printable

LONGEST = 60
"""Characters of a name in a comment, and of one in an identifier."""


def comment(text: str) -> str:
    """Text for the inside of a comment: on one line, and without what could end it or be a trigraph.

    Letters and digits of all scripts stay as they are; of the rest, what ASCII has.
    """
    line = printable(text).replace("\\", "/")
    shown = "".join(mark if mark.isascii() or mark.isalnum() else "?" for mark in line)
    shown = re.sub(r"\?(?=\?)", "? ", shown).replace("*/", "* /").replace("/*", "/ *")
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}..."


def string(text: str) -> str:
    """A string literal of the text in UTF-8: everything but plain ASCII is written as octal digits.

    Half a surrogate pair, which UTF-8 cannot hold, is its escape.
    """
    plain = {*range(32, 127)} - {*b'"\\?'}
    written = text.encode(errors="backslashreplace")
    return '"' + "".join(chr(byte) if byte in plain else f"\\{byte:03o}" for byte in written) + '"'


def word(text: str) -> str:
    """Letters, digits and underscores of the text, in capitals; empty if nothing is left."""
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Z0-9]+", "_", folded.upper()).strip("_")[:LONGEST]


def identifiers(texts: Iterable[str], *, prefix: str, otherwise: str, taken: Sequence[str] = ()) -> list[str]:
    """A different identifier for each text: the prefix and the text's own letters, or `otherwise` and a number."""
    found: list[str] = []
    used = set(taken)
    for place, text in enumerate(texts):
        name = f"{prefix}{word(text) or f'{otherwise}_{place}'}"
        number = 2
        own = name
        while own in used:
            own, number = f"{name}_{number}", number + 1
        used.add(own)
        found.append(own)
    return found


def indented(lines: Iterable[str]) -> str:
    return "\n".join(f"    {line}" if line else "" for line in lines)
