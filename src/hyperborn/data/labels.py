"""Labels and names: their spellings, class indices, the choice of classes, lists of names for messages."""

import difflib
import re
from collections.abc import Hashable, Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from jaxtyping import Int

from hyperborn._typing import Labels
from hyperborn.errors import UserError
from hyperborn.printable import shown

LARGEST_EXACT = 2**53
"""Whole numbers below this are exact in float64 and are written without a decimal point."""


def label_spelling(value: object) -> str:
    """One spelling for one label: ``1``, ``1.0`` and ``" 1 "`` all become ``"1"``; other text is only stripped."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        number = float(value)
        whole = number.is_integer() and abs(number) < LARGEST_EXACT
        return str(int(number)) if whole else repr(number)
    return str(value).strip()


def parsed_number(text: str) -> float | None:
    """The number that a text stands for, or None if it is not one (``1_000`` is not)."""
    if "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def exact_number(text: str) -> Decimal | None:
    """The finite number that a text stands for, with all of its digits, or None if it is not one."""
    if "_" in text:
        return None
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


ZEROS_IN_FRONT = re.compile(r"0\d+")
"""Digits that are a code, in any column."""
CODE = re.compile(r"[+-]?0\d.*|\d+[eE]\d+")


def is_code(text: str) -> bool:
    """Whether digits are spelt as a code, not as a number: with zeros in front (a post code), or as "1E2"."""
    return CODE.fullmatch(text) is not None


def joined(names: Iterable[str], limit: int = 12) -> str:
    """Names with commas between them; of those after the limit only the number."""
    every = list(names)
    if len(every) <= limit:
        return ", ".join(every)
    return f"{', '.join(every[:limit])} and {len(every) - limit} more"


def first_repeated(names: Iterable[str]) -> str | None:
    """The first name that occurs twice; None if all are different."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def nearest_name(name: str, known: Iterable[str]) -> str:
    """The known name (of at least one) that is most like the given one; upper and lower case are the same."""
    folded = {candidate.casefold(): candidate for candidate in known}
    return folded[difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.0)[0]]


def counted(count: int, thing: str) -> str:
    """``1 example``, ``2 examples``."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


TRUTHS = {"true": True, "false": False}


def truth_value(text: str) -> bool | None:
    """The truth value that a text spells in upper or lower case, or None: files have ``TRUE``, and Python ``True``."""
    return TRUTHS.get(text.strip().casefold())


K = TypeVar("K", bound=Hashable)


class KnownLabels:
    """Names of classes or categories, which are found by other spellings of the same, too.

    A label is the name that it spells exactly; or else the only name of the same number (``1.0`` for ``1``); or else
    the only one of the same truth value (``TRUE`` for ``True``). Where every name is a truth value, or is 0 or 1, true
    is 1 and false is 0: one program writes truth values so, and another so.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.exact = {name: index for index, name in enumerate(names)}
        self.numbers = index_of_only(map(exact_number, names))
        self.truths = index_of_only(map(truth_value, names))
        binary = len(self.truths) == len(self.exact), self.numbers.keys() <= {0, 1} and len(self.numbers) == len(names)
        if any(binary):
            self.numbers |= {Decimal(int(truth)): index for truth, index in self.truths.items()}
            self.truths = {bool(number): index for number, index in self.numbers.items()}

    def index(self, value: object) -> int | None:
        """Index of a label among the names; None if it is none of them."""
        text = label_spelling(value)
        if text in self.exact:
            return self.exact[text]
        number, truth = exact_number(text), truth_value(text)
        if number is not None:
            return self.numbers.get(number)
        return None if truth is None else self.truths.get(truth)


def index_of_only(keys: Iterable[K | None]) -> dict[K, int]:
    """Index of each key that occurs once."""
    places: dict[K, list[int]] = {}
    for index, key in enumerate(keys):
        if key is not None:
            places.setdefault(key, []).append(index)
    return {key: found[0] for key, found in places.items() if len(found) == 1}


def classes_of(values: np.ndarray) -> tuple[tuple[str, ...], Labels]:
    """Names of the classes, numbers by size and text by alphabet, and the class index of each row.

    `values` are labels as text, none missing. Distinct spellings are distinct classes, unless all of them are plain
    numbers (no codes with zeros in front): then equal numbers are one class, called as it is most often spelt.
    """
    codes, distinct = pd.factorize(values)
    texts = [label_spelling(value) for value in distinct.tolist()]
    numbers = [exact_number(text) for text in texts]
    all_numbers = all(number is not None for number in numbers)
    merged = all_numbers and not any(is_code(text) for text in texts)
    keys: list[Any] = numbers if merged else texts
    counts = np.bincount(codes, minlength=len(texts))
    spelt: dict[Any, int] = {}
    for place, key in enumerate(keys):
        if key not in spelt or counts[place] > counts[spelt[key]]:
            spelt[key] = place
    order = sorted(spelt, key=(lambda key: (numbers[spelt[key]], texts[spelt[key]])) if all_numbers else None)
    index = {key: place for place, key in enumerate(order)}
    return tuple(texts[spelt[key]] for key in order), np.asarray([index[key] for key in keys], np.int64)[codes]


def encoded(values: Iterable[object], names: Sequence[str]) -> Labels:
    """Class index of each label, shape (examples,), int64.

    Raises:
        UserError: a label that is not among the names.
    """
    known = KnownLabels(names)
    seen: dict[str, int] = {}
    indices = []
    for value in values:
        text = label_spelling(value)
        if text not in seen:
            index = known.index(value)
            if index is None:
                raise UserError(f"unknown label {text!r}; the known classes are {joined(names)}")
            seen[text] = index
        indices.append(seen[text])
    return np.asarray(indices, dtype=np.int64)


def chosen_classes(names: Sequence[str], classes: Sequence[int | str] | None) -> list[int]:
    """Indices of the chosen classes in the order given; all of them for None.

    A class is named by its name, or by its index unless some name is a number (then 1 is the class called "1").

    Raises:
        UserError: an unknown class, one class twice, or fewer than two classes.
    """
    if classes is None:
        chosen = list(range(len(names)))
    elif isinstance(classes, str) or not isinstance(classes, Sequence):
        raise UserError(f"classes={shown(classes)} is not a sequence of classes; give them in one, such as (0, 1)")
    else:
        known = KnownLabels(names)
        chosen = [index_of_choice(value, names, known) for value in classes]
    seen: set[int] = set()
    for index in chosen:
        if index in seen:
            raise UserError(f"class {names[index]!r} is chosen twice in classes={shown(tuple(classes or ()))}")
        seen.add(index)
    if len(chosen) < 2:
        what = joined(repr(names[index]) for index in chosen) or "none"
        raise UserError(f"one class only ({what}) leaves nothing to tell apart; choose two or more of: {joined(names)}")
    return chosen


def index_of_choice(value: object, names: Sequence[str], known: KnownLabels) -> int:
    """Index of one chosen class among the names, which are also `known`.

    Raises:
        UserError: if no class has this name or, where indices are allowed, this index.
    """
    index = known.index(value)
    if index is not None:
        return index
    by_index = all(parsed_number(name) is None for name in names)
    number = parsed_number(label_spelling(value))
    if by_index and number is not None and number.is_integer() and 0 <= number < len(names):
        return int(number)
    places = f" or an index from 0 to {len(names) - 1}" if by_index else ""
    raise UserError(f"unknown class {label_spelling(value)!r}; choose from: {joined(names)}{places}")


def rows_of_classes(y: Labels, chosen: Sequence[int]) -> tuple[Int[np.ndarray, " rows"], Int[np.ndarray, " rows"]]:
    """Rows whose class is chosen, in their order, and their class indices in the order of choice."""
    place = np.full(max(int(y.max(initial=0)), *chosen) + 1, -1, dtype=np.int64)
    place[np.asarray(chosen)] = np.arange(len(chosen))
    rows = np.flatnonzero(place[y] >= 0)
    return rows, place[y[rows]]


def present_classes(y: Labels, classes: tuple[str, ...]) -> tuple[Labels, tuple[str, ...]]:
    """Class indices among the classes that occur, and their names: new data need not have every class."""
    found, places = np.unique(y, return_inverse=True)
    return places.astype(np.int64), tuple(classes[index] for index in found)
