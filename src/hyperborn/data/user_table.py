"""A user's own table with a target column: its examples, encoded anew or as those of earlier data."""

from collections.abc import Sequence

import numpy as np

from hyperborn._typing import Labels, Targets
from hyperborn.data.columns import inferred, matrix
from hyperborn.data.dataset import RawExamples
from hyperborn.data.labels import (
    chosen_classes,
    counted,
    encoded,
    joined,
    label_spelling,
    nearest_name,
    rows_of_classes,
)
from hyperborn.data.preprocessing import Preprocessing
from hyperborn.data.tables import Table, is_missing
from hyperborn.data.targets import MOST_CLASSES, MOST_FRACTIONS, REGRESS, checked_numbers, is_regression
from hyperborn.data.weights import weights_of_column
from hyperborn.errors import UserError


def examples_of_table(
    table: Table,
    *,
    target: str | None,
    classes: Sequence[int | str] | None,
    impute: bool,
    task: str,
    weight_column: str | None = None,
) -> RawExamples:
    """Features and labels of the rows of the chosen classes, or of all of a regression; the encoding is inferred.

    The column of weights, if there is one, is no feature.

    Raises:
        UserError: no target or an absent one, a target with missing values or that does not suit the task, a single
            class or over 1,000, no features, or features that are missing, infinite, or text of too many values.
    """
    target = checked_target(table, target)
    what = f"the target column {target!r} of {table.source}"
    y: Targets
    if is_regression(table.columns[target], task, classes, what):
        names, chosen, rows, y = (), (), np.arange(len(table)), checked_numbers(table.columns[target], what)
    else:
        names, labels = classes_and_labels(table, target)
        chosen = chosen_classes(names, classes)
        rows, y = rows_of_classes(labels, chosen)
    features = [name for name in table.columns if name not in (target, weight_column)]
    if not features:
        raise UserError(f"{table.source} has no column beside the target {target!r}; add features")
    kept = table.rows(rows)
    columns = inferred(kept, features, rows.tolist())
    x = matrix(kept, columns, impute=impute)
    weights = None if weight_column is None else weights_of_column(kept, weight_column)
    return RawExamples(columns, target, tuple(names[index] for index in chosen), x, y, weights=weights)


def checked_target(table: Table, target: str | None) -> str:
    """The target column, after a check that the table has it."""
    if not table.columns:
        raise UserError(f"{table.source} has no columns; give one with features and a target")
    every = f"its columns are: {joined(table.columns)}"
    if len(table.columns) > 12:
        every += f"; list all with hyperborn.data.read_table({table.source!r}).columns"
    if target is None:
        raise UserError(f"{table.source} needs a target column; give target= (--target); {every}")
    if target not in table.columns:
        near = nearest_name(target, table.columns)
        raise UserError(f"{table.source} has no column {target!r}, the nearest is {near!r}; {every}")
    return target


def classes_and_labels(table: Table, target: str) -> tuple[tuple[str, ...], Labels]:
    """Names of the classes, numbers by size and text by alphabet, and the class index of each row."""
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
                f"the target column {target!r} of {table.source} has {fractions} different numbers that are not whole, "
                f"too many for classes; {REGRESS}, or group them into classes first"
            )
    names = tuple(label_spelling(value) for value in distinct)
    if len(names) > MOST_CLASSES:
        remedy = "choose another target, or group them first" if text else f"{REGRESS}, or group them first"
        raise UserError(
            f"the target column {target!r} of {table.source} has {len(names):,} different labels, over the limit of "
            f"{MOST_CLASSES:,} classes (is it an identifier?); {remedy}"
        )
    if len(names) < 2:
        raise UserError(
            f"the target column {target!r} of {table.source} holds one class only ({joined(names)}); add another"
        )
    return names, encoded(values, names)


def columns_needed(preprocessing: Preprocessing) -> list[str]:
    """Names of the raw columns that labelled data must have."""
    return [*(column.name for column in preprocessing.columns), preprocessing.target]


def examples_in_encoding(
    table: Table, preprocessing: Preprocessing, *, target: str | None, weight_column: str | None = None
) -> RawExamples:
    """Features and labels of every row, in the columns, categories and classes of the preprocessing of earlier data.

    Of a regression labels are the numbers themselves.

    Nothing is inferred or fitted. Other columns are ignored.

    Raises:
        UserError: another target, absent columns, values that do not fit, an unknown class, or weights that are a
            feature there.
    """
    if target is not None and target != preprocessing.target:
        raise UserError(
            f"target={target!r} is not that of the earlier data, {preprocessing.target!r}; leave it out (--target)"
        )
    if weight_column in columns_needed(preprocessing):
        raise UserError(
            f"weight_column names {weight_column!r}, which the earlier data has as a feature or as the target; name "
            "another column (--weight-column)"
        )
    y = labels_of_table(table, preprocessing)
    x = matrix(table, preprocessing.columns, impute=preprocessing.medians is not None)
    weights = None if weight_column is None else weights_of_column(table, weight_column)
    return RawExamples(preprocessing.columns, preprocessing.target, preprocessing.classes, x, y, weights=weights)


def labels_of_table(table: Table, preprocessing: Preprocessing) -> Targets:
    """The class index of each row, or the number of a regression, in the units of the target.

    Raises:
        UserError: if the target column is absent, or has missing or unknown labels.
    """
    target = preprocessing.target
    if target not in table.columns:
        raise UserError(f"{table.source} has no column {target!r}, the target of the earlier data; add it")
    if preprocessing.target_scaling is not None:
        return checked_numbers(table.columns[target], f"column {target!r} of {table.source}")
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


def check_same_columns(name: str, examples: RawExamples, preprocessing: Preprocessing) -> None:
    """Raise a UserError if a built-in set does not have the columns of the preprocessing, in their order."""
    if examples.columns != preprocessing.columns:
        own, earlier = (joined((column.name for column in of.columns), 4) for of in (examples, preprocessing))
        raise UserError(
            f"{name} has the columns {own}, and the earlier data {earlier}; choose the same data set (and pixels), or "
            "a table with these columns"
        )
