"""Numbers as people write them: a decimal point or comma, thousands, percent and currency signs, parentheses.

What a cell means depends on its column and its file: "1.234" is 1234 beside "1.234,5", and 1.234 beside "0.5". So the
cells of a column are read in both ways (`written_numbers`), and what only one way can read settles it for the file
(`settled_decimal`).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from hyperborn.data.labels import parsed_number

Decimal: TypeAlias = Literal[".", ","]

BLANKS = " \u00a0\u202f\u2009"
"""Blanks that group in thousands: plain, no-break, narrow no-break and thin."""
APOSTROPHES = "'\u2019"
GROUPED = r"[1-9]\d{0,2}([%s])\d{3}(?:\1\d{3})*"
"""Digits that one and the same sign groups in thousands."""
WITH_POINT = re.compile(rf"[+-]?{GROUPED % (',' + APOSTROPHES + BLANKS)}(?:\.\d*)?")
WITH_COMMA = re.compile(rf"[+-]?(?:(?:{GROUPED % ('.' + APOSTROPHES + BLANKS)}|\d+)(?:,\d*)?|,\d+)(?:[eE][+-]?\d+)?")
WITHOUT_COMMAS = str.maketrans(dict.fromkeys("," + APOSTROPHES + BLANKS))
WITHOUT_POINTS = str.maketrans(dict.fromkeys("." + APOSTROPHES + BLANKS) | {",": "."})
CODES_ONLY = re.compile(rf"\d{{3}}(?:[{BLANKS}]\d{{3}})*")
CODES = re.compile(f"[{BLANKS}]")
LEAST_LENGTHS, LEAST_OF_TWO = 3, 4
"""Different counts of groups from which three digits in front are no chance, and cells of each where there are two."""
MINUS = "\u2212"
"""The sign of mathematics, in place of a hyphen."""


@dataclass(frozen=True)
class WrittenNumbers:
    """Distinct cells as numbers, read in both ways.

    Attributes:
        point: the numbers with a decimal point; None if a cell is not written so. Thousands may be grouped, by commas,
            blanks or apostrophes.
        comma: the numbers with a decimal comma; None if a cell is not written so. Thousands may be grouped, by points,
            blanks or apostrophes.
        sign: the percent or currency sign that every cell has; empty for none.
        cells: as they are written.
        bare: the same without the sign.
    """

    point: list[float] | None
    comma: list[float] | None
    sign: str
    cells: Sequence[str]
    bare: Sequence[str]

    @property
    def settles(self) -> Decimal | None:
        """The decimal sign, where only one way can read the cells; None where both can."""
        if self.point is not None and self.comma is not None:
            return None
        return "." if self.comma is None else ","

    @property
    def is_ambiguous(self) -> bool:
        """Whether the two ways lead to different numbers."""
        return self.settles is None and self.point != self.comma

    def numbers(self, decimal: Decimal) -> list[float]:
        """The numbers with the decimal sign that the cells have, or else with that of their file."""
        chosen = self.comma if (self.settles or decimal) == "," else self.point
        assert chosen is not None
        return chosen

    def ways(self, decimal: Decimal, *, guessed: bool) -> Iterator[tuple[str, int]]:
        """Each unusual way in which the cells are written, with the place of the first that shows it.

        `guessed` says that nothing settled the decimal sign of the file.
        """
        own = self.settles or decimal
        comma, group = self.first_with(","), self.first_with(APOSTROPHES + BLANKS + ("." if own == "," else ""))
        negative = next((place for place, text in enumerate(self.cells) if "(" in text), None)
        if self.sign:
            yield "percent signs" if self.sign == "%" else "currency signs", 0
        if comma is not None and guessed and self.is_ambiguous:
            other, sign = ("a decimal comma", "','") if own == "." else ("thousands", "'.'")
            yield f"commas that could be {other} as well (decimal={sign} or --decimal {sign} for that)", comma
        elif comma is not None:
            yield "decimal commas" if own == "," else "thousands commas", comma
        if group is not None:
            yield f"{'points, ' if own == ',' else ''}blanks or apostrophes between thousands", group
        if negative is not None:
            yield "negative numbers in parentheses", negative

    def first_with(self, signs: str) -> int | None:
        """Place of the first cell with one of these characters."""
        return next((place for place, text in enumerate(self.bare) if any(sign in text for sign in signs)), None)


def written_numbers(cells: Sequence[str]) -> WrittenNumbers | None:
    """Distinct stripped cells, of which none is missing, as numbers; None if not every one is a number in one way.

    A percent or currency sign counts where every cell has the same one, in front or behind: "12 %" is 12.
    """
    sign = common_sign(cells)
    bare = [without_sign(cell, sign) for cell in cells] if sign else list(cells)
    if None in bare or is_list_of_codes(cells):
        return None
    texts = [text for text in bare if text is not None]
    point, comma = all_numbers(texts, with_point), all_numbers(texts, with_comma)
    if point is None and comma is None:
        return None
    return WrittenNumbers(point, comma, sign, cells, texts)


def is_list_of_codes(cells: Sequence[str]) -> bool:
    """Whether cells such as "212", "212 208" and "307 646 208" are lists of codes, and no thousands.

    Numbers of so different a size do not all begin with three digits.
    """
    lengths = Counter(len(CODES.split(cell)) for cell in cells if CODES_ONLY.fullmatch(cell))
    if lengths.total() < len(cells):
        return False
    return len(lengths) >= LEAST_LENGTHS or (len(lengths) == 2 and min(lengths.values()) >= LEAST_OF_TWO)


def all_numbers(texts: Sequence[str], read: Callable[[str], float | None]) -> list[float] | None:
    """Every text as this function reads it, or None from the first that it does not."""
    numbers = []
    for text in texts:
        number = read(text)
        if number is None:
            return None
        numbers.append(number)
    return numbers


def with_point(text: str) -> float | None:
    """The number of a text with a decimal point: "1,234.5" and "1 234.5" are 1234.5."""
    text = with_minus(text)
    number = parsed_number(text)
    if number is None and WITH_POINT.fullmatch(text):
        return float(text.translate(WITHOUT_COMMAS))
    return number


def with_comma(text: str) -> float | None:
    """The number of a text with a decimal comma: "1.234,5" and "1'234,5" are 1234.5."""
    text = with_minus(text)
    return float(text.translate(WITHOUT_POINTS)) if WITH_COMMA.fullmatch(text) else None


def with_minus(text: str) -> str:
    """A negative number with a hyphen in front, where accountants put it in parentheses: "(1,234)" is -1,234."""
    if text[:1] == "(" and text[-1:] == ")" and text[1:2] not in ("+", "-", MINUS, ""):
        return "-" + text[1:-1].strip()
    return text.replace(MINUS, "-", 1) if text.startswith(MINUS) else text


def like_number(cell: str) -> bool:
    """Whether a text is a number in some way of writing it, with or without a sign of percent or currency."""
    bare = without_sign(cell, common_sign([cell]))
    return bare is not None and (with_point(bare) is not None or with_comma(bare) is not None)


def common_sign(cells: Sequence[str]) -> str:
    """The percent or currency sign of the first cell; empty if it has none."""
    body = with_minus(cells[0]).lstrip("+-") if cells else ""
    for character in (body[:1], body[-1:]):
        if character and (character == "%" or unicodedata.category(character) == "Sc"):
            return character
    return ""


def without_sign(cell: str, sign: str) -> str | None:
    """The cell without this sign in front ("-$5", "$ -5", "($5)") or behind ("5 €"); None if it has none."""
    if not sign:
        return cell
    cell = with_minus(cell)
    minus = cell[:1] if cell[:1] in ("+", "-") else ""
    body = cell[len(minus) :]
    if sign != "%" and body.startswith(sign):
        return minus + body[1:].strip()
    return minus + body[:-1].strip() if body.endswith(sign) else None


def settled_decimal(found: Iterable[WrittenNumbers | None]) -> Decimal | None:
    """The decimal sign of a file, where some of its columns settle it, and all of these alike."""
    signs = {written.settles for written in found if written is not None}
    if "." in signs:
        return None if "," in signs else "."
    return "," if "," in signs else None
