"""Columns that are neither features nor the target: they say how rows are split and how often each counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from hyperborn.data.columns import numbers_of
from hyperborn.data.dates import date_parts, found_dates
from hyperborn.data.labels import counted, joined, nearest_name
from hyperborn.data.tables import Table
from hyperborn.data.weights import Weights, weights_of_column
from hyperborn.errors import UserError


@dataclass(frozen=True)
class RoleColumns:
    """Columns that are no features: `group` and `time` say how rows are split, `weight` how often they count."""

    group: str | None = None
    time: str | None = None
    weight: str | None = None

    @property
    def names(self) -> list[str]:
        return [name for name in (self.group, self.time, self.weight) if name is not None]

    @property
    def notes(self) -> list[str]:
        """What each column is, for it is no feature."""
        what = {"rows are split by group": self.group, "rows are split by time": self.time, "rows weigh": self.weight}
        return [f"{said}: {name} (no feature)" for said, name in what.items() if name is not None]

    def check(self, taken: Sequence[str], what: str) -> None:
        """Raise a UserError if one of the columns is among others, which `what` names."""
        for option, name in (("group", self.group), ("time", self.time), ("weight_column", self.weight)):
            if name in taken:
                raise UserError(f"{option} names {name!r}, {what}; name another column (--{option.replace('_', '-')})")

    def of(self, table: Table) -> "RowValues":
        """Groups, times and weights of the rows.

        Raises:
            UserError: if both are named, a column is not there, or a row has no value.
        """
        if self.group is not None and self.time is not None:
            raise UserError("rows are split by group or by time, not by both; leave one out (--group, --time)")
        for name in (self.group, self.time):
            if name is not None and name not in table.columns:
                raise UserError(
                    f"{table.source} has no column {name!r} to split by, the nearest is "
                    f"{nearest_name(name, table.columns)!r}; its columns are: {joined(table.columns)}"
                )
            missing = 0 if name is None else int(pd.isna(table.columns[name]).sum())
            if missing:
                raise UserError(
                    f"column {name!r} of {table.source}, by which rows are split, has "
                    f"{counted(missing, 'missing value')}; fill them in, or remove their rows"
                )
        time, notes = (None, ()) if self.time is None else moments(table, self.time)
        return RowValues(
            None if self.group is None else pd.factorize(table.columns[self.group])[0].astype(np.int64),
            time,
            None if self.weight is None else weights_of_column(table, self.weight),
            notes,
        )


class RowValues(NamedTuple):
    """Group, time and weight of each row, as `RawExamples` have it, and how dates among them were read."""

    groups: np.ndarray | None
    time: np.ndarray | None
    weights: Weights | None
    notes: tuple[str, ...] = ()


NO_ROLES = RoleColumns()
"""Rows are split at random, and count once."""


def moments(table: Table, name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """A column of dates or numbers as numbers that rise with time, and notes on the format of its dates."""
    values = table.columns[name]
    dates = found_dates(values, name) if values.dtype == object else None
    if values.dtype.kind == "M" or dates is not None:
        found = date_parts(values if dates is None else dates.dates, ("days",))[:, 0]
    else:
        found = numbers_of(table, name)
    lost = np.flatnonzero(np.isnan(found))
    if len(lost):
        raise UserError(
            f"column {name!r} of {table.source}, by which rows are split, has {values[lost[0]]!r} in row "
            f"{lost[0] + 1}, which is no date; correct it, or remove its row"
        )
    return found, () if dates is None else dates.notes
