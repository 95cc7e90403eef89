"""Delimited text, by pandas: separators and decimal signs are found, and every error names the line."""

import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from hyperborn.data.columns_to_read import ColumnsToRead
from hyperborn.data.encodings import utf8
from hyperborn.data.first_lines import found_first_lines
from hyperborn.data.frames import object_array
from hyperborn.data.header import NO_HEADER, check_is_header, column_names, is_name_of_place, names_of_places
from hyperborn.data.labels import ZEROS_IN_FRONT
from hyperborn.data.missing import USUAL
from hyperborn.data.numbers import Decimal, WrittenNumbers, settled_decimal
from hyperborn.data.structure import BLANK, SNIFFED, counted_records, records
from hyperborn.data.tables import check_columns
from hyperborn.data.text_columns import TextColumn, Typed, notes_on_numbers, numbers_in, text_column, typed_columns
from hyperborn.errors import UserError

SAMPLED = 1000
"""Records looked at for the decimal sign, and beside the header."""
SAMPLED_VALUES = 50_000
"""Values among them that are looked at for the decimal sign, of at least 50 records."""
EXACT: dict[str, Any] = (
    {} if tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1) else {"float_precision": "round_trip"}
)
"""Before 3.1, pandas does not read the nearest number unless it is told so; from then on it warns if it is told."""
VALUES_AT_ONCE = 2**21
"""Values that pandas reads at once; what it makes of them takes some 50 bytes each."""


def read_delimited(
    content: bytes,
    source: str,
    selection: ColumnsToRead,
    *,
    encoding: str | None = None,
    header: bool = True,
    decimal: str | None = None,
    usual_decimal: str | None = None,
) -> tuple[Typed, ColumnsToRead]:
    """The selected columns, and the selection with names of the file's columns.

    They are float64 with NaN, or object arrays of text with None. The limits are those of `read_table`.

    Blank lines are ignored, and so are last columns with neither a name nor a value.

    Raises:
        UserError: for text that is not of the encoding, a first record that is no header, no rows, empty or ragged rows
            (the first five are named), or a broken quote.
    """
    text, notes = utf8(content, source, encoding)
    found = found_first_lines(text, source, header=header)
    text, delimiter = found.text, found.delimiter
    first = list(islice(records(text, delimiter, source), SAMPLED))
    if not first:
        raise UserError(f"{source} is empty; its first line must name the columns")
    line, head = first[0] if found.header is None else (found.line, found.header)
    check_columns(len(head), source)
    # Names that a file without a header was given before are no data.
    header = header or has_names_of_places(column_names(head), selection)
    # Whether the text still has it.
    with_header = header and found.header is None
    names = column_names(head) if header else names_of_places(len(head))
    rows = counted_records(text, delimiter, len(names), source) - with_header
    if not rows:
        raise UserError(f"{source} has a header but no rows; add examples below it")
    below = [record for _, record in first[with_header:]]
    if header:
        check_is_header(head, below, line, source)
    selection = selection.resolved(names, source)
    chosen = selection.chosen(names, source, place=f", line {line}", otherwise=f"; {NO_HEADER}")
    sample = sampled_numbers(below, names, chosen)
    sampled = settled_decimal(sample.values())
    known = sampled or as_decimal(decimal) or as_decimal(usual_decimal)
    reading = Reading(text, delimiter, with_header, tuple(names), known or ".", selection.known)
    raw = reading.columns(chosen, selection.text)
    typed = typed_columns(raw, text=selection.text, decimal=known, default="," if delimiter == ";" else ".")
    if typed.settled == "," != reading.decimal:
        # The first thousand records have no decimal comma, and a later one shows that their points separate thousands.
        reading = replace(reading, decimal=",")
        raw = reading.columns(chosen, selection.text)
        typed = typed_columns(raw, text=selection.text, decimal=",")
    settled = typed.settled or sampled
    if decimal is not None and settled not in (None, decimal):
        raise UserError(
            f"{source}: decimal={decimal!r}, and some of its numbers have a decimal "
            f"{'comma' if settled == ',' else 'point'}; leave decimal out (--decimal)"
        )
    typed.left_out.update(selection.dropped(names))
    typed.copied = reading.as_written(selection.copied)
    if header:
        without_empty_end(typed.columns, head)
    by_pandas = {
        name: written
        for name, written in sample.items()
        if name in typed.columns and not isinstance(raw[name], TextColumn) and written is not None
    }
    typed.notes = [*notes, *found.notes, *notes_on_numbers(by_pandas, reading.decimal, guessed=False), *typed.notes]
    return typed, selection


def has_names_of_places(names: Sequence[str], selection: ColumnsToRead) -> bool:
    """Whether the first record has the names that columns of an earlier file without a header were given.

    Those are the names of all its fields, or, of what is to be read, all but one: new data may have no target.
    """
    if selection.only is None:
        return list(names) == names_of_places(len(names))
    wanted = set(filter(is_name_of_place, selection.only))
    return bool(wanted.intersection(names)) and len(wanted.difference(names)) <= 1


def as_decimal(sign: str | None) -> Decimal | None:
    """A decimal sign that was given, which is checked."""
    return "," if sign == "," else None if sign is None else "."


def sampled_numbers(
    rows: Sequence[Sequence[str]], names: Sequence[str], chosen: Sequence[str]
) -> dict[str, WrittenNumbers | None]:
    """The numbers of the columns of a few records, if there are commas in them: without, points are decimal points."""
    rows = rows[: max(SNIFFED, SAMPLED_VALUES // len(names))]
    if not any("," in cell for row in rows for cell in row):
        return {}
    places = {name: place for place, name in enumerate(names)}
    return {name: numbers_in(text_column(object_array([row[places[name]] for row in rows]))) for name in chosen}


def without_empty_end(columns: dict[str, np.ndarray], header: Sequence[str]) -> None:
    """Remove last columns that have neither a name nor a value, as separators at the ends of lines make them."""
    for place in range(len(header) - 1, 0, -1):
        values = columns.get(f"Unnamed: {place}")
        if header[place].strip() or values is None or values.dtype == object or not np.isnan(values).all():
            return
        del columns[f"Unnamed: {place}"]


@dataclass(frozen=True)
class Reading:
    """How pandas reads a text, whose records are known to be sound."""

    text: bytes
    delimiter: str
    header: bool
    names: tuple[str, ...]
    decimal: Decimal
    known: Mapping[str, Collection[str]]

    def columns(self, chosen: Sequence[str], text: Collection[str]) -> dict[str, np.ndarray | TextColumn]:
        """The chosen columns: float64 if all of a column are plain numbers or missing, else text as it is written."""
        numbers: dict[str, list[np.ndarray]] = {name: [] for name in chosen}
        texts = {name: TextColumn(self.known.get(name)) for name in chosen}
        for frame in self.frames(chosen, text) if chosen else ():
            for name, values in frame.items():
                add_piece(numbers, texts, str(name), values)
        # Of a column of numbers that has text further on, or of truth values, pandas has not kept the spelling.
        again = [name for name in chosen if name not in numbers and name not in texts]
        again += self.with_zeros_in_front([name for name, pieces in numbers.items() if all(map(are_digits, pieces))])
        texts.update({name: TextColumn() for name in again})
        for frame in self.frames(again, again) if again else ():
            for name, values in frame.items():
                texts[str(name)].add(*factorized(values))
        return {name: texts[name].finished() if name in texts else np.concatenate(numbers.pop(name)) for name in chosen}

    def with_zeros_in_front(self, names: Sequence[str]) -> list[str]:
        """Those of the columns of numbers that have digits with zeros in front, whose zeros pandas has not kept."""
        if not names or not self.has_zeros_in_front:
            return []
        found: set[str] = set()
        for frame in self.frames(names, names):
            for name, values in frame.items():
                if any(ZEROS_IN_FRONT.fullmatch(text.strip()) for text in factorized(values)[1]):
                    found.add(str(name))
        return [name for name in names if name in found]

    @cached_property
    def has_zeros_in_front(self) -> bool:
        """Whether digits with zeros in front may be a field somewhere, which is quickly seen in most files."""
        mark = re.escape(self.delimiter.encode())
        field = rb"[ \t\"]*0\d+[ \t\"]*([\r\n" + mark + b"]|$)"
        # One search for each beginning: of a choice between them the search would take five times as long.
        return any(re.search(before + field, self.text) for before in (mark, b"\n", b"\r", b"^"))

    def as_written(self, names: Sequence[str]) -> dict[str, np.ndarray]:
        """Columns as they are written, to the character, in the order of their names; equal texts are one object."""
        # A quote behind a blank opens a field, as it does where the other columns are read.
        skip = self.delimiter == BLANK or f'{self.delimiter} "'.encode() in self.text
        pieces: dict[str, list[np.ndarray]] = {name: [np.empty(0, dtype=object)] for name in names}
        for frame in self.frames(names, names, missing=(), skipinitialspace=skip) if names else ():
            for name, values in frame.items():
                codes, distinct = factorized(values)
                pieces[str(name)].append(object_array(distinct)[codes])
        return {name: np.concatenate(parts) for name, parts in pieces.items()}

    def frames(
        self,
        chosen: Sequence[str],
        text: Collection[str],
        *,
        missing: Collection[str] = USUAL,
        skipinitialspace: bool = True,
    ) -> Iterator[pd.DataFrame]:
        """The chosen columns as pandas reads them, so many rows at once; those of `text` as text."""
        wanted = frozenset(chosen)
        places = [place for place, name in enumerate(self.names) if name in wanted]
        # pyright takes the overload without chunks.
        reader: Any = pd.read_csv(
            io.BytesIO(self.text),
            sep=self.delimiter,
            decimal=self.decimal,
            header=0 if self.header else None,
            names=list(range(len(self.names))),
            usecols=places,
            index_col=False,
            dtype={place: str for place in places if self.names[place] in text},
            keep_default_na=False,
            # What is missing in a column of text depends on its categories, and is decided there.
            na_values={place: sorted(missing) for place in places if self.names[place] not in text},
            skipinitialspace=skipinitialspace,
            encoding="utf-8",
            low_memory=False,  # types are found for all rows of a piece at once
            chunksize=max(1, VALUES_AT_ONCE // len(self.names)),
            **EXACT,
        )
        with reader:
            for frame in reader:
                yield frame.set_axis([self.names[place] for place in frame.columns], axis=1)


def are_digits(numbers: np.ndarray) -> bool:
    """Whether numbers may all be spelt with digits alone."""
    present = numbers[~np.isnan(numbers)]
    return bool((present >= 0).all() and (present == np.floor(present)).all())


def add_piece(numbers: dict[str, list[np.ndarray]], texts: dict[str, TextColumn], name: str, values: pd.Series) -> None:
    """Add rows to a column of numbers or of text: to what it is by now.

    At first it may be either; both are forgotten where the column has to be read again, as text.
    """
    if name not in numbers and name not in texts:
        return
    kind = values.dtype.kind
    if kind in "iuf":
        piece = values.to_numpy(dtype=np.float64)
        if name in numbers:
            numbers[name].append(piece)
            if name in texts and not np.isnan(piece).all():
                del texts[name]
        elif not np.isnan(piece).all():
            del texts[name]
        if name in texts:
            texts[name].add(np.full(len(piece), -1), [])
        return
    numbers.pop(name, None)
    if name in texts:
        if kind == "b" or not is_text(values):
            del texts[name]
        else:
            texts[name].add(*factorized(values))


def is_text(values: pd.Series) -> bool:
    """Whether a column holds text or nothing: truth values beside missing ones are objects, too."""
    return values.dtype != object or pd.api.types.infer_dtype(values, skipna=True) in ("string", "empty")


def factorized(values: pd.Series) -> tuple[np.ndarray, list[str]]:
    """For each row the place of its text among the distinct ones, -1 where it is missing; and these."""
    codes, distinct = values.factorize()
    return codes, distinct.tolist()
