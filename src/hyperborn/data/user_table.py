"""A user's own table with a named target column."""

from collections.abc import Sequence

import numpy as np

from hyperborn._typing import Labels
from hyperborn.data.columns import inferred, matrix
from hyperborn.data.labels import choose, encode, select
from hyperborn.data.naming import counted, label_text, listed, nearest
from hyperborn.data.source import Examples
from hyperborn.data.tables import Table
from hyperborn.errors import UserError

MOST_FRACTIONS = 20
"""A target with more distinct numbers that are not whole is taken for a regression target, and refused."""

MOST_CLASSES = 1000
"""Every example has a probability of each."""


def from_table(table: Table, *, target: str | None, classes: Sequence[int | str] | None, impute: bool) -> Examples:
    """Features and labels of the chosen classes' rows.

    Raises:
        UserError: no target or an absent one, a target with missing or continuous values, a single class or over 1,000,
            no features, or features that are missing, infinite, or text of too many values.
    """
    target = checked_target(table, target)
    names, y = labels_of(table, target)
    chosen = choose(names, classes)
    rows, y = select(y, chosen)
    features = [name for name in table.columns if name != target]
    if not features:
        raise UserError(f"{table.source} has no column beside the target {target!r}; add features")
    kept = table.rows(rows)
    columns = inferred(kept, features, rows.tolist())
    x = matrix(kept, columns, impute=impute)
    return Examples(columns, target, tuple(names[index] for index in chosen), x, y)


def checked_target(table: Table, target: str | None) -> str:
    if not table.columns:
        raise UserError(f"{table.source} has no columns; give one with features and a target")
    every = f"its columns are: {listed(table.columns)}"
    if len(table.columns) > 12:
        every += f"; list all with hyperborn.data.read_table({table.source!r}).columns"
    if target is None:
        raise UserError(f"{table.source} needs a target column; give target= (--target); {every}")
    if target not in table.columns:
        near = nearest(target, table.columns)
        raise UserError(f"{table.source} has no column {target!r}, the nearest is {near!r}; {every}")
    return target


def labels_of(table: Table, target: str) -> tuple[tuple[str, ...], Labels]:
    """Class names, numbers by size and text by alphabet, and the class index of each row."""
    values = table.columns[target]
    text = values.dtype == object
    missing = sum(value is None for value in values) if text else int(np.isnan(values).sum())
    if missing:
        raise UserError(
            f"the target column {target!r} of {table.source} has {counted(missing, 'missing value')}; fill them in or "
            "remove their rows (labels are never imputed)"
        )
    distinct = sorted(set(values.tolist()))
    if not text:
        if not np.isfinite(values).all():
            raise UserError(f"the target column {target!r} of {table.source} has infinite values; correct them")
        fractions = sum(not value.is_integer() for value in distinct)
        if fractions > MOST_FRACTIONS:
            raise UserError(
                f"the target column {target!r} of {table.source} has {fractions} different numbers that are not whole: "
                "Hyperborn classifies and does not regress; group them into classes first"
            )
    names = tuple(label_text(value) for value in distinct)
    if len(names) > MOST_CLASSES:
        raise UserError(
            f"the target column {target!r} of {table.source} has {len(names):,} different labels, over the limit of "
            f"{MOST_CLASSES:,} classes (is it an identifier?); choose another target, or group them first"
        )
    if len(names) < 2:
        raise UserError(
            f"the target column {target!r} of {table.source} holds one class only ({listed(names)}); add another"
        )
    return names, encode(values, names)
