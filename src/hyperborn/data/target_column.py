"""The target column of a user's own table: its labels, the rows that have one, and what stands for none.

Cells without a value have no label. Where the other labels are numbers, neither have spellings such as "na" (unless a
class is called so), nor in a regression cells of text. Their rows are left out, and it is said.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float

from hyperborn._typing import Labels, Targets
from hyperborn.data.columns import text_of
from hyperborn.data.labels import (
    KnownLabels,
    chosen_classes,
    classes_of,
    counted,
    encoded,
    joined,
    nearest_name,
    parsed_number,
    rows_of_classes,
)
from hyperborn.data.missing import MISSING_NUMBERS
from hyperborn.data.numbers import like_number
from hyperborn.data.tables import STANDARD_INPUT_NAME, Table
from hyperborn.data.targets import MOST_CLASS_NUMBERS, MOST_CLASSES, REGRESS, checked_numbers, is_regression
from hyperborn.errors import UserError
from hyperborn.printable import option_value, shown

MOSTLY, NEARLY_ALL = 0.5, 0.9
"""Share of numbers from which a target of text is one of regression, where that is asked for, and where it is not."""
FEW = 12
"""Labels that a message names."""


@dataclass
class TargetColumn:
    """The rows of a table that have a label.

    Attributes:
        name: of the column.
        what: the column and its table, for messages.
        table: the rows.
        labels: of the rows, as text.
        unlabelled: how many rows have none.
        words: what stands for "no label" in some of them.
        notes: what is worth saying of rows that are left out.
    """

    name: str
    what: str
    table: Table
    labels: np.ndarray
    unlabelled: int = 0
    words: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def numbers(self) -> Float[np.ndarray, " rows"] | None:
        """The labels as numbers, if all of them are."""
        return self.table.as_numbers(self.name)

    def without(self, lost: np.ndarray, *, note: str = "") -> "TargetColumn":
        """The same without some of the rows."""
        rows = np.flatnonzero(~lost)
        notes = (*self.notes, note) if note else self.notes
        table = self.table.rows(rows)
        return TargetColumn(self.name, self.what, table, self.labels[rows], self.unlabelled, self.words, notes)


def target_column(
    table: Table, name: str, what: str, is_class: Callable[[str], bool], *, may_choose: bool = False
) -> TargetColumn:
    """The rows of a table that have a label; a spelling of "none" among numbers is one where `is_class` says so.

    `may_choose` says that a person may still choose the classes.

    Raises:
        UserError: if no row has one.
    """
    labels = text_of(table.columns[name])
    absent = pd.isna(labels)
    distinct = pd.unique(labels[~absent]).tolist()
    words = [text for text in distinct if text.casefold() in MISSING_NUMBERS and not is_class(text)]
    others = [text for text in distinct if text.casefold() not in MISSING_NUMBERS]
    words = words if others and all(map(like_number, others)) else []
    lost = absent | np.isin(labels, words) if words else absent
    if lost.all():
        raise UserError(f"{what} has no label; give one that has")
    column = TargetColumn(name, what, table, labels, int(lost.sum()), tuple(words))
    if not column.unlabelled:
        return column
    note = f"{counted(column.unlabelled, 'row')} without a label left out"
    if words:
        # What is no number is a class only where all classes are named.
        named = ",".join(sorted(distinct))
        can_be_named = may_choose and len(distinct) <= FEW and not any("," in text for text in distinct)
        keep = f" (--classes {option_value(named)} makes classes of all)" if can_be_named else ""
        note += f", among them those of {joined(map(repr, words), 3)}{keep}"
    return column.without(lost, note=note)


def fault_of_unlabelled(column: TargetColumn) -> list[str]:
    """What is strictly wrong with rows that have no label."""
    if not column.unlabelled:
        return []
    words = f" (such as {joined(map(repr, column.words), 3)})" if column.words else ""
    return [
        f"{column.what} has {counted(column.unlabelled, 'missing value')}{words}; fill them in, remove their rows "
        "(labels are never imputed), or train without strict (--strict), which leaves them out"
    ]


def regression_column(
    column: TargetColumn, task: str, classes: Sequence[int | str] | None, *, strict: bool
) -> TargetColumn | None:
    """The rows whose labels are numbers, if the target is taken for numbers; None if it is taken for classes.

    Text in a column of numbers has no label.

    Raises:
        UserError: for an unknown task, classes of a regression, or text as its target; strictly for some text as well.
    """
    numbers = column.numbers
    if numbers is None and classes is None and task != "classification":
        found = column.table.as_numbers(column.name, text_is_missing=True)
        share = 0.0 if found is None else float(np.isfinite(found).mean())
        if found is not None and share >= (MOSTLY if task == "regression" else NEARLY_ALL):
            part = without_text(column, found)
            if is_regression(part.labels, part.numbers, task, classes, column.what):
                if strict:
                    raise UserError(
                        f"{column.what} is numbers but for {counted(len(column.labels) - len(part.labels), 'row')}, "
                        f"such as one with {shown(column.labels[np.isnan(found).argmax()])}; correct them, remove "
                        "their rows, or train without strict (--strict), which leaves them out"
                    )
                return part
    return column if is_regression(column.labels, numbers, task, classes, column.what) else None


def classes_or_numbers(
    column: TargetColumn, task: str, classes: Sequence[int | str] | None, *, strict: bool
) -> tuple[TargetColumn, Targets, tuple[str, ...]]:
    """The rows to learn from, the class index or the number of each, and the names of the classes.

    These are the chosen classes, or none of a regression.

    Raises:
        UserError: as `regression_column` and `named_classes`, or for an unknown class.
    """
    numeric = regression_column(column, task, classes, strict=strict)
    if numeric is not None and numeric.numbers is not None:
        return numeric, checked_numbers(numeric.numbers, column.what), ()
    names, y = named_classes(column.labels, column.what)
    chosen = chosen_classes(names, classes)
    rows, y = rows_of_classes(y, chosen)
    others = np.ones(len(column.labels), dtype=bool)
    others[rows] = False
    return column.without(others), y, tuple(names[index] for index in chosen)


def without_text(column: TargetColumn, numbers: np.ndarray) -> TargetColumn:
    """The rows whose labels are numbers; these are NaN for text."""
    lost = np.isnan(numbers)
    text = column.labels[lost.argmax()]
    note = f"{counted(int(lost.sum()), 'row')} whose target is text, such as {shown(text)}, left out (regression)"
    return column.without(lost, note=note)


def labels_in_encoding(
    table: Table, target: str, classes: Sequence[str], *, strict: bool, chosen: bool = False
) -> tuple[Targets, TargetColumn]:
    """The class index of each labelled row, or the number of a regression in the units of the target; and these rows.

    Args:
        table: has the target column.
        target: its name.
        classes: names of the classes; none of a regression.
        strict: whether every row must have a label.
        chosen: whether the classes are some of those of the data: then rows of other classes are left out.

    Raises:
        UserError: if the target column is absent, or has unknown labels, or strictly missing ones.
    """
    if target not in table.columns:
        raise UserError(f"{table.source} has no column {target!r}, the target of the earlier data; add it")
    what = f"column {target!r} of {table.source}"
    known = KnownLabels(classes)
    column = target_column(table, target, what, lambda text: known.index(text) is not None)
    if strict and (faults := fault_of_unlabelled(column)):
        raise UserError(faults[0])
    if not classes:
        if column.numbers is None and not strict:
            found = table_numbers(column)
            column = column if found is None else without_text(column, found)
        numbers = column.numbers
        if numbers is None:
            raise UserError(f"{what} must be numbers, and holds text: {joined(texts_of(column.labels), 3)}; correct it")
        return checked_numbers(numbers, what), column
    if chosen:
        column = of_classes(column, known, classes)
    try:
        return encoded(column.labels, classes), column
    except UserError as error:
        raise UserError(f"{what}: {error}; correct it, or remove its rows") from error


def table_numbers(column: TargetColumn) -> np.ndarray | None:
    """The labels as numbers, NaN for text, if most of them are numbers."""
    found = column.table.as_numbers(column.name, text_is_missing=True)
    return found if found is not None and np.isfinite(found).mean() >= MOSTLY else None


def texts_of(labels: Iterable[str]) -> list[str]:
    """The different labels that are no numbers."""
    return list(dict.fromkeys(text for text in labels if not like_number(text)))


def of_classes(column: TargetColumn, known: KnownLabels, classes: Sequence[str]) -> TargetColumn:
    """The rows of the chosen classes.

    Raises:
        UserError: if there are none.
    """
    distinct = pd.unique(column.labels).tolist()
    others = [text for text in distinct if known.index(text) is None]
    if len(others) == len(distinct):
        raise UserError(
            f"{column.what} has none of the chosen classes {joined(classes)}, but {joined(others)}; choose others "
            "(--classes)"
        )
    lost = np.isin(column.labels, others)
    note = f"{counted(int(lost.sum()), 'row')} of other classes than the chosen ones left out: {joined(others, 4)}"
    return column.without(lost, note=note) if others else column


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


def checked_target(table: Table, target: str | None) -> str:
    """The target column, after a check that the table has it."""
    if not table.columns:
        raise UserError(f"{table.source} has no columns; give one with features and a target")
    every = f"its columns are: {joined(table.columns)}"
    if len(table.columns) > FEW and table.source != STANDARD_INPUT_NAME:
        every += f"; list all with list(hyperborn.data.read_table({table.source!r}).columns)"
    if target is None:
        raise UserError(f"{table.source} needs a target column; give target= (--target); {every}")
    if target not in table.columns:
        near = nearest_name(target, table.columns)
        raise UserError(f"{table.source} has no column {target!r}, the nearest is {near!r}; {every}")
    return target
