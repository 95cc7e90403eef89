"""From labels to class indices: any spelling of a label, any subset of the classes in any order."""

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Int

from hyperborn._typing import Labels
from hyperborn.data.naming import counted, label_text, listed, number_in
from hyperborn.errors import UserError
from hyperborn.printable import shown


def spellings(names: Sequence[str]) -> dict[str, int]:
    """Index of each name, also under the plain spelling of its number (``"01"`` as ``"1"``) where only one has it."""
    plain: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        number = number_in(name)
        if number is not None:
            plain.setdefault(label_text(number), []).append(index)
    known = {text: indices[0] for text, indices in plain.items() if len(indices) == 1}
    return known | {name: index for index, name in enumerate(names)}


def find(value: object, known: dict[str, int]) -> int | None:
    """Index of a label among `spellings`, as it is written or else by its number; None where there is none."""
    text = label_text(value)
    if text in known:
        return known[text]
    number = number_in(text)
    return None if number is None else known.get(label_text(number))


def encode(values: Iterable[object], names: Sequence[str]) -> Labels:
    """Class index of each label, shape (examples,), int64.

    Raises:
        UserError: a label that is not among the names.
    """
    known = spellings(names)
    seen: dict[str, int] = {}
    indices = []
    for value in values:
        text = label_text(value)
        if text not in seen:
            index = find(value, known)
            if index is None:
                raise UserError(f"unknown label {text!r}; the known classes are {listed(names)}")
            seen[text] = index
        indices.append(seen[text])
    return np.asarray(indices, dtype=np.int64)


def choose(names: Sequence[str], classes: Sequence[int | str] | None) -> list[int]:
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
        known = spellings(names)
        chosen = [chosen_index(value, names, known) for value in classes]
    seen: set[int] = set()
    for index in chosen:
        if index in seen:
            raise UserError(f"class {names[index]!r} is chosen twice in classes={shown(tuple(classes or ()))}")
        seen.add(index)
    if len(chosen) < 2:
        what = listed(repr(names[index]) for index in chosen) or "none"
        raise UserError(f"one class only ({what}) leaves nothing to tell apart; choose two or more of: {listed(names)}")
    return chosen


def chosen_index(value: object, names: Sequence[str], known: dict[str, int]) -> int:
    """Index of one chosen class among the names, of which `known` are the spellings.

    Raises:
        UserError: if no class has this name or, where indices are allowed, this index.
    """
    index = find(value, known)
    if index is not None:
        return index
    by_index = all(number_in(name) is None for name in names)
    number = number_in(label_text(value))
    if by_index and number is not None and number.is_integer() and 0 <= number < len(names):
        return int(number)
    places = f" or an index from 0 to {len(names) - 1}" if by_index else ""
    raise UserError(f"unknown class {label_text(value)!r}; choose from: {listed(names)}{places}")


def select(y: Labels, chosen: Sequence[int]) -> tuple[Int[np.ndarray, " rows"], Int[np.ndarray, " rows"]]:
    """Rows whose class is chosen, in their order, and their class indices in the order of choice."""
    place = np.full(max(int(y.max(initial=0)), *chosen) + 1, -1, dtype=np.int64)
    place[np.asarray(chosen)] = np.arange(len(chosen))
    rows = np.flatnonzero(place[y] >= 0)
    return rows, place[y[rows]]


def check_counts(y: Labels, names: Sequence[str], needed: int, why: str, more: str) -> None:
    """Every class has at least the needed number of examples; `more` says how to get some.

    Raises:
        UserError: naming the rarest class, its count and the reason.
    """
    counts = np.bincount(y, minlength=len(names))
    rarest = int(counts.argmin())
    if counts[rarest] < needed:
        without = "leave the class out (classes=, --classes), " if len(names) > 2 else ""
        raise UserError(
            f"class {names[rarest]!r} has {counted(int(counts[rarest]), 'example')}, but {why} needs {needed}; "
            f"{more}, {without}or set validation or test to 0"
        )
