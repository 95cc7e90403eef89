"""A user's own table with a target column: its examples, encoded anew or as those of earlier data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from hyperborn._typing import Labels, Targets
from hyperborn.data.column_choices import AS_IT_COMES, ColumnChoices
from hyperborn.data.columns import matrix, numbers_of
from hyperborn.data.dataset import RawExamples
from hyperborn.data.dates import date_parts, found_dates
from hyperborn.data.inference import inferred
from hyperborn.data.labels import (
    chosen_classes,
    classes_of,
    counted,
    encoded,
    joined,
    nearest_name,
    parsed_number,
    rows_of_classes,
)
from hyperborn.data.preprocessing import Preprocessing
from hyperborn.data.surprises import surprises
from hyperborn.data.tables import Table
from hyperborn.data.targets import MOST_CLASS_NUMBERS, MOST_CLASSES, REGRESS, checked_numbers, is_regression
from hyperborn.data.text_columns import text_of
from hyperborn.data.weights import Weights, weights_of_column
from hyperborn.errors import UserError
from hyperborn.printable import option_value


@dataclass(frozen=True)
class Aside:
    """Columns that are no features: `group` and `time` say how rows are split, `weight` how often they count."""

    group: str | None = None
    time: str | None = None
    weight: str | None = None

    @property
    def names(self) -> list[str]:
        return [name for name in (self.group, self.time, self.weight) if name is not None]

    def check(self, taken: Sequence[str], what: str) -> None:
        """Raise a UserError if one of the columns is among others, which `what` names."""
        for option, name in (("group", self.group), ("time", self.time), ("weight_column", self.weight)):
            if name in taken:
                raise UserError(f"{option} names {name!r}, {what}; name another column (--{option.replace('_', '-')})")

    def of(self, table: Table) -> "Apart":
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
        return Apart(
            None if self.group is None else pd.factorize(table.columns[self.group])[0].astype(np.int64),
            time,
            None if self.weight is None else weights_of_column(table, self.weight),
            notes,
        )


class Apart(NamedTuple):
    """What the columns of `Aside` say of the rows, as `RawExamples` have it, and how dates among them were read."""

    groups: np.ndarray | None
    time: np.ndarray | None
    weights: Weights | None
    notes: tuple[str, ...] = ()


NOTHING_ASIDE = Aside()


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


def examples_of_table(
    table: Table,
    *,
    target: str | None,
    classes: Sequence[int | str] | None = None,
    choices: ColumnChoices = AS_IT_COMES,
    task: str = "auto",
    aside: Aside = NOTHING_ASIDE,
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
    choices = choices.resolved(table.columns)
    aside.check([target], "which is the target")
    aside.check(choices.drop, "which drop (--drop) leaves out")
    choices.check([*table.columns, *table.left_out], table.source, target)
    labels, table, unlabelled = labelled_rows(table, target, what, strict=choices.strict)
    numbers = table.as_numbers(target)
    y: Targets
    if is_regression(labels, numbers, task, classes, what):
        assert numbers is not None
        names, chosen, rows, y = (), (), np.arange(len(table)), checked_numbers(numbers, what)
    else:
        names, all_labels = named_classes(labels, what)
        chosen = chosen_classes(names, classes)
        rows, y = rows_of_classes(all_labels, chosen)
    kept = table.rows(rows)
    apart = aside.of(kept)
    features = [name for name in table.columns if name not in (target, *aside.names)]
    found = inferred(kept, features, choices, faults_of_reading(table, choices))
    left_out = {**table.left_out, **found.left_out}
    if not found.columns:
        why = "; ".join(f"{name}: {reason}" for name, reason in list(left_out.items())[:12])
        raise UserError(
            f"{table.source} has no column that says anything beside the target {target!r}; add features, or keep one "
            f"of the others (keep=, --keep): {why or 'there is none'}"
        )
    impute = choices.impute or not choices.strict
    x = matrix(kept, found.columns, strict=choices.strict, imputed=impute)
    notes = [*table.notes, *found.notes, *apart.notes]
    if unlabelled:
        notes.append(f"{counted(unlabelled, 'row')} without a label left out")
    return RawExamples(
        tuple(found.columns),
        target,
        tuple(names[index] for index in chosen),
        x,
        y,
        strict=choices.strict,
        impute=impute,
        left_out=left_out,
        notes=tuple(notes),
        decimal=table.decimal,
        groups=apart.groups,
        time=apart.time,
        weights=apart.weights,
    )


def faults_of_reading(table: Table, choices: ColumnChoices) -> list[str]:
    """Columns that reading left out, which strictly a person has to decide on."""
    left = [name for name in table.left_out if choices.strict and name not in choices.drop]
    return [
        f"column {name!r} of {table.source} is no feature ({table.left_out[name]}); leave it out with "
        f"drop=({name!r},) (--drop {option_value(name)})"
        for name in left
    ]


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


def labelled_rows(table: Table, target: str, what: str, *, strict: bool) -> tuple[np.ndarray, Table, int]:
    """The labels as text, the rows that have one, and how many have none.

    Raises:
        UserError: if no row has one, or strictly some have none.
    """
    labels = text_of(table.columns[target])
    absent = pd.isna(labels)
    missing = int(absent.sum())
    if not missing:
        return labels, table, 0
    if missing == len(labels):
        raise UserError(f"{what} has no label; give one that has")
    if strict:
        raise UserError(
            f"{what} has {counted(missing, 'missing value')}; fill them in, remove their rows (labels are never "
            "imputed), or train without strict (--strict), which leaves them out"
        )
    rows = np.flatnonzero(~absent)
    return labels[rows], table.rows(rows), missing


def named_classes(labels: np.ndarray, what: str) -> tuple[tuple[str, ...], Labels]:
    """Names of the classes and the class index of each row.

    Raises:
        UserError: for a single class, over 1,000, many numbers with a fraction, or infinite ones.
    """
    names, y = classes_of(labels)
    are_numbers = all(parsed_number(name) is not None for name in names)
    if are_numbers and not all(np.isfinite(float(name)) for name in names):
        raise UserError(f"{what} has infinite values; correct them")
    fractions = sum(not float(name).is_integer() for name in names) if are_numbers else 0
    if fractions > MOST_CLASS_NUMBERS:
        raise UserError(
            f"{what} has {fractions} different numbers that are not whole, too many for classes; {REGRESS}, or group "
            "them into classes first"
        )
    if len(names) > MOST_CLASSES:
        remedy = f"{REGRESS}, or group them first" if are_numbers else "choose another target, or group them first"
        raise UserError(
            f"{what} has {len(names):,} different labels, over the limit of {MOST_CLASSES:,} classes (is it an "
            f"identifier?); {remedy}"
        )
    if len(names) < 2:
        raise UserError(f"{what} holds one class only ({joined(names)}); add another")
    return names, y


def columns_needed(preprocessing: Preprocessing) -> list[str]:
    """Names of the raw columns that labelled data must have."""
    return [*(column.name for column in preprocessing.columns), preprocessing.target]


def examples_in_encoding(
    table: Table, preprocessing: Preprocessing, *, target: str | None, aside: Aside = NOTHING_ASIDE
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
    aside.check(columns_needed(preprocessing), "which the earlier data has as a feature or as the target")
    y, table = labels_of_table(table, preprocessing)
    imputed = preprocessing.medians is not None
    x = matrix(table, preprocessing.columns, strict=preprocessing.strict, imputed=imputed)
    apart = aside.of(table)
    return RawExamples(
        preprocessing.columns,
        preprocessing.target,
        preprocessing.classes,
        x,
        y,
        strict=preprocessing.strict,
        impute=imputed,
        notes=(*table.notes, *surprises(table, preprocessing.columns, strict=preprocessing.strict), *apart.notes),
        decimal=preprocessing.decimal,
        groups=apart.groups,
        time=apart.time,
        weights=apart.weights,
    )


def labels_of_table(table: Table, preprocessing: Preprocessing) -> tuple[Targets, Table]:
    """The class index of each row, or the number of a regression in the units of the target; and the labelled rows.

    Raises:
        UserError: if the target column is absent, or has unknown labels, or strictly missing ones.
    """
    return encoded_labels(table, preprocessing.target, preprocessing.classes, strict=preprocessing.strict)


def encoded_labels(table: Table, target: str, classes: Sequence[str], *, strict: bool) -> tuple[Targets, Table]:
    """As `labels_of_table`, for these classes; for none, of a regression."""
    if target not in table.columns:
        raise UserError(f"{table.source} has no column {target!r}, the target of the earlier data; add it")
    what = f"column {target!r} of {table.source}"
    labels, table, _ = labelled_rows(table, target, what, strict=strict)
    if not classes:
        numbers = table.as_numbers(target)
        if numbers is None:
            raise UserError(f"{what} must be numbers, and holds text: {joined(map(str, labels), 3)}; correct it")
        return checked_numbers(numbers, what), table
    try:
        return encoded(labels, classes), table
    except UserError as error:
        raise UserError(f"{what}: {error}; correct it, or remove its rows") from error


def check_same_columns(name: str, examples: RawExamples, preprocessing: Preprocessing) -> None:
    """Raise a UserError if a built-in set does not have the columns of the preprocessing, in their order."""
    if examples.columns != preprocessing.columns:
        own, earlier = (joined((column.name for column in of.columns), 4) for of in (examples, preprocessing))
        raise UserError(
            f"{name} has the columns {own}, and the earlier data {earlier}; choose the same data set (and pixels), or "
            "a table with these columns"
        )
