"""Records of delimited text, and whether each has as many fields as the header.

pandas reads the fields, and this file looks at the shape before, for pandas fills short records up without a word, and
counts lines wrongly behind a quoted line break. Text without quotes is looked at as bytes, whole lines at once; only
where that finds a fault, or quotes, does the csv module go through the records one by one, to name the line.
"""

import csv
import io
from collections.abc import Iterator, Sequence

import numpy as np

from hyperborn.data.numbers import like_number
from hyperborn.data.tables import MOST_CHARACTERS, check_values
from hyperborn.errors import UserError

DELIMITERS = (",", ";", "\t", "|")
BLANK = " "
"""What separates fields where nothing else does, and all records have as many: one or more of them."""
FEWEST_BETWEEN_BLANKS = 3
"""Fewest columns between blanks: two words may be one cell."""
SNIFFED = 50
"""Records looked at to find the delimiter."""
FAULTS = 5
"""Faulty records that an error names."""
AT_ONCE = 2**20
"""Bytes of text looked at at once."""
LAST_BLANK = 32
"""Code of the last character that is white space or cannot be seen, in ASCII."""


def records(text: bytes, delimiter: str, source: str) -> Iterator[tuple[int, list[str]]]:
    """Line number (of the first line) and fields of each record of UTF-8 text that is not blank.

    Raises:
        UserError: for a broken quote, or a field of over 131,072 characters.
    """
    # Decoded piece by piece, which takes a fifth of the memory of `io.StringIO`.
    lines = io.TextIOWrapper(io.BytesIO(text), encoding="utf-8", newline="")
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    line = 1
    try:
        for record in reader:
            if record and not (len(record) == 1 and not record[0].strip()):
                yield line, record
            line = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{source}, line {line}: {error}; mend the line (is a quote left open?)") from error


def share_of_numbers(found: Sequence[Sequence[str]]) -> float:
    """The share of the fields of the first columns that are numbers."""
    cells = [cell.strip() for record in found for cell in record[:SNIFFED]]
    return sum(map(like_number, cells)) / len(cells)


def counted_records(text: bytes, delimiter: str, width: int, source: str) -> int:
    """How many records there are, the header included, each of which has so many fields, not all of them empty.

    Raises:
        UserError: naming the first lines that are otherwise, or for more values than a table may have.
    """
    count = quickly_counted(text, delimiter, width)
    if count is not None:
        check_values(count * width, source)
        return count
    count = 0
    faults: list[str] = []
    for line, record in records(text, delimiter, source):
        count += 1
        check_values(count * width, source)
        if len(record) != width:
            faults.append(f"line {line}: {len(record)} fields, the header has {width}")
        elif not any(cell.strip() for cell in record):
            faults.append(f"line {line}: every field is empty")
        if len(faults) > FAULTS:
            break
    if faults:
        more = "; and more" if len(faults) > FAULTS else ""
        remedy = "mend the line, or remove it" if len(faults) == 1 else "mend these lines, or remove them"
        raise UserError(f"{source}, {'; '.join(faults[:FAULTS])}{more}; {remedy}")
    return count


def quickly_counted(text: bytes, delimiter: str, width: int) -> int | None:
    """How many records there are, if there are no quotes and every line that is not blank is a sound record, or None.

    Blank lines must be empty, and lines end by a line feed, with or without a carriage return.
    """
    if b'"' in text or text.count(b"\r") != text.count(b"\r\n"):
        return None
    count = start = 0
    while start < len(text):
        end = text.rfind(b"\n", start, start + AT_ONCE) + 1 or text.find(b"\n", start + AT_ONCE) + 1 or len(text)
        codes = np.frombuffer(text, dtype=np.uint8, count=end - start, offset=start)
        ends = np.flatnonzero(codes == ord("\n"))
        starts = np.concatenate([[0], ends + 1])
        starts = starts[starts < len(codes)]
        lengths = np.diff(starts, append=len(codes))
        separators = codes == ord(delimiter)
        fields = np.add.reduceat(separators, starts, dtype=np.int64) + 1
        says = np.logical_or.reduceat((codes > LAST_BLANK) & ~separators, starts)
        blank = (lengths == 1) & (codes[starts] == ord("\n")) | (lengths == 2) & (codes[starts] == ord("\r"))
        if not ((says & (fields == width) & (lengths <= MOST_CHARACTERS)) | blank).all():
            return None
        count += int((~blank).sum())
        start = end
    return count
