"""Which columns of a table are features, and of what kind: decided by their values, unless a person says otherwise."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import pandas as pd

from hyperborn.data.column_choices import AS_IT_COMES, ColumnChoices
from hyperborn.data.columns import Column, date_parts, first_text, numbers_of, raise_together, truths_as_numbers
from hyperborn.data.dates import DATE_PARTS, FoundDates, found_dates
from hyperborn.data.labels import ZEROS_IN_FRONT, counted, joined
from hyperborn.data.numbers import is_list_of_codes, like_number
from hyperborn.data.tables import Table
from hyperborn.data.text_columns import text_of
from hyperborn.printable import option_value

MOST_CATEGORIES = 50
"""Most categories of a column that have a feature of their own; the most frequent ones have."""

MOST_OF_MANY, LEAST_OF_MANY = 200, 5
"""The same of a column whose categories are many and each in a few rows, and how many rows each has at least."""

FEW_CATEGORIES = 12
"""A column with at most this many values may be mostly numbers ("3+" children), or have a new value in each row."""
NEARLY_ALL = 0.9
"""Share of rows with a value of their own from which text is an identifier."""
MOSTLY = 0.5
"""Share of numbers from which text is nearly a number; share of rare values from which text says too little."""

RARE_SHARE, LEAST_RARE, MOST_RARE = 0.01, 2, 10
"""A category is rare below this share of the rows, and always below the first count, never from the second on."""

OF_ROWS = "row|record|case|obs|observation|subject|patient|respondent|participant"
OWNERS = "person|customer|member|user|account|client|order|ticket|serial"
ROW_NAMES = re.compile(
    rf"unnamed: \d+|index|#|seq|sequence|serial|ssn|isbn|ean|nos?\.?|nr\.?|{OF_ROWS}|"
    rf"({OF_ROWS}|{OWNERS})[ _.]?(names?|num(bers?)?|nos?|nr|id|key)\.?"
)
"""Names of columns that number the rows, if all of their values are different whole numbers."""
IDENTIFIER = re.compile(rf"(.*[ _.-])?[iI][dD]|.*[a-z]I[dD]|[uU][iI][dD]|({OF_ROWS}|{OWNERS})id")
"""Names of columns that number what rows are of, if nearly all of their values are: a patient may come again."""


MOMENTS = re.compile(r"year|month|week|day|date|hour|minute|second|time|period")
"""In names of columns that rise because rows are in the order of time."""


@dataclass
class Features:
    """The columns that are features, those that are not and why, and what is worth saying."""

    columns: list[Column] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    markers: frozenset[str] = frozenset()
    """Words that mean "missing" among the numbers of this table: see `markers_of_missing`."""


def inferred(
    table: Table, names: Sequence[str], choices: ColumnChoices = AS_IT_COMES, faults: Sequence[str] = ()
) -> Features:
    """The features that a table's named columns become, and those left out with the reason.

    `faults` are found already, and are named with those that are found here.

    Raises:
        UserError: naming every column that needs a decision (if strict), or that cannot be what it is said to be.
    """
    found = Features(faults=list(faults), markers=markers_of_missing(table, names))
    for name in names:
        if choices.strict and name not in (*choices.keep, *choices.categorical, *choices.numeric):
            infer_strictly(table, name, choices, found)
        else:
            infer(table, name, choices, found)
    raise_together(found.faults)
    return found


def markers_of_missing(table: Table, names: Iterable[str]) -> frozenset[str]:
    """The words that stand alone among the many numbers of a column, such as "k.A.": elsewhere they mean the same."""
    found: set[str] = set()
    for name in names:
        values = table.columns[name]
        if values.dtype != object or name in table.categories:
            continue
        distinct = pd.unique(values[~pd.isna(values)])
        # Most columns of text show soon that they hold more than one word.
        words = list(islice((text for text in distinct if not like_number(text)), 2))
        if len(distinct) > FEW_CATEGORIES and len(words) == 1 and not any(map(str.isdigit, words[0])):
            found.update(words)
    return frozenset(found)


def infer(table: Table, name: str, choices: ColumnChoices, found: Features) -> None:
    """Decide on one column, by its values and what a person says of it."""
    values = table.columns[name]
    wanted = name in (*choices.keep, *choices.categorical, *choices.numeric)
    if not wanted and (reason := useless(table, name)):
        found.left_out[name] = reason
    elif name in choices.numeric:
        infer_number(table, name, found)
    elif name in choices.categorical:
        found.columns.append(categorical(name, text_of(values)))
    elif name in table.categories:
        infer_categories(table, name, found, wanted=wanted)
    elif (dates := dates_in(values, name)) is not None:
        infer_date(name, values, dates, found)
    elif values.dtype != object:
        if not wanted and may_count_rows(name, values):
            found.notes.append(
                f"{name}: taken for a number, though it rises by about one from row to row "
                f"(--drop {option_value(name)} if it only counts the rows)"
            )
        elif not wanted and may_name_groups(name, values):
            option = option_value(name)
            found.notes.append(
                f"{name}: taken for a number, though it looks like an identifier of several rows each "
                f"(--group {option} to keep these in one split, --drop {option} to leave it out)"
            )
        found.columns.append(Column(name, missing=bool(np.isnan(values).any())))
    elif table.as_numbers(name) is not None:
        numbers = numbers_of(table, name)
        found.columns.append(Column(name, missing=bool(np.isnan(numbers).any())))
    else:
        infer_text(table, name, found, wanted=wanted)


def useless(table: Table, name: str) -> str | None:
    """Why a column says nothing, whatever kind it is; None if it may."""
    values = table.columns[name]
    present = values[[value is not None for value in values]] if values.dtype == object else values[~pd.isna(values)]
    if not len(present):
        return "no values"
    distinct = pd.unique(present)
    if len(present) == len(values) and (len(distinct) == 1 or is_constant(values)):
        return "constant"
    whole = len(values) > FEW_CATEGORIES and are_whole(values)
    if whole and len(distinct) == len(values) and names_row_numbers(name):
        return "an identifier: a number of its own in each row"
    if whole and len(distinct) >= NEARLY_ALL * len(values) and IDENTIFIER.fullmatch(name.strip()):
        return f"an identifier: {len(distinct)} different numbers in {len(values)} rows"
    return None


def names_row_numbers(name: str) -> bool:
    """Whether a column of this name numbers the rows, if its values are all different."""
    return bool(ROW_NAMES.fullmatch(name.strip().lower()) or IDENTIFIER.fullmatch(name.strip()))


def may_name_groups(name: str, values: np.ndarray) -> bool:
    """Whether numbers may say which rows belong together, such as those of one patient."""
    is_named = bool(IDENTIFIER.fullmatch(name.strip()))
    return is_named and are_whole(values) and len(pd.unique(values)) > MOST_CATEGORIES


def may_count_rows(name: str, values: np.ndarray) -> bool:
    """Whether whole numbers may count the rows of the file, or of one from which some were taken."""
    if len(values) <= FEW_CATEGORIES or MOMENTS.search(name.lower()) or not are_whole(values):
        return False
    return bool((np.diff(values) > 0).all() and values[-1] - values[0] < 2 * len(values))


def are_whole(values: np.ndarray) -> bool:
    """Whether a column is whole numbers, none of them missing."""
    return values.dtype.kind == "f" and bool((values == np.floor(values)).all())


def is_constant(values: np.ndarray) -> bool:
    """Whether numbers differ by rounding only."""
    if values.dtype.kind != "f" or not np.isfinite(values).all():
        return False
    return bool(np.ptp(values) <= 4 * np.finfo(np.float64).eps * np.abs(values).max())


def dates_in(values: np.ndarray, name: str) -> FoundDates | None:
    """The dates of a column, or None if it holds others than dates."""
    return FoundDates(None, values) if values.dtype.kind == "M" else found_dates(values, name)


def infer_number(table: Table, name: str, found: Features) -> None:
    """A column that is said to be numeric: text in it counts as missing."""
    values = table.columns[name]
    numbers = None if values.dtype.kind == "M" else table.as_numbers(name, text_is_missing=True)
    if numbers is None and values.dtype == object:
        numbers = truths_as_numbers(values)
    if numbers is None or np.isnan(numbers).all():
        found.faults.append(
            f"column {name!r} of {table.source} is said to be numeric, and holds no number; leave it out of numeric "
            "(--numeric)"
        )
        return
    is_lost = np.isnan(numbers) & ~pd.isna(values)
    lost = int(is_lost.sum())
    if lost:
        cell = values[is_lost.argmax()]
        found.notes.append(
            f"{name}: numbers, with {counted(lost, 'cell')} of text as missing, the first {cell!r} (--categorical "
            f"{option_value(name)} for categories)"
        )
    found.columns.append(Column(name, missing=bool(np.isnan(numbers).any())))


def infer_date(name: str, values: np.ndarray, dates: FoundDates, found: Features) -> None:
    """A column of dates: the parts of them that vary."""
    features = date_parts(dates.dates, DATE_PARTS)
    present = features[~np.isnan(features).any(axis=1)]
    parts = tuple(part for place, part in enumerate(DATE_PARTS) if len(present) and np.ptp(present[:, place]) > 0)
    if not parts:
        found.left_out[name] = "constant"
        return
    found.notes += dates.notes
    is_lost = np.isnat(dates.dates) & ~pd.isna(values)
    if is_lost.any():
        found.notes.append(
            f"{name}: dates, with {counted(int(is_lost.sum()), 'cell')} of other text as missing, the first "
            f"{text_of(values)[is_lost.argmax()]!r} (--categorical {option_value(name)} for categories)"
        )
    missing = len(present) < len(features)
    found.columns.append(Column(name, parts=parts, missing=missing, date_format=dates.date_format))


def infer_categories(table: Table, name: str, found: Features, *, wanted: bool) -> None:
    """A column that is categories by its type, or holds codes with zeros in front: never numbers."""
    found.notes += notes_on_categories(table, name)
    infer_text(table, name, found, wanted=wanted, may_be_numbers=False)


def notes_on_categories(table: Table, name: str) -> list[str]:
    """Why a column of categories is not numbers, if most of it could be."""
    values = table.columns[name]
    numbers = table.as_numbers(name, text_is_missing=True)
    if numbers is None or np.isfinite(numbers).sum() < MOSTLY * (~pd.isna(values)).sum():
        return []
    code = next((text for text in pd.unique(values) if text is not None and ZEROS_IN_FRONT.fullmatch(text)), None)
    why = "categories by its type" if code is None else f"codes with zeros in front, such as {code!r}"
    return [f"{name}: no numbers, but {why} (--numeric {option_value(name)} for numbers)"]


def infer_text(table: Table, name: str, found: Features, *, wanted: bool, may_be_numbers: bool = True) -> None:
    """A column of text: categories, unless it is an identifier or free text."""
    values = table.columns[name]
    codes, distinct = pd.factorize(values)
    present = codes[codes >= 0]
    column = categorical(name, values)
    listed = share_listed(column, values)
    numbers = 0.0
    if not is_list_of_codes(list(distinct)):
        numbers = np.asarray([like_number(text) for text in distinct])[present].mean()
    reason = None
    if len(distinct) > max(FEW_CATEGORIES, NEARLY_ALL * len(present)):
        reason = f"an identifier: {len(distinct)} different texts in {len(present)} rows"
    elif len(distinct) > MOST_CATEGORIES and listed < MOSTLY:
        column = categorical(name, values, most=MOST_OF_MANY, least=LEAST_OF_MANY)
        listed = share_listed(column, values)
    if reason is None and len(distinct) > MOST_CATEGORIES and listed < MOSTLY:
        reason = f"text of {len(distinct)} different values, most of them rare"
    may_be_numbers = may_be_numbers and not wanted
    if may_be_numbers and numbers and all(text in found.markers for text in distinct if not like_number(text)):
        infer_number(table, name, found)
        return
    may_be_numbers = may_be_numbers and len(distinct) > FEW_CATEGORIES
    if may_be_numbers and numbers > (MOSTLY if reason else NEARLY_ALL):
        infer_number(table, name, found)
        return
    if may_be_numbers and numbers >= MOSTLY:
        cell = values[first_text(values)]
        found.notes.append(
            f"{name}: text, for some of it is no number, such as {cell!r} (--numeric {option_value(name)} to count "
            "such cells as missing)"
        )
    if reason and not wanted:
        found.left_out[name] = reason
    elif column.features:
        found.columns.append(column)
    else:
        found.left_out[name] = "constant"


def share_listed(column: Column, values: np.ndarray) -> float:
    """Share of the rows with a value whose category has a feature of its own."""
    codes, distinct = pd.factorize(values)
    return float(pd.Series(distinct).isin(column.categories or ()).to_numpy()[codes[codes >= 0]].mean())


def categorical(name: str, values: np.ndarray, *, most: int = MOST_CATEGORIES, least: int | None = None) -> Column:
    """A categorical column: the frequent categories in alphabetical order, the others as rare.

    At most so many are frequent, and all of these in at least so many rows.
    """
    codes, distinct = pd.factorize(values)
    counts = np.bincount(codes[codes >= 0], minlength=len(distinct))
    least = min(max(LEAST_RARE, int(np.ceil(RARE_SHARE * len(values)))), MOST_RARE) if least is None else least
    order = np.argsort(-counts, kind="stable")[:most]
    frequent = [place for place in order if counts[place] >= least]
    rare = len(frequent) < len(distinct)
    if len(distinct) - len(frequent) == 1 and len(distinct) <= MOST_CATEGORIES and not frequent:
        frequent, rare = list(order), False
    names = sorted(str(distinct[place]) for place in frequent)
    return Column(name, tuple(names), rare=rare, missing=bool((codes < 0).any()))


def infer_strictly(table: Table, name: str, choices: ColumnChoices, found: Features) -> None:
    """One column as it is, or a fault that says what has to be decided."""
    values = table.columns[name]
    what = f"column {name!r} of {table.source}"
    leave_out = f"leave the column out with drop=({name!r},) (--drop {option_value(name)})"
    absent = pd.isna(values)
    if absent.all():
        found.faults.append(f"{what} has no values; {leave_out}")
        return
    is_categories = name in table.categories
    numbers = None if is_categories else table.as_numbers(name) if values.dtype == object else values
    if values.dtype.kind == "M" or (numbers is None and not is_categories and found_dates(values, name) is not None):
        found.faults.append(f"{what} holds dates; {leave_out}, or train without strict (--strict)")
        return
    if numbers is not None:
        if absent.any() and not choices.impute:
            found.faults.append(
                f"{what} has {counted(int(absent.sum()), 'missing value')}; fill them in, or train with "
                'impute="median" (--impute median)'
            )
        found.columns.append(Column(name))
        return
    present = values[~absent]
    categories = sorted(set(present))
    if len(categories) > FEW_CATEGORIES:
        if not is_categories and sum(map(like_number, present)) >= MOSTLY * len(present):
            row = first_text(values)
            impute = "" if choices.impute else " --impute median"
            found.faults.append(
                f"{what} is numbers but for some rows, the first of which is row {row + 1} with {values[row]!r}; "
                f"correct them, take the text as missing (--numeric {option_value(name)}{impute}), or {leave_out}"
            )
            return
        if len(categories) > min(MOST_CATEGORIES, NEARLY_ALL * len(present)):
            found.faults.append(
                f"{what} is text with {len(categories)} different values in {len(present)} rows, too many for "
                f"categories (is it an identifier, or a date?); {leave_out}"
            )
            return
    if absent.any():
        found.faults.append(
            f"{what} has {counted(int(absent.sum()), 'missing value')} and, being text, no median; fill them in, "
            "remove their rows, or train without strict (--strict)"
        )
        return
    found.notes += notes_on_categories(table, name) if is_categories else []
    found.columns.append(Column(name, tuple(categories)))


def summary_of_columns(left_out: Mapping[str, str], columns: Iterable[Column], *, missing: bool = True) -> list[str]:
    """What became of a table's columns, in a few lines: how many are kept, which are not, and what was done to them."""
    kept = list(columns)
    lines = []
    if left_out:
        by_reason: dict[str, list[str]] = {}
        for name, reason in left_out.items():
            by_reason.setdefault(reason.split(":")[0], []).append(name)
        reasons = "; ".join(f"{joined(names, 4)} ({reason})" for reason, names in by_reason.items())
        text = [name for name, reason in left_out.items() if reason.startswith("text of ")]
        keep = f" (--keep {option_value(text[0])} keeps what is frequent in it)" if text else ""
        lines.append(f"kept {len(kept)} of {len(kept) + len(left_out)} columns: left out {reasons}{keep}")
    dates = [column.name for column in kept if column.kind == "date"]
    if dates:
        lines.append(f"dates as year, month, day of the week and days: {joined(dates, 4)}")
    numbers = [column.name for column in kept if column.missing and column.kind != "categorical"]
    if numbers and missing:
        lines.append(f"missing numbers are the median, with a feature that says so: {joined(numbers, 4)}")
    text = [column.name for column in kept if column.missing and column.kind == "categorical"]
    if text and missing:
        lines.append(f"missing categories are a category: {joined(text, 4)}")
    rare = [column.name for column in kept if column.rare]
    if rare:
        lines.append(f"rare categories are grouped: {joined(rare, 4)}")
    return lines
