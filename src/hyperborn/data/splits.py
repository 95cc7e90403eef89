"""Stratified splits from a seed. Rows keep the order of their source, so that sums over them are reproducible."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from hyperborn._typing import Labels
from hyperborn.data.labels import check_class_counts, counted
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


def stratified(
    y: Labels, names: Sequence[str], *, validation: float, test: float, seed: int, more: str = "add examples"
) -> tuple[Int[np.ndarray, " train"], Int[np.ndarray, " validation"], Int[np.ndarray, " test"]]:
    """Rows of the training, validation and test split, each in ascending order.

    `more` says in an error how to get more examples.

    Raises:
        UserError: a fraction out of range, or too few examples of a class (the error names it and its count).
    """
    check_fractions(validation, test)
    parts = 1 + (validation > 0) + (test > 0)
    check_class_counts(y, names, parts, "one for training" if parts == 1 else f"a split into {parts} parts", more)
    rows = np.arange(len(y))
    rows, test_rows = drawn_apart(rows, y, names, test, "test", more, seed_for(seed, TEST))
    rows, validation_rows = drawn_apart(rows, y, names, validation, "validation", more, seed_for(seed, VALIDATION))
    check_class_counts(y[rows], names, 1, f"the training split of {counted(len(rows), 'example')}", more)
    return rows, validation_rows, test_rows


def shuffled(
    count: int, *, validation: float, test: float, seed: int, more: str = "add examples"
) -> tuple[Int[np.ndarray, " train"], Int[np.ndarray, " validation"], Int[np.ndarray, " test"]]:
    """Rows of the training, validation and test split of a regression, each in ascending order.

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
    return rows, parts[1], parts[0]


def drawn_apart(
    rows: Int[np.ndarray, " rows"], y: Labels, names: Sequence[str], fraction: float, split: str, more: str, seed: int
) -> tuple[Int[np.ndarray, " left"], Int[np.ndarray, " drawn"]]:
    """Rows left and rows drawn: the fraction is of all of ``y``, the draw is from the given rows."""
    if fraction == 0:
        return rows, rows[:0]
    count = round(fraction * len(y))
    check_class_counts(y[rows], names, 2, f"drawing the {split} split", more)
    if min(count, len(rows) - count) < len(names):
        # The check above leaves two of each class or more.
        raise UserError(
            f"{split}={fraction} of {counted(len(y), 'example')} draws {count} and must draw {len(names)} to "
            f"{len(rows) - len(names)}, for one of each of the {len(names)} classes on either side; change {split} "
            f"(--{split}), set it to 0, or {more}"
        )
    from sklearn.model_selection import train_test_split

    left, taken = train_test_split(rows, test_size=count, stratify=y[rows], random_state=seed)
    return np.sort(left), np.sort(taken)
