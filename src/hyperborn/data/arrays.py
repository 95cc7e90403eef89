"""A data set from a person's own arrays."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from hyperborn.data import splits
from hyperborn.data.dataset import TARGET, Dataset, split_and_preprocessed
from hyperborn.data.labels import counted, joined
from hyperborn.data.load import check_no_options, check_option_types, is_names
from hyperborn.data.preprocessing import Preprocessing
from hyperborn.data.tables import Table, real_numbers
from hyperborn.data.targets import Task
from hyperborn.data.user_table import examples_in_encoding, examples_of_table
from hyperborn.data.weights import ClassWeight, checked_weights
from hyperborn.errors import UserError


def from_arrays(
    x: ArrayLike,
    y: ArrayLike,
    *,
    features: Sequence[str] | None = None,
    classes: Sequence[int | str] | None = None,
    name: str = "arrays",
    seed: int = 0,
    validation: float = 0.2,
    test: float = 0.2,
    standardize: bool = True,
    components: int | None = None,
    preprocessing: Preprocessing | None = None,
    task: Task = "auto",
    sample_weight: ArrayLike | None = None,
    class_weight: ClassWeight = None,
) -> Dataset:
    """A person's own arrays, split and preprocessed as `load` does it.

    Args:
        x: features, (examples, features), numbers.
        y: labels, (examples,), numbers or text; of a regression numbers.
        features: names of the columns of x; x1, x2, ... if absent, or those of the preprocessing.
        classes: which labels and in which order; all of them for None.
        name: what the data set is called.
        seed: of the splits.
        validation: fraction of all examples.
        test: fraction of all examples.
        standardize: subtract the training mean and divide by the training standard deviation.
        components: keep so many principal components (after standardising).
        preprocessing: of an earlier data set, to be applied again as in `load`.
        task: "classification", "regression" or "auto", as in `load`.
        sample_weight: how often each example counts, in all splits: (examples,), numbers from 0 on.
        class_weight: weights of the classes in the training split, as in `load`.

    Raises:
        UserError: arrays that do not fit each other, values that are no finite numbers, or a single class.
    """
    check_option_types({"name": name, "standardize": standardize, "preprocessing": preprocessing})
    splits.check_fractions(validation, test)
    if preprocessing is not None:
        settled = {"classes": classes, "standardize": None if standardize else False, "components": components}
        check_no_options({**settled, "task": None if task == "auto" else task})
        features = [column.name for column in preprocessing.columns] if features is None else features
    columns = feature_columns(x, features)
    try:
        labels = np.asarray(y)
    except ValueError as error:
        raise UserError("y must be one label for each row of x, not lists of different lengths") from error
    if labels.ndim != 1 or any(len(values) != len(labels) for values in columns.values()):
        raise UserError(f"y of shape {labels.shape} must be one label for each row of x")
    weight_column = None
    if sample_weight is not None:
        # Longer than any name that is taken.
        taken = [*columns, TARGET if preprocessing is None else preprocessing.target]
        weight_column = f"weight beside {max(taken, key=len)}"
        columns[weight_column] = checked_weights("sample_weight", sample_weight, len(labels))
    if preprocessing is None:
        table = Table({**columns, TARGET: labels}, name)
        examples = examples_of_table(
            table, target=TARGET, classes=classes, impute=False, task=task, weight_column=weight_column
        )
    else:
        table = Table({**columns, preprocessing.target: labels}, name)
        examples = examples_in_encoding(table, preprocessing, target=None, weight_column=weight_column)
    return split_and_preprocessed(
        name,
        examples,
        seed=seed,
        validation=validation,
        test=test,
        more="add examples",
        standardize=standardize,
        components=components,
        impute=False,
        preprocessing=preprocessing,
        class_weight=class_weight,
    )


def feature_columns(x: ArrayLike, features: Sequence[str] | None) -> dict[str, np.ndarray]:
    """The columns of a matrix by name, float64.

    Raises:
        UserError: if it is no matrix of numbers, or the names do not fit it.
    """
    try:
        values = real_numbers(x)
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(f"x must be a matrix of numbers, one row an example ({error}); encode text first") from error
    if values.ndim != 2 or not values.shape[1]:
        raise UserError(f"x of shape {values.shape} must be a matrix, one row an example and one column a feature")
    faulty = np.argwhere(~np.isfinite(values))
    if len(faulty):
        raise UserError(
            f"x is NaN or infinite in {counted(len(faulty), 'place')}, the first of which is x[{faulty[0][0]}, "
            f"{faulty[0][1]}]; correct them or remove their rows"
        )
    names = [f"x{place + 1}" for place in range(values.shape[1])] if features is None else features
    if not is_names(names):
        raise UserError(f"features={features!r} must be a sequence of names, such as ('height', 'width')")
    if len(set(names)) != values.shape[1] or len(names) != values.shape[1] or TARGET in names:
        raise UserError(
            f"features={joined(map(repr, names))} must name each of the {values.shape[1]} columns of x, none {TARGET!r}"
        )
    return {name: values[:, place] for place, name in enumerate(names)}
