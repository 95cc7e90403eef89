"""From the examples of any source to a data set: split, and preprocessed."""

import numpy as np

from hyperborn.data import splits
from hyperborn.data.dataset import Dataset, Split
from hyperborn.data.preprocessing import Preprocessing, fit
from hyperborn.data.reapplied import present
from hyperborn.data.source import Examples


def assembled(
    name: str,
    examples: Examples,
    *,
    seed: int,
    validation: float,
    test: float,
    more: str,
    standardize: bool,
    components: int | None,
    impute: bool,
    preprocessing: Preprocessing | None,
) -> Dataset:
    """The data set of these examples, with the preprocessing that is given, or one fitted on the training split.

    `more` says in an error how to get more examples.

    Raises:
        UserError: too few examples to be split, or values that no preprocessing can be fitted on.
    """
    y, names = examples.y, examples.classes
    if preprocessing is not None:
        y, names = present(y, names)
    rows = splits.stratified(y, names, validation=validation, test=test, seed=seed, more=more)
    if preprocessing is None:
        preprocessing = fit(
            examples.x[rows[0]],
            examples.columns,
            target=examples.target,
            classes=examples.classes,
            standardize=standardize,
            components=components,
            impute=impute,
        )
    return preprocessed(name, examples, rows, preprocessing)


def preprocessed(
    name: str, examples: Examples, rows: tuple[np.ndarray, np.ndarray, np.ndarray], preprocessing: Preprocessing
) -> Dataset:
    """The data set of these examples and rows of each split."""
    train, validation, test = rows

    def split(x: np.ndarray, y: np.ndarray) -> Split:
        return Split(preprocessing.apply(x), y)

    return Dataset(
        name=name,
        train=split(examples.x[train], examples.y[train]),
        validation=split(examples.x[validation], examples.y[validation]),
        test=split(examples.x[test], examples.y[test]) if examples.test is None else split(*examples.test),
        classes=examples.classes,
        preprocessing=preprocessing,
    )
