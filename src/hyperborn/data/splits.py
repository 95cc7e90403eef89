"""Stratified splits from a seed. Rows keep the order of their source, so that sums over them are reproducible."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from hyperborn._typing import Labels
from hyperborn.data.labels import counted
from hyperborn.errors import UserError, is_number, whole_number

EXAMPLES, TEST, VALIDATION = range(3)
"""Purposes, each of which has a seed of its own; see `seed_for`."""


def seed_for(seed: int, purpose: int) -> int:
    """A 32-bit seed for one purpose, independent of the seeds of the others.

    Raises:
        UserError: if the seed is not a whole number of at least 0.
    """
    entropy = whole_number("seed", seed, 0)
    return int(np.random.SeedSequence(entropy, spawn_key=(purpose,)).generate_state(1)[0])


def check_fractions(validation: float, test: float) -> None:
    """Check that the fractions, each in [0, 1), leave something to train on.

    Raises:
        UserError: if not, naming the fraction out of range, or both if their sum is 1 or more.
    """
    for name, fraction in (("validation", validation), ("test", test)):
        if not (is_number(fraction) and 0 <= fraction < 1):
            raise UserError(f"{name}={fraction!r} must be a fraction of at least 0 and below 1")
    if validation + test >= 1:
        raise UserError(f"validation={validation} and test={test} leave nothing to train on; their sum must be below 1")


class Rows(NamedTuple):
    """Rows of the training, validation and test split, each in ascending order."""

    train: Int[np.ndarray, " train"]
    validation: Int[np.ndarray, " validation"]
    test: Int[np.ndarray, " test"]


def stratified(
    y: Labels, names: Sequence[str], *, validation: float, test: float, seed: int, more: str = "add examples"
) -> Rows:
    """Splits with every class in each, as far as its examples go.

    The examples of a class with fewer than one for each part are all trained on. `more` says in an error how to get
    more examples.

    Raises:
        UserError: a fraction out of range, no class that can be split, or nothing left of a split.
    """
    check_fractions(validation, test)
    parts = 1 + (validation > 0) + (test > 0)
    counts = np.bincount(y, minlength=len(names))
    if not counts.min():
        raise UserError(f"class {names[int(counts.argmin())]!r} has no example; {more}, or leave the class out")
    if parts > 1 and counts.max(initial=0) < parts:
        raise UserError(
            f"no class has the {parts} examples that a split into {parts} parts needs ({counted(len(y), 'example')} of "
            f"{len(names)} classes); {more}, or set validation or test to 0"
        )
    rows = np.arange(len(y))
    rows, test_rows = drawn_apart(rows, y, counts >= parts, test, 1 + (validation > 0), seed_for(seed, TEST))
    rows, validation_rows = drawn_apart(rows, y, counts >= parts, validation, 1, seed_for(seed, VALIDATION))
    for name, share, drawn in (("test", test, test_rows), ("validation", validation, validation_rows)):
        if share and not len(drawn):
            raise UserError(
                f"{name}={share} of {counted(len(y), 'example')} draws none; raise {name} (--{name}), set it to 0, or "
                f"{more}"
            )
    return Rows(rows, validation_rows, test_rows)


def only_trained_on(y: Labels, names: Sequence[str], *, validation: float, test: float) -> list[str]:
    """Classes of which no example is in the validation or the test split, for they have too few."""
    parts = 1 + (validation > 0) + (test > 0)
    counts = np.bincount(y, minlength=len(names))
    return [name for name, count in zip(names, counts, strict=True) if count < parts]


def grouped(groups: Int[np.ndarray, " examples"], *, validation: float, test: float, seed: int) -> Rows:
    """Splits that keep the rows of a group together; the fractions are of groups.

    Raises:
        UserError: a fraction out of range, or too few groups.
    """
    from sklearn.model_selection import GroupShuffleSplit

    check_fractions(validation, test)
    count = len(np.unique(groups))
    parts = 1 + (validation > 0) + (test > 0)
    if count < parts:
        raise UserError(f"{counted(count, 'group')} cannot be split into {parts} parts; choose another group (--group)")
    rows = np.arange(len(groups))
    drawn: list[np.ndarray] = []
    left = count
    for fraction, purpose, others in ((test, TEST, 1 + (validation > 0)), (validation, VALIDATION, 1)):
        size = min(max(round(fraction * count), 1), left - others) if fraction else 0
        if not size:
            drawn.append(rows[:0])
            continue
        splitter = GroupShuffleSplit(1, test_size=size, random_state=seed_for(seed, purpose))
        kept, taken = next(splitter.split(rows, groups=groups[rows]))
        drawn.append(rows[taken])
        rows, left = rows[kept], left - size
    return Rows(rows, drawn[1], drawn[0])


def latest(time: Float[np.ndarray, " examples"], *, validation: float, test: float) -> Rows:
    """Splits by time: the latest rows are the test split, those before them the validation split.

    Raises:
        UserError: a fraction out of range, or too few rows.
    """
    check_fractions(validation, test)
    order = np.argsort(time, kind="stable")
    n_test, n_validation = round(test * len(order)), round(validation * len(order))
    first = len(order) - n_test - n_validation
    if first < 1 or (test and not n_test) or (validation and not n_validation):
        raise UserError(
            f"{counted(len(order), 'example')} are too few for test={test} and validation={validation}; set one to 0"
        )
    parts = np.split(order, [first, first + n_validation])
    return Rows(*(np.sort(part) for part in parts))


def shuffled(count: int, *, validation: float, test: float, seed: int, more: str = "add examples") -> Rows:
    """Splits of a regression.

    Raises:
        UserError: a fraction out of range, or too few examples for one in each part and two to train on.
    """
    check_fractions(validation, test)
    sizes = {"test": round(test * count), "validation": round(validation * count)}
    short = [name for name, share in (("test", test), ("validation", validation)) if share and not sizes[name]]
    if short or count - sum(sizes.values()) < 2:
        raise UserError(
            f"{counted(count, 'example')} are too few for validation={validation} and test={test} and two to train on; "
            f"{more}, or set validation or test to 0"
        )
    rows = np.arange(count)
    parts: list[np.ndarray] = []
    for name, purpose in (("test", TEST), ("validation", VALIDATION)):
        taken = np.random.default_rng(seed_for(seed, purpose)).choice(len(rows), sizes[name], replace=False)
        parts.append(np.sort(rows[taken]))
        rows = np.delete(rows, taken)
    return Rows(rows, parts[1], parts[0])


def drawn_apart(
    rows: Int[np.ndarray, " rows"],
    y: Labels,
    splittable: Bool[np.ndarray, " classes"],
    fraction: int | float,
    reserved: int,
    seed: int,
) -> tuple[Int[np.ndarray, " left"], Int[np.ndarray, " drawn"]]:
    """Rows left and rows drawn of splittable classes; the fraction is of all of ``y``.

    Of each class at least `reserved` rows are left.
    """
    if fraction == 0:
        return rows, rows[:0]
    count, open_rows = round(fraction * len(y)), rows[splittable[y[rows]]]
    classes = int(splittable.sum())
    enough = np.bincount(y[open_rows], minlength=len(splittable))[splittable].min() >= 2
    taken = open_rows[:0]
    if enough and classes <= min(count, len(open_rows) - count):
        from sklearn.model_selection import train_test_split

        _, taken = train_test_split(open_rows, test_size=count, stratify=y[open_rows], random_state=seed)
    left = np.bincount(y[np.setdiff1d(open_rows, taken)], minlength=len(splittable))
    if not len(taken) or (left[splittable] < reserved).any():
        # There are too few rows for each class to have its share.
        order = np.random.default_rng(seed).permutation(open_rows)
        place = pd.Series(y[order]).groupby(y[order]).cumcount().to_numpy()
        taken = order[place >= reserved][:count]
    return np.setdiff1d(rows, taken), np.sort(taken)
