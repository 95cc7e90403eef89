"""Delimited text with a header line: the delimiter is inferred, and every error names the line."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from hyperborn.data.labels import first_repeated, parsed_number
from hyperborn.data.tables import MISSING, MOST_BYTES, check_columns, check_values
from hyperborn.errors import UserError
from hyperborn.storage import read_bounded

DELIMITERS = (",", ";", "\t", "|")
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
SNIFFED = 50
"""Records looked at to find the delimiter."""


def read_delimited(path: Path, wanted: Callable[[list[str]], list[str]] = list) -> dict[str, np.ndarray]:
    """Columns of text (object arrays of str) by name. `wanted` picks from all the names those to read.

    Blank lines are ignored, and so are last columns with neither a name nor a value. Where semicolons separate the
    fields, a decimal comma is read as a decimal point. The limits are those of `read_table`.

    Raises:
        UserError: for what is not a regular file, one over a limit, text that is not UTF-8, no or a faulty header, no
            rows, an empty or ragged row, a broken quote.
    """
    text = utf8(path)
    delimiter = found_delimiter(text, path)
    (header_line, header), *lines = without_empty_end(list(counted_records(text, delimiter, path))) or [(1, [])]
    names = [name.strip() for name in header]
    check_header(names, header_line, path)
    cells: list[list[str]] = []
    for line, record in lines:
        if len(record) != len(names):
            raise UserError(f"{path}, line {line}: {len(record)} fields, the header has {len(names)}; mend the line")
        if not any(cell.strip() for cell in record):
            raise UserError(f"{path}, line {line}: every field is empty; fill the line in or remove it")
        cells.append(record)
    if not cells:
        raise UserError(f"{path} has a header but no rows; add examples below it")
    table = np.asarray(cells, dtype=object)
    places = {name: place for place, name in enumerate(names)}
    columns = {name: table[:, places[name]] for name in wanted(names)}
    return {name: with_points(values) for name, values in columns.items()} if delimiter == ";" else columns


def without_empty_end(lines: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """The records without trailing columns that are empty in every line, the header included."""
    width = max((place for _, record in lines for place, cell in enumerate(record, 1) if cell.strip()), default=0)
    ragged = len({len(record) for _, record in lines}) > 1  # the checks of header and records name the line
    return lines if ragged or not width else [(line, record[:width]) for line, record in lines]


def with_points(values: np.ndarray) -> np.ndarray:
    """A column of text with decimal points for decimal commas, if every value is a number written so."""
    cells = [cell.strip() for cell in values]
    present = [cell for cell in cells if cell not in MISSING]
    # Points beside commas, or commas before three digits only, may separate thousands: such a column is left as it is,
    # and refused later with a request for plain numbers.
    with_comma = [cell for cell in present if "," in cell]
    if any("." in cell for cell in present) or all(THOUSANDS.fullmatch(cell) for cell in with_comma):
        return values
    if any(parsed_number(cell.replace(",", ".")) is None for cell in present):
        return values
    return np.asarray([cell.replace(",", ".") for cell in cells], dtype=object)


def utf8(path: Path) -> bytes:
    """The bytes of a file of UTF-8 text, at most `MOST_BYTES` of them."""
    content = read_bounded(path, MOST_BYTES, remedy="take fewer rows or columns")
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path}, line {line}: not UTF-8 text; save the file as UTF-8") from error
    return content


def counted_records(text: bytes, delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """As `records`, with a check that there are no more columns and values than a table may have."""
    values = 0
    for line, record in records(text, delimiter, path):
        if not values:
            check_columns(len(record), path)
        values += len(record)
        check_values(values, path)
        yield line, record


def records(text: bytes, delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number (of the first line) and fields of each record that is not blank."""
    # Decoded piece by piece, which takes a fifth of the memory of `io.StringIO`.
    lines = io.TextIOWrapper(io.BytesIO(text), encoding="utf-8-sig", newline="")
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    line = 1
    try:
        for record in reader:
            if record and not (len(record) == 1 and not record[0].strip()):
                yield line, record
            line = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{path}, line {line}: {error}; mend the line (is a quote left open?)") from error


def found_delimiter(text: bytes, path: Path) -> str:
    """The delimiter that splits the first records into the most columns, all of one width if any does."""
    best, best_score = DELIMITERS[0], (False, 1)
    for delimiter in DELIMITERS:
        try:
            widths = [len(record) for _, record in islice(records(text, delimiter, path), SNIFFED)]
        except UserError:
            continue  # this delimiter leaves a quote open; if all do, the error comes when the file is read
        if widths and (score := (len(set(widths)) == 1 and widths[0] > 1, widths[0])) > best_score:
            best, best_score = delimiter, score
    return best


def check_header(names: list[str], line: int, path: Path) -> None:
    """Check that the first record names every column once.

    Raises:
        UserError: an empty file, a header of numbers, or a column without a name or with one that is taken.
    """
    if not names:
        raise UserError(f"{path} is empty; its first line must name the columns")
    if all(parsed_number(name) is not None for name in names):
        raise UserError(f"{path}, line {line}: numbers, not a header; the first line must name the columns")
    for place, name in enumerate(names):
        if not name:
            raise UserError(
                f"{path}, line {line}: column {place + 1} has no name; name it or remove it "
                "(pandas: to_csv(index=False))"
            )
    if (name := first_repeated(names)) is not None:
        raise UserError(f"{path}, line {line}: column {name!r} is named twice; rename one")
