"""Columns of text, and what they turn out to hold: numbers, or text with None where a value is missing.

A column is kept as its distinct texts and a code for each row, so that every text is looked at once, however many rows
have it. Dates stay text here: which texts are dates is decided where features are made.
"""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from hyperborn.data.labels import ZEROS_IN_FRONT, joined, label_spelling
from hyperborn.data.missing import DASH, MISSING, MISSING_NUMBERS, PLUS, USUAL, is_missing
from hyperborn.data.numbers import Decimal, WrittenNumbers, like_number, settled_decimal, written_numbers
from hyperborn.printable import option_value

MOSTLY = 0.5
"""Share of cells that are numbers from which a column of text is nearly numeric."""
NAMED = 6
"""Columns that a note names."""


def text_form(text: str) -> str:
    """A text as tables hold it: without white space at its ends, and composed (Unicode's NFC)."""
    stripped = text.strip()
    return stripped if stripped.isascii() else unicodedata.normalize("NFC", stripped)


class TextColumn:
    """Distinct texts in their order of appearance, and for each row the place of its text, -1 for none.

    `known` are the categories of earlier data, if there are any: these settle what is no missing value.
    """

    def __init__(self, known: Collection[str] | None = None) -> None:
        self.known = known
        self.texts: list[str] = []
        self.missing: set[str] = set()
        """Spellings of missing values that were met."""
        self.places: dict[str, int] = {}
        self.pieces: list[np.ndarray] = []

    def add(self, codes: np.ndarray, texts: Sequence[str]) -> None:
        """Add rows: places among these texts, which are as they were written; -1 for none."""
        places = np.asarray([*map(self.place, texts), -1], dtype=np.int32)
        self.pieces.append(places[codes])

    def finished(self) -> "TextColumn":
        """The column after its last row: a lone dash is missing, unless there is a plus as well.

        Where categories are known, it is among these that there is a dash or a plus: new data may have only some.
        """
        self.pieces = [np.concatenate(self.pieces)] if self.pieces else [np.empty(0, dtype=np.int32)]
        is_category = PLUS in self.places if self.known is None else DASH in self.known or PLUS in self.known
        if DASH in self.places and not is_category:
            self.codes[self.codes == self.places[DASH]] = -1
            self.missing.add(DASH)
        return self

    @property
    def has_codes(self) -> bool:
        """Whether the texts are codes: digits, some of them with zeros in front, such as post codes.

        Other text may be among them, but no number that is more than digits: beside "12.5" also "007" is a number.
        """
        has_zeros = any(ZEROS_IN_FRONT.fullmatch(text) for text in self.texts)
        return has_zeros and not any(like_number(text) and not text.isdecimal() for text in self.texts)

    @property
    def codes(self) -> Int[np.ndarray, " rows"]:
        """For each row the place of its text, -1 for none."""
        return self.pieces[0]

    def place(self, raw: str) -> int:
        """The place of a text, which is added if it is new; -1 for one that stands for a missing value."""
        found = self.places.get(raw)
        if found is None:
            text = text_form(raw)
            if text in MISSING and text not in (self.known or ()):
                self.missing.add(text)
                found = -1
            else:
                found = self.places.setdefault(text, len(self.texts))
                if found == len(self.texts):
                    self.texts.append(text)
            self.places[raw] = found
        return found

    def used(self) -> Int[np.ndarray, " texts"]:
        """How many rows have each text."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.texts))

    def as_text(self) -> np.ndarray:
        """The column as an object array of text, with None where a value is missing."""
        return np.asarray([*self.texts, None], dtype=object)[self.codes]

    def as_numbers(self, numbers: Mapping[str, float]) -> Float[np.ndarray, " rows"]:
        """The column with the number of each text, NaN for texts that have none."""
        return np.asarray([*(numbers.get(text, np.nan) for text in self.texts), np.nan], dtype=np.float64)[self.codes]


def text_column(values: np.ndarray, known: Collection[str] | None = None) -> TextColumn:
    """The column of an array of objects: text as it is, numbers in their shortest spelling."""
    import pandas as pd

    column = TextColumn(known)
    # Of other objects pandas takes those for one that are equal, such as 1 and True.
    if pd.api.types.infer_dtype(values, skipna=True) == "string":
        codes, distinct = pd.factorize(values)
        column.add(codes, distinct.tolist())
    else:
        texts: dict[str, int] = {}
        cells = values.tolist()
        places = [-1 if is_missing(cell) else texts.setdefault(spelling(cell), len(texts)) for cell in cells]
        column.add(np.asarray(places, dtype=np.int64), list(texts))
    return column.finished()


def text_of(values: np.ndarray) -> np.ndarray:
    """A column as text, None where a value is missing; of numbers the shortest spelling."""
    import pandas as pd

    if values.dtype == object:
        return values
    codes, distinct = pd.factorize(values)
    spelt = np.asarray([*(label_spelling(value) for value in distinct.tolist()), None], dtype=object)
    return spelt[codes]


def spelling(cell: object) -> str:
    """A cell that is not missing as text: text as it is, anything else in its shortest spelling."""
    return cell if isinstance(cell, str) else label_spelling(cell)


@dataclass
class Typed:
    """Columns once it is known what they hold, notes on how they were read, and the decimal sign of their numbers."""

    columns: dict[str, np.ndarray] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    decimal: Decimal = "."
    settled: Decimal | None = None
    """The decimal sign, where the texts settle it."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Columns that were not read, and why."""
    categories: frozenset[str] = frozenset()
    """Columns that are categories, though they may be spelt with digits."""
    copied: dict[str, np.ndarray] = field(default_factory=dict)
    """Columns as they are written, object arrays of text, whatever else they are read as."""


def typed_columns(
    raw: Mapping[str, np.ndarray | TextColumn],
    *,
    text: Collection[str] = (),
    categories: Collection[str] = (),
    decimal: Decimal | None = None,
    default: Decimal = ".",
) -> Typed:
    """What columns hold: those of text become numbers where every cell is a number or missing, and else stay text.

    Codes with zeros in front stay text, too, and are categories.

    Args:
        raw: arrays that are taken as they are, and columns of text.
        text: names of columns that stay text.
        categories: names of columns that stay text because their type says that they are categories.
        decimal: the decimal sign of numbers that can be read in two ways; what the columns themselves say goes first.
        default: the same where neither settles it.
    """
    texts = {name: column for name, column in raw.items() if isinstance(column, TextColumn)}
    by_type = frozenset(categories).intersection(texts)
    categories = by_type.union(name for name, column in texts.items() if column.has_codes)
    text = categories.union(text)
    # Columns that stay text settle the decimal sign as well: they may be read as numbers later.
    written = {name: numbers_in(column) for name, column in texts.items()}
    settled = settled_decimal(written.values())
    found = {name: numbers for name, numbers in written.items() if name not in text}
    guessed = any(numbers is not None and numbers.is_ambiguous for numbers in written.values())
    typed = Typed(settled=settled, decimal=settled or decimal or (default if guessed else "."), categories=categories)
    for name, column in raw.items():
        if not isinstance(column, TextColumn):
            typed.columns[name] = column
        elif (numbers := found.get(name)) is not None:
            cells = number_cells(column)
            typed.columns[name] = column.as_numbers(dict(zip(cells, numbers.numbers(typed.decimal), strict=True)))
        elif name not in text and not number_cells(column):
            typed.columns[name] = np.full(len(column.codes), np.nan)
        else:
            typed.columns[name] = column.as_text()
    numeric = {name: numbers for name, numbers in found.items() if numbers is not None}
    typed.notes += notes_on_numbers(numeric, typed.decimal, guessed=not (settled or decimal))
    typed.notes += note_on_missing(texts, [name for name in found if typed.columns[name].dtype != object])
    for name, column in texts.items():
        if name in found and typed.columns[name].dtype == object and (ways := mixed_numbers(column)):
            typed.notes.append(f"{name}: text, for numbers are written in more than one way, such as {ways}")
    return typed


def mixed_numbers(column: TextColumn) -> str:
    """Two cells that write numbers differently, of a column of text that is all numbers; else nothing."""
    cells = number_cells(column)
    if not cells or not all(map(like_number, cells)):
        return ""
    return " and ".join(map(repr, differing(cells)))


def number_cells(column: TextColumn) -> list[str]:
    """The texts of a column of numbers, without those that stand for missing ones."""
    return [text for text in column.texts if text.casefold() not in MISSING_NUMBERS]


def numbers_in(column: TextColumn) -> WrittenNumbers | None:
    """The numbers of a column, if every cell is one or missing."""
    cells = number_cells(column)
    # Most columns of text show at the first cell what they are.
    return written_numbers(cells) if cells and like_number(cells[0]) else None


def numbers_of_text(values: np.ndarray, decimal: Decimal, *, text_is_missing: bool) -> np.ndarray | None:
    """A column of text as numbers: see `Table.as_numbers`."""
    column = text_column(values)
    cells = number_cells(column)
    if text_is_missing:
        cells = [cell for cell in cells if like_number(cell)]
    if not cells:
        return None
    written = written_numbers(cells)
    if written is not None:
        return column.as_numbers(dict(zip(cells, written.numbers(decimal), strict=True)))
    if not text_is_missing:
        return None
    # Some ways of writing contradict each other, so each cell is read by itself.
    single = {cell: written_numbers([cell]) for cell in cells}
    return column.as_numbers({cell: one.numbers(decimal)[0] for cell, one in single.items() if one is not None})


def differing(cells: Sequence[str]) -> list[str]:
    """The first cell and the first that cannot be read in the same way."""
    other = next((cell for cell in cells if written_numbers([cells[0], cell]) is None), None)
    return [cells[0]] if other is None else [cells[0], other]


def notes_on_numbers(found: Mapping[str, WrittenNumbers], decimal: Decimal, *, guessed: bool) -> list[str]:
    """A note on each unusual way of writing numbers, with the columns that are written so and an example."""
    notes: dict[str, tuple[list[str], str]] = {}
    for name, written in found.items():
        for way, place in written.ways(decimal, guessed=guessed):
            example = f"{written.cells[place]!r} is {label_spelling(written.numbers(decimal)[place])}"
            notes.setdefault(way, ([], example))[0].append(name)
    return [
        f"{way}: {example} ({joined(names, NAMED)}; {options_of(names)} for text)"
        if "between thousands" in way
        else f"{way}: {example} ({joined(names, NAMED)})"
        for way, (names, example) in notes.items()
    ]


def options_of(names: Sequence[str]) -> str:
    """What makes columns categories, as it is typed; of many the first."""
    return " ".join(f"--categorical {option_value(name)}" for name in names[:NAMED])


def note_on_missing(texts: Mapping[str, TextColumn], numeric: Collection[str]) -> list[str]:
    """A note on the spellings of missing values that a person may have meant otherwise, with their columns."""
    spelt: dict[str, list[str]] = {}
    for name, column in texts.items():
        words = column.missing - USUAL
        if name in numeric:
            words |= {text for text in column.texts if text.casefold() in MISSING_NUMBERS and text != DASH}
        for word in sorted(words):
            spelt.setdefault(word, []).append(name)
    if not spelt:
        return []
    return ["missing values: " + ", ".join(f"{word!r} ({joined(names, NAMED)})" for word, names in spelt.items())]
