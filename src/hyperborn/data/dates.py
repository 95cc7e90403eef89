"""Columns of dates: told from text by their format, read by it, and taken apart into numbers.

The format is found once, when features are made, and kept with the column: what follows is read as that was, for a few
new rows such as 03/04/2024 do not say by themselves whether the day or the month comes first.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from hyperborn.data.text_columns import text_of
from hyperborn.printable import option_value

DATE_PARTS = ("year", "month", "day of the week", "days")
"""What a date becomes; days are those since 1970, with the time of day as a fraction."""

ISO, COMPACT = "ISO8601", "%Y%m%d"
DATE_FORMATS = (
    ISO,
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d %b %Y",
    "%b %d, %Y",
    "%b %d %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%m/%Y",
    "%b %Y",
    COMPACT,
)
"""Ways to write a date, as `datetime` names them, each with or without a time of day behind, and with months in full as
well. The one that fits most of a column is taken, and of equals the first: 03/04/2024 alone is March 4."""
OTHER_ORDER = {"%m/%d/%Y": "%d/%m/%Y", "%m/%d/%y": "%d/%m/%y", "%d-%m-%Y": "%m-%d-%Y"}
"""Formats, and those that come later and have the day and the month the other way round."""
TIMES = (" %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", " %H:%M:%S.%f", ", %H:%M:%S", ", %H:%M", ", %I:%M:%S %p")
MOSTLY_DATES = 0.95
SAMPLED = 1000
"""Rows, from all of a column, at which a format is tried first: most columns are no dates, and that is soon seen."""
LIKELY = 0.5
"""Share of these rows that has to fit."""

NAMES_OF_DATES = re.compile(
    # No candidates, no mandates, nothing that was validated.
    r"(?<!candi)(?<!man)(?<!vali)date|datum|fecha|(^|[^a-z])(day|dt|yyyymmdd)([^a-z]|$)",
    re.IGNORECASE,
)
"""Names of columns whose numbers, such as 20240131, are dates if they can be."""

PLACEHOLDERS = {"%Y": r"\d{4}", "%y": r"\d\d", "%b": "[A-Za-z]{3,9}"}
TIME = r"(,? \d{1,2}:\d\d.*)?"
ISO_SHAPE = r"\d{4}-\d{1,2}(-\d{1,2}([T ].+)?)?|\d{8}T\d{4,6}Z?"


def shape_of(date_format: str) -> re.Pattern[str]:
    """What texts of a format look like; pandas would take "today" for a date, and 202413 for January 3."""
    if date_format == ISO:
        return re.compile(ISO_SHAPE)
    if date_format == COMPACT:
        return re.compile(r"\d{8}")
    # Software writes 1.2.24 for versions, too, and no day of one digit beside a year of two.
    digits = r"\d\d" if date_format == "%d.%m.%y" else r"\d{1,2}"
    shape = re.escape(date_format)
    for placeholder in ("%Y", "%y", "%b", "%m", "%d"):
        shape = shape.replace(re.escape(placeholder), PLACEHOLDERS.get(placeholder, digits))
    return re.compile(shape + TIME)


SHAPES = {date_format: shape_of(date_format) for date_format in DATE_FORMATS}


@dataclass(frozen=True)
class FoundDates:
    """A column of dates: the dates (datetime64[s], NaT for none), their format and what is worth saying of it.

    A column whose type is that of dates has no format.
    """

    date_format: str | None
    dates: np.ndarray
    notes: tuple[str, ...] = ()


def found_dates(values: np.ndarray, name: str) -> FoundDates | None:
    """The dates of a column of text, or None where not nearly all of it are dates in one format.

    Numbers such as 20240131 are dates where the column is called so.
    """
    if values.dtype.kind == "M" or (values.dtype.kind == "f" and not may_be_compact(values, name)):
        return None
    codes, distinct = pd.factorize(text_of(values))
    present = codes[codes >= 0]
    if not len(present):
        return None
    texts = distinct.tolist()
    counts = np.bincount(present, minlength=len(texts))
    rows = present[np.linspace(0, len(present) - 1, min(SAMPLED, len(present))).astype(np.int64)]
    sampled, of_sampled = np.unique(rows, return_counts=True)
    sample = [texts[place] for place in sampled]
    shares: dict[str, float] = {}
    read: dict[str, np.ndarray] = {}
    for date_format in DATE_FORMATS:
        if date_format == COMPACT and not NAMES_OF_DATES.search(name):
            continue
        if of_sampled[fitting(sample, date_format)].sum() < LIKELY * len(rows):
            continue
        read[date_format] = dates_of_format(texts, date_format)
        shares[date_format] = float(counts[~np.isnat(read[date_format])].sum() / len(present))
    best = max(shares, key=lambda date_format: shares[date_format], default=None)
    if best is None or shares[best] < MOSTLY_DATES:
        return None
    notes = notes_on_format(name, texts, best, read)
    return FoundDates(best, np.append(dates_of_texts(texts, best), np.datetime64("NaT"))[codes], notes)


def may_be_compact(values: np.ndarray, name: str) -> bool:
    """Whether numbers may be dates such as 20240131, going by the name of their column as well."""
    present = values[~np.isnan(values)]
    in_range = (present >= 1900_01_01) & (present <= 2100_12_31) & (present == np.floor(present))
    return bool(len(present) and in_range.mean() >= MOSTLY_DATES and NAMES_OF_DATES.search(name))


def notes_on_format(name: str, texts: Sequence[str], date_format: str, read: dict[str, np.ndarray]) -> tuple[str, ...]:
    """What a person may have meant otherwise: the order of day and month, years of two digits, numbers."""
    dates, notes = read[date_format], []
    other = read.get(OTHER_ORDER.get(date_format, ""))
    if other is not None and not (np.isnat(other) & ~np.isnat(dates)).any():
        different = np.flatnonzero(~np.isnat(dates) & (dates != other))
        if len(different):
            place = different[0]
            notes.append(
                f"{name}: days and months could be the other way round, for none is over 12: {texts[place]!r} is taken "
                f"for {day_of(dates[place])}; if {day_of(other[place])} is meant, write the dates like that"
            )
    if "%y" in date_format:
        place = int(np.nanargmax(np.where(np.isnat(dates), np.nan, dates.astype(np.float64))))
        notes.append(
            f"{name}: years of two digits are those from 1969 to 2068: {texts[place]!r} is {day_of(dates[place])}"
        )
    if date_format == COMPACT:
        place = int((~np.isnat(dates)).argmax())
        notes.append(
            f"{name}: dates, not numbers: {texts[place]!r} is {day_of(dates[place])} "
            f"(--numeric {option_value(name)} for numbers)"
        )
    return tuple(notes)


def day_of(date: Any) -> str:
    return str(np.datetime64(date, "D"))


def read_dates(values: np.ndarray, date_format: str | None, name: str) -> np.ndarray:
    """The dates of a column, datetime64[s], NaT where one is missing or none of the format.

    Without a format (the column held dates, not text) it is that which fits the values, or else ISO 8601.
    """
    if values.dtype.kind == "M":
        return values.astype("datetime64[s]")
    if date_format is None:
        found = found_dates(values, name)
        if found is not None:
            return found.dates
        date_format = ISO
    codes, distinct = pd.factorize(text_of(values))
    return np.append(dates_of_texts(distinct.tolist(), date_format), np.datetime64("NaT"))[codes]


def dates_of_texts(texts: Sequence[str], date_format: str) -> np.ndarray:
    """Texts as dates of the format, or else as ISO 8601, which says by itself what is the day; NaT for none."""
    dates = dates_of_format(texts, date_format)
    if date_format != ISO and len(left := np.flatnonzero(np.isnat(dates))):
        dates[left] = dates_of_format([texts[place] for place in left.tolist()], ISO)
    return dates


def dates_of_format(texts: Sequence[str], date_format: str) -> np.ndarray:
    """Texts as dates of the format, datetime64[s], with or without a time of day; NaT for none."""
    dates = np.full(len(texts), np.datetime64("NaT", "s"))
    left = np.flatnonzero(fitting(texts, date_format))
    months = (date_format, date_format.replace("%b", "%B")) if "%b" in date_format else (date_format,)
    times = ("",) if date_format in (ISO, COMPACT) else ("", *TIMES)
    for way in (month + time for time in times for month in months):
        if not len(left):
            break
        cells = pd.Series([texts[place].removesuffix(" UTC") for place in left.tolist()], dtype=object)
        # Of text without a format, pandas warns and takes minutes; a column's own format is fast.
        found = pd.to_datetime(cells, format=way, errors="coerce", utc=True).dt.tz_localize(None)
        dates[left] = found.to_numpy("datetime64[s]")
        left = left[np.isnat(dates[left])]
    return dates


def fitting(texts: Sequence[str], date_format: str) -> Bool[np.ndarray, " texts"]:
    """Which texts look like those of a format."""
    fits = SHAPES[date_format].fullmatch
    return np.fromiter((fits(text) is not None for text in texts), dtype=bool, count=len(texts))


def date_parts(dates: np.ndarray, parts: Sequence[str]) -> Float[np.ndarray, "examples parts"]:
    """The parts of dates as numbers; Monday is 0."""
    index = pd.DatetimeIndex(dates)
    days = dates.astype("datetime64[s]").astype(np.int64) / 86_400
    made = {
        "year": index.year,
        "month": index.month,
        "day of the week": index.day_of_week,
        "days": np.where(np.isnat(dates), np.nan, days),
    }
    return np.column_stack([np.asarray(made[part], np.float64) for part in parts])


def example_of(date_format: str) -> str:
    """How December 31 of 2024 is written in a format."""
    day = np.datetime64("2024-12-31").item()
    return str(day) if date_format == ISO else f"{day:{date_format}}"
