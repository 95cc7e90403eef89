"""Columns of dates: told from text, and taken apart into numbers."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float

from hyperborn.data.tables import Table, is_missing
from hyperborn.errors import UserError

DATE_PARTS = ("year", "month", "day of the week", "days")
"""What a date becomes; days are those since 1970, with the time of day as a fraction."""

DATE_FORMATS = (
    "ISO8601",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%b %d %Y",
    "%B %d, %Y",
    "%B %d %Y",
    "%d-%b-%Y",
)
"""Ways to write a date, the first that fits all of a column is taken; 03/04/2024 alone is March 4."""
SHORTEST_DATE = 8
"""Fewest characters of a date: a year alone is a number."""
MOSTLY_DATES = 0.95


def parsed_dates(values: np.ndarray) -> np.ndarray | None:
    """Dates (datetime64[s], NaT for none) of a column of text, or None where not nearly all of it are dates."""
    present = pd.Series(values[[value is not None for value in values]], dtype=object)
    if not len(present) or not all(len(text) >= SHORTEST_DATE and text[:1].isalnum() for text in present.head(100)):
        return None
    best: tuple[float, pd.Series] | None = None
    for style in DATE_FORMATS:
        # Of text without a format, pandas warns and takes minutes; a column's own format is fast.
        found = pd.to_datetime(present, format=style, errors="coerce", utc=True).dt.tz_localize(None)
        share = float(found.notna().mean())
        if share >= MOSTLY_DATES and (best is None or share > best[0]):
            best = share, found
        if share == 1:
            break
    if best is None:
        return None
    dates = np.full(len(values), np.datetime64("NaT", "s"))
    dates[[value is not None for value in values]] = best[1].to_numpy("datetime64[s]")
    return dates


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


def dates_of(table: Table, name: str) -> np.ndarray:
    """The dates of a column, datetime64[s], NaT where one is missing or no date.

    Raises:
        UserError: if none is a date.
    """
    values = table.columns[name]
    if values.dtype.kind == "M":
        return values.astype("datetime64[s]")
    found = parsed_dates(values) if values.dtype == object else None
    if found is None:
        if values.dtype == object and all(value is None for value in values):
            return np.full(len(values), np.datetime64("NaT", "s"))
        shown = next((value for value in values if not is_missing(value)), "")
        raise UserError(f"column {name!r} of {table.source} must be dates, but holds {shown!r}")
    return found
