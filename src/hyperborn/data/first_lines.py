"""The first lines of delimited text: what separates its fields, and lines that are neither names of columns nor data.

Lines that are skipped become empty ones, which no reader counts as records, so that lines keep their numbers.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

from hyperborn.data.numbers import like_number
from hyperborn.data.structure import BLANK, DELIMITERS, FEWEST_BETWEEN_BLANKS, SNIFFED, records, share_of_numbers
from hyperborn.errors import UserError
from hyperborn.printable import shown

SEPARATOR = re.compile(rb'"?sep=([^\w\s"]|\t)"?[ \t]*(?=\r?\n)', re.IGNORECASE)
"""The line by which Excel says what separates the fields of a file."""
LINE_END = re.compile(rb"\r\n|\n|\r")
FEWEST_FIELDS = 3
"""Fewest fields of records whose header may lack a name, or above which a title may be padded with empty fields."""
KINDS = frozenset(("c", "continuous", "d", "discrete", "s", "string", "t", "time"))
ROLES = frozenset(("", "class", "meta", "ignore", "i"))
"""What Orange writes below a header: the kind of each column, and then its role."""
MOSTLY = 0.5

Record = tuple[int, list[str]]
"""The number of its first line, and its fields."""


@dataclass(frozen=True)
class FirstLines:
    """What the first lines say of a text.

    Attributes:
        text: UTF-8, in which lines that are skipped are empty.
        delimiter: what separates fields.
        header: the fields of a header with a field fewer than the records below it, completed; then its line is empty
            in the text. None for any other.
        line: its number.
        notes: what was skipped.
    """

    text: bytes
    delimiter: str
    header: list[str] | None = None
    line: int = 1
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shape:
    """How a delimiter splits the first records: titles, which are no part of the table, and what follows.

    Attributes:
        titles: records above the table.
        table: the header and the records below it.
        header: the completed header, where it has a field fewer than the records; else None.
        is_equal: whether all of them have equally many fields, and more than one.
    """

    titles: Sequence[Record]
    table: Sequence[Record]
    header: list[str] | None
    is_equal: bool

    @property
    def score(self) -> tuple[bool, bool, float, int]:
        """What the best delimiter has most of: records of one length, no titles, numbers, fields."""
        fields = [record for _, record in self.table]
        width = len(self.header or next(iter(fields), ()))
        numbers = share_of_numbers(fields) if self.is_equal else 0.0
        return self.is_equal, self.is_equal and not self.titles, numbers, width


def found_first_lines(text: bytes, source: str, *, header: bool) -> FirstLines:
    """What separates the fields of a text, and the text without what stands above its table.

    The delimiter is what a first line such as ``sep=;`` says, or else splits the first records into equally many
    fields, or else into the most. Where several do, it is the one that leaves the largest share of numbers ("1,5;2,5"
    is two), and then the most fields. Blanks separate only what has no other delimiter.

    Skipped are titles: first lines of one field, alone or padded with empty ones, above records that all have more. A
    header with a field fewer than the records has no name for their first column, of row names that are all different
    (as R writes them), or for their last one, which is empty.
    """
    said = SEPARATOR.match(text)
    if said is not None:
        delimiter, text = said[1].decode(), without_lines(text, 1, 2)
        best = shape_by(delimiter, text, source, header=header)
    else:
        delimiter, best = best_delimiter(text, source, header=header)
    notes: list[str] = []
    if best.titles and best.is_equal:
        first, last = best.titles[0][0], best.table[0][0] - 1
        lines = f"line {first} is" if first == last else f"lines {first} to {last} are"
        notes.append(f"{lines} no part of the table, and skipped: {shown(best.titles[0][1][0].strip())}")
        text = without_lines(text, first, last + 1)
    if best.header is not None:
        line, end = best.table[0][0], best.table[1][0]
        return FirstLines(without_lines(text, line, end), delimiter, best.header, line, tuple(notes))
    if header and best.is_equal and len(best.table) > 3 and is_orange(best.table[1][1], best.table[2][1]):
        first, end = best.table[1][0], best.table[3][0]
        notes.append(f"lines {first} to {end - 1} are kinds and roles of columns, as Orange writes them, and skipped")
        text = without_lines(text, first, end)
    return FirstLines(text, delimiter, notes=tuple(notes))


def best_delimiter(text: bytes, source: str, *, header: bool) -> tuple[str, Shape]:
    """The delimiter of a text, and how it splits the first records."""
    best, found = DELIMITERS[0], Shape((), (), None, is_equal=False)
    score = (False, False, 0.0, 1)
    for delimiter in (*DELIMITERS, BLANK):
        try:
            shape = shape_by(delimiter, text, source, header=header)
        except UserError:
            continue  # this delimiter leaves a quote open; if all do, the error comes when the file is read
        if delimiter == BLANK and (
            score[-1] > 1 or not shape.is_equal or shape.titles or shape.score[-1] < FEWEST_BETWEEN_BLANKS
        ):
            continue
        if shape.score > score:
            best, found, score = delimiter, shape, shape.score
    return best, found


def shape_by(delimiter: str, text: bytes, source: str, *, header: bool) -> Shape:
    """How a delimiter splits the first records of a text."""
    found = list(islice(records(text, delimiter, source), SNIFFED))
    titles = list(takewhile(lambda record: len(record[1]) == 1, found))
    shape = shape_of(titles, found[len(titles) :], header=header)
    if titles and (len(titles) == len(found) or not shape.is_equal):
        # Then they are the header, or records of a single column.
        shape = shape_of([], found, header=header)
    if header and shape.is_equal and not titles:
        padded = list(takewhile(lambda record: is_padded_title(record[1]), found))
        below = found[len(padded) :]
        if padded and len(below) > 1 and all_named(below[0][1]):
            return shape_of(padded, below, header=header)
    return shape


def shape_of(titles: Sequence[Record], table: Sequence[Record], *, header: bool) -> Shape:
    """The shape of first records once it is known which are titles."""
    widths = [len(record) for _, record in table]
    if not widths:
        return Shape(titles, table, None, is_equal=False)
    if len(set(widths)) == 1:
        return Shape(titles, table, None, is_equal=widths[0] > 1)
    head, below = table[0][1], [record for _, record in table[1:]]
    if header and len(below) > 1 and len(head) + 1 >= FEWEST_FIELDS and set(widths[1:]) == {len(head) + 1}:
        if not any(record[-1].strip() for record in below):
            return Shape(titles, table, [*head, ""], is_equal=True)
        if are_row_names([record[0].strip() for record in below]) and is_mostly_filled(record[-1] for record in below):
            return Shape(titles, table, ["", *head], is_equal=True)
    return Shape(titles, table, None, is_equal=False)


def are_row_names(cells: Sequence[str]) -> bool:
    """Whether first fields without a name are names of rows: all different, and text or the numbers of the rows."""
    if len(set(cells)) < len(cells):
        return False
    numbered = [str(place + start) for start in (0, 1) for place in range(len(cells))]
    return cells in (numbered[: len(cells)], numbered[len(cells) :]) or not any(map(like_number, cells))


def is_mostly_filled(cells: Iterable[str]) -> bool:
    """Whether a column is no remark at the end of a few lines."""
    filled = [bool(cell.strip()) for cell in cells]
    return sum(filled) > MOSTLY * len(filled)


def is_padded_title(record: Sequence[str]) -> bool:
    """Whether a record has a value in its first field at most, of several."""
    return len(record) >= FEWEST_FIELDS and not any(cell.strip() for cell in record[1:])


def all_named(record: Sequence[str]) -> bool:
    """Whether every field of a record may be the name of a column."""
    return all(cell.strip() and not like_number(cell.strip()) for cell in record)


def is_orange(kinds: Sequence[str], roles: Sequence[str]) -> bool:
    """Whether two records are what Orange writes below a header; a kind may be a list of values instead."""
    known = sum(cell.strip() in KINDS for cell in kinds)
    return (
        known > MOSTLY * len(kinds)
        and "class" in map(str.strip, roles)
        and all(cell.strip() in ROLES for cell in roles)
    )


def without_lines(text: bytes, first: int, end: int) -> bytes:
    """The text with empty lines in place of those from `first` to before `end`, counted from 1."""
    ends = [0, *(found.end() for found in islice(LINE_END.finditer(text), end - 1))]
    stop = ends[end - 1] if end - 1 < len(ends) else len(text)
    return text[: ends[first - 1]] + b"\n" * (end - first) + text[stop:]
