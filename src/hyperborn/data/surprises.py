"""What of new data training has not seen, and what is made of it: said where it is not refused."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from hyperborn.data.columns import Column, as_in_training, category_places, cell_of, dates_of
from hyperborn.data.dates import found_dates
from hyperborn.data.labels import counted, joined
from hyperborn.data.tables import Table
from hyperborn.data.text_columns import text_of


def surprises(table: Table, columns: Sequence[Column]) -> list[str]:
    """What of a table training has not seen: unknown categories, and text in place of numbers or dates."""
    lines: list[str] = []
    for column in columns:
        values = table.columns.get(column.name)
        if values is None:
            continue
        if column.categories is not None:
            lines += unknown_categories(column, values)
        elif column.parts is not None:
            lines += unread_dates(table, column)
        elif values.dtype == object and table.as_numbers(column.name) is None:
            numbers = table.as_numbers(column.name, text_is_missing=True)
            lost = ~pd.isna(values) & (True if numbers is None else np.isnan(numbers))
            if lost.any():
                lines.append(
                    f"{column.name}: {counted(int(lost.sum()), 'row')} of text count as missing, the first "
                    f"{values[lost.argmax()]!r}"
                )
    return lines


def unknown_categories(column: Column, values: np.ndarray) -> list[str]:
    """A line on categories that are not known, of a column without rare ones."""
    codes, distinct = pd.factorize(text_of(values))
    unknown = np.flatnonzero(category_places(distinct, column.categories or ()) < 0)
    count = int(np.isin(codes, unknown).sum())
    if not count or column.rare:
        return []
    shown = joined((repr(distinct[place]) for place in unknown), 3)
    return [f"{column.name}: {counted(count, 'row')} of unknown categories ({shown})"]


def unread_dates(table: Table, column: Column) -> list[str]:
    """A line on what is no date in the format of training; without one, on what the format was taken for."""
    values = table.columns[column.name]
    found = found_dates(values, column.name) if column.date_format is None else None
    lines = [] if found is None else list(found.notes)
    lost = np.isnat(dates_of(table, column)) & ~pd.isna(values)
    if lost.any():
        lines.append(
            f"{column.name}: {counted(int(lost.sum()), 'row')} of no date{as_in_training(column)} count as missing, "
            f"the first {cell_of(values, int(lost.argmax()))!r}"
        )
    return lines
