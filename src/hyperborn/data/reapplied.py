"""New data in the encoding of earlier data: nothing is inferred or fitted again."""

import numpy as np

from hyperborn._typing import Labels
from hyperborn.data.columns import matrix
from hyperborn.data.naming import listed
from hyperborn.data.preprocessing import Preprocessing
from hyperborn.data.source import Examples
from hyperborn.data.tables import Table, is_missing
from hyperborn.errors import UserError


def columns_needed(preprocessing: Preprocessing) -> list[str]:
    """Names of the raw columns that labelled data must have."""
    return [*(column.name for column in preprocessing.columns), preprocessing.target]


def examples_of(table: Table, preprocessing: Preprocessing, *, target: str | None) -> Examples:
    """Every row of a table, with the columns, categories and classes of the preprocessing; other columns are ignored.

    Raises:
        UserError: another target, absent columns, values that do not fit, or an unknown class.
    """
    if target is not None and target != preprocessing.target:
        raise UserError(
            f"target={target!r} is not that of the earlier data, {preprocessing.target!r}; leave it out (--target)"
        )
    y = labels_of(table, preprocessing)
    x = matrix(table, preprocessing.columns, impute=preprocessing.medians is not None)
    return Examples(preprocessing.columns, preprocessing.target, preprocessing.classes, x, y)


def labels_of(table: Table, preprocessing: Preprocessing) -> Labels:
    """The class index of each row.

    Raises:
        UserError: if the target column is absent, or has missing or unknown labels.
    """
    target = preprocessing.target
    if target not in table.columns:
        raise UserError(f"{table.source} has no column {target!r}, the target of the earlier data; add it")
    labels = table.columns[target].tolist()
    missing = sum(is_missing(label) for label in labels)
    if missing:
        raise UserError(
            f"column {target!r} of {table.source} lacks {missing} of {len(labels)} labels; fill them in, or remove "
            "their rows"
        )
    try:
        return preprocessing.encode_labels(labels)
    except UserError as error:
        raise UserError(f"column {target!r} of {table.source}: {error}; correct it, or remove its rows") from error


def check_same_columns(name: str, examples: Examples, preprocessing: Preprocessing) -> None:
    """Raise a UserError if a built-in set does not have the columns of the preprocessing, in their order."""
    if examples.columns != preprocessing.columns:
        own, earlier = (listed((column.name for column in of.columns), 4) for of in (examples, preprocessing))
        raise UserError(
            f"{name} has the columns {own}, and the earlier data {earlier}; choose the same data set (and pixels), or "
            "a table with these columns"
        )


def present(y: Labels, classes: tuple[str, ...]) -> tuple[Labels, tuple[str, ...]]:
    """Class indices among the classes that occur, and their names: new data need not have every class."""
    found, places = np.unique(y, return_inverse=True)
    return places.astype(np.int64), tuple(classes[index] for index in found)
