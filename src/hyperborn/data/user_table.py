"""A user's own table with a target column: its examples, encoded anew or as those of earlier data."""

from collections.abc import Sequence

import pandas as pd

from hyperborn.data.column_choices import AS_IT_COMES, ColumnChoices
from hyperborn.data.columns import Column, matrix
from hyperborn.data.dataset import RawExamples
from hyperborn.data.inference import inferred
from hyperborn.data.labels import joined
from hyperborn.data.preprocessing import Preprocessing
from hyperborn.data.role_columns import NO_ROLES, RoleColumns
from hyperborn.data.surprises import surprises
from hyperborn.data.tables import Table
from hyperborn.data.target_column import (
    checked_target,
    classes_or_numbers,
    fault_of_unlabelled,
    labels_in_encoding,
    target_column,
)
from hyperborn.errors import UserError
from hyperborn.printable import option_value


def examples_of_table(
    table: Table,
    *,
    target: str | None,
    classes: Sequence[int | str] | None = None,
    choices: ColumnChoices = AS_IT_COMES,
    task: str = "auto",
    roles: RoleColumns = NO_ROLES,
) -> RawExamples:
    """Features and labels of the rows of the chosen classes, or of all of a regression; the encoding is inferred.

    Rows without a label are left out, unless the choices are strict. The target should be among ``table.text``: then
    classes are called as they are spelt.

    Raises:
        UserError: no target or an absent one, a target that does not suit the task, a single class or over 1,000, no
            features, or every column that needs a decision.
    """
    target = checked_target(table, target)
    what = f"the target column {target!r} of {table.source}"
    choices = choices.resolved([*table.columns, *table.left_out])
    roles.check([target], "which is the target")
    roles.check(choices.drop, "which drop (--drop) leaves out")
    choices.check([*table.columns, *table.left_out], table.source, target)
    # What is no sequence of classes is refused below.
    named = frozenset(map(str, classes)) if isinstance(classes, Sequence) else frozenset()
    labelled = target_column(table, target, what, lambda text: text in named, may_choose=True)
    faults = fault_of_unlabelled(labelled) if choices.strict else []
    try:
        column, y, chosen = classes_or_numbers(labelled, task, classes, strict=choices.strict)
    except UserError as error:
        raise UserError("; ".join([*faults, str(error)])) from error
    kept = column.table
    row_values = roles.of(kept)
    features = [name for name in table.columns if name not in (target, *roles.names)]
    found = inferred(kept, features, choices, [*faults, *faults_of_reading(table, choices)])
    left_out = {**table.left_out, **found.left_out}
    if not found.columns:
        why = "; ".join(f"{name}: {reason}" for name, reason in list(left_out.items())[:12])
        raise UserError(
            f"{table.source} has no column that says anything beside the target {target!r}; add features, or keep one "
            f"of the others (keep=, --keep): {why or 'there is none'}"
        )
    impute = choices.impute or not choices.strict
    x = matrix(kept, found.columns, strict=choices.strict, imputed=impute)
    notes = [*table.notes, *found.notes, *column.notes, *row_values.notes]
    return RawExamples(
        tuple(found.columns),
        target,
        chosen,
        x,
        y,
        strict=choices.strict,
        impute=impute,
        left_out=left_out,
        notes=tuple(notes),
        decimal=table.decimal,
        groups=row_values.groups,
        time=row_values.time,
        weights=row_values.weights,
    )


def encoded_examples(
    table: Table,
    preprocessing: Preprocessing | None,
    *,
    target: str | None,
    classes: Sequence[int | str] | None,
    choices: ColumnChoices,
    task: str,
    roles: RoleColumns,
) -> RawExamples:
    """Examples in the encoding of earlier data, which settles all but the roles, or where there is none in their own.

    Raises:
        UserError: as `examples_of_table` or `examples_in_encoding`.
    """
    if preprocessing is not None:
        return examples_in_encoding(table, preprocessing, target=target, roles=roles)
    return examples_of_table(table, target=target, classes=classes, choices=choices, task=task, roles=roles)


def faults_of_reading(table: Table, choices: ColumnChoices) -> list[str]:
    """Columns that reading left out, which strictly a person has to decide on."""
    left = [name for name in table.left_out if choices.strict and name not in choices.drop]
    return [
        f"column {name!r} of {table.source} is no feature ({table.left_out[name]}); leave it out with "
        f"drop=({name!r},) (--drop {option_value(name)})"
        for name in left
    ]


def columns_needed(preprocessing: Preprocessing) -> list[str]:
    """Names of the raw columns that labelled data must have."""
    return [*(column.name for column in preprocessing.columns), preprocessing.target]


def examples_in_encoding(
    table: Table, preprocessing: Preprocessing, *, target: str | None, roles: RoleColumns = NO_ROLES
) -> RawExamples:
    """Features and labels of every row, in the columns, categories and classes of the preprocessing of earlier data.

    Of a regression labels are the numbers themselves.

    Nothing is inferred or fitted. Other columns are ignored, and so are rows without a label, unless strict.

    Raises:
        UserError: another target, absent columns, values that do not fit, an unknown class, or weights that are a
            feature there.
    """
    if target is not None and target != preprocessing.target:
        raise UserError(
            f"target={target!r} is not that of the earlier data, {preprocessing.target!r}; leave it out (--target)"
        )
    roles.check(columns_needed(preprocessing), "which the earlier data has as a feature or as the target")
    strict, imputed = preprocessing.strict, preprocessing.medians is not None
    y, column = labels_in_encoding(table, preprocessing.target, preprocessing.classes, strict=strict)
    x = matrix(column.table, preprocessing.columns, strict=strict, imputed=imputed)
    row_values = roles.of(column.table)
    return RawExamples(
        preprocessing.columns,
        preprocessing.target,
        preprocessing.classes,
        x,
        y,
        strict=strict,
        impute=imputed,
        notes=(*notes_on_new(column.table, preprocessing.columns, strict=strict), *column.notes, *row_values.notes),
        decimal=preprocessing.decimal,
        groups=row_values.groups,
        time=row_values.time,
        weights=row_values.weights,
    )


def notes_on_new(table: Table, columns: Sequence[Column], *, strict: bool) -> list[str]:
    """What is worth saying of a table in an encoding: how it was read, and what training has not seen."""
    # What is strictly refused is an error.
    if strict:
        return list(table.notes)
    empty = [
        column.name
        for column in columns
        if column.name in table.columns and len(table) and pd.isna(table.columns[column.name]).all()
    ]
    lines = [f"no value at all, so that every row counts as missing: {joined(empty, 4)}"] if empty else []
    return [*table.notes, *lines, *surprises(table, columns)]


def check_same_columns(name: str, examples: RawExamples, preprocessing: Preprocessing) -> None:
    """Raise a UserError if a built-in set does not have the columns of the preprocessing, in their order."""
    if examples.columns != preprocessing.columns:
        own, earlier = (joined((column.name for column in of.columns), 4) for of in (examples, preprocessing))
        raise UserError(
            f"{name} has the columns {own}, and the earlier data {earlier}; choose the same data set (and pixels), or "
            "a table with these columns"
        )
