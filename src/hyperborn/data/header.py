"""The first record of delimited text: whether it names the columns, and what those are called that it does not name."""

import re
from collections.abc import Sequence
from itertools import pairwise

from hyperborn.data.labels import joined, parsed_number
from hyperborn.data.missing import MISSING
from hyperborn.data.numbers import like_number
from hyperborn.data.text_columns import text_form
from hyperborn.errors import UserError

MOSTLY = 0.5
"""Share of the cells of the first record that look like data from which it is no header."""
FEWEST_NUMBERED = 3
"""Fewest names that are numbers one after the other: years, or the numbers of pixels."""
QUOTED = re.compile("'[^']*'")
PLACE = re.compile(r"x[1-9]\d*")
NO_HEADER = "if the file has no header, give header=False (--no-header); else name the columns"


def column_names(header: Sequence[str]) -> list[str]:
    """Names of the columns of a header, stripped; one without a name is called ``Unnamed: k`` as in pandas, k from 0.

    Where every name stands between single quotes, these are none of the names. A name may stand there twice.
    """
    if all(QUOTED.fullmatch(cell.strip()) for cell in header):
        header = [cell.strip()[1:-1] for cell in header]
    return [text_form(cell) or f"Unnamed: {place}" for place, cell in enumerate(header)]


def names_of_places(width: int) -> list[str]:
    """Names of so many columns of a file without a header: x1, x2, ..."""
    return [f"x{place + 1}" for place in range(width)]


def is_name_of_place(name: str) -> bool:
    """Whether a column may be called so because its file had no header."""
    return bool(PLACE.fullmatch(name))


def check_is_header(header: Sequence[str], below: Sequence[Sequence[str]], line: int, source: str) -> None:
    """Check that the first record does not look like data; `below` are the next ones.

    A cell looks like data if it is a number above numbers, or a text that occurs below. Most cells must look so.
    Numbers one after the other do not, if a text or an empty cell is beside them (years) or they count from 0 (pixels).

    Raises:
        UserError: if it does.
    """
    header = [cell.strip() for cell in header]
    columns = list(zip(*below, strict=False))
    numbered = is_numbered([cell for cell in header if parsed_number(cell) is not None], len(header))
    like_data = []
    for place, cell in enumerate(header):
        values = [value.strip() for value in columns[place]] if place < len(columns) else []
        if like_number(cell):
            present = [value for value in values if value not in MISSING]
            like_data.append(all(map(like_number, present)) and not (numbered and parsed_number(cell) is not None))
        elif cell:
            like_data.append(cell in values)
    if sum(like_data) > MOSTLY * len(like_data):
        first = joined(map(repr, header), 4)
        raise UserError(f"{source}, line {line}: looks like data, not a header ({first}); {NO_HEADER}")


def is_numbered(numbers: Sequence[str], width: int) -> bool:
    """Whether the numbers among the names of so many columns are whole ones that follow each other, as years do."""
    values = [float(number) for number in numbers]
    if len(values) < FEWEST_NUMBERED or not all(value.is_integer() for value in values):
        return False
    steps = {after - before for before, after in pairwise(values)}
    return len(steps) == 1 and steps != {0.0} and (len(values) < width or (values[0] == 0 and steps == {1.0}))
