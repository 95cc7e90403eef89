"""A data set from a person's own arrays or data frame."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from hyperborn.data import splits
from hyperborn.data.column_choices import ColumnChoices, is_names
from hyperborn.data.dataset import TARGET, Dataset, RawExamples, split_and_preprocessed
from hyperborn.data.frames import has_named_columns
from hyperborn.data.labels import counted, joined
from hyperborn.data.load import check_option_types, check_unsettled
from hyperborn.data.preprocessing import Preprocessing
from hyperborn.data.role_columns import NO_ROLES, RoleColumns
from hyperborn.data.tables import Table, real_numbers
from hyperborn.data.targets import Task
from hyperborn.data.text_columns import text_form
from hyperborn.data.user_files import OtherExamples, examples_beside, known_categories
from hyperborn.data.user_table import encoded_examples
from hyperborn.data.weights import ClassWeight, checked_weights
from hyperborn.errors import UserError
from hyperborn.printable import shown

Pair: TypeAlias = tuple[Any, Any]
"""Features and labels."""
Part: TypeAlias = float | Pair
"""A fraction of all examples, or the examples of a split."""


def from_arrays(
    x: Any,
    y: ArrayLike,
    *,
    features: Sequence[str] | None = None,
    classes: Sequence[int | str] | None = None,
    name: str = "arrays",
    seed: int = 0,
    validation: Part = 0.2,
    test: Part = 0.2,
    group: ArrayLike | None = None,
    time: ArrayLike | None = None,
    standardize: bool = True,
    components: int | None = None,
    keep: Sequence[str] = (),
    categorical: Sequence[str] = (),
    numeric: Sequence[str] = (),
    strict: bool = False,
    preprocessing: Preprocessing | None = None,
    task: Task = "auto",
    sample_weight: ArrayLike | None = None,
    class_weight: ClassWeight = None,
) -> Dataset:
    """A person's own arrays, split and preprocessed as `load` does it.

    Args:
        x: features, (examples, features), numbers, NaN or masked where one is missing; or a data frame (pandas, Polars,
            PyArrow) or a mapping from names to columns, encoded as a table is.
        y: labels, (examples,), numbers or text; of a regression numbers.
        features: names of the columns of x; if absent those it has, those of the preprocessing, or x1, x2, ...
        classes: which labels and in which order; all of them for None.
        name: what the data set is called.
        seed: of the splits.
        validation: fraction of all examples, or a pair of features and labels that is this split, as x and y are.
        test: the same of the test split.
        group: what each example belongs to, (examples,): all of one group are in one split.
        time: when each example was taken, (examples,), numbers or dates: the latest are the test split, and the latest
            of the others the validation split. Not beside `group`.
        standardize: subtract the training mean and divide by the training standard deviation.
        components: keep so many principal components (after standardising).
        keep: as in `load`.
        categorical: as in `load`.
        numeric: as in `load`.
        strict: as in `load`.
        preprocessing: of an earlier data set, to be applied again as in `load`.
        task: "classification", "regression" or "auto", as in `load`.
        sample_weight: how often each example counts, in all splits: (examples,), numbers from 0 on.
        class_weight: weights of the classes in the training split, as in `load`.

    Raises:
        UserError: arrays that do not fit each other, infinite values, or a single class.
    """
    check_option_types({"name": name, "standardize": standardize, "preprocessing": preprocessing, "strict": strict})
    validation, other_validation = share_and_pair("validation", validation)
    test, other_test = share_and_pair("test", test)
    splits.check_fractions(validation, test)
    choices = ColumnChoices.of(keep=keep, categorical=categorical, numeric=numeric, strict=strict, impute=None)
    if preprocessing is not None:
        named = {"keep": keep, "categorical": categorical, "numeric": numeric, "strict": strict}
        check_unsettled(classes=classes, standardize=standardize, components=components, task=task, **named)
    target = TARGET if preprocessing is None else preprocessing.target
    given = feature_columns(x, features, preprocessing, target)
    columns = dict(given.columns)
    if not has_named_columns(x):
        # A matrix keeps its columns, constant ones too: whoever made it counts on their number.
        choices = replace(choices, keep=tuple(map(text_form, columns)))
    labels = label_column(y, columns)
    raw, roles = list(columns), roles_beside((*columns, target), group=group, time=time, weight=sample_weight)
    if sample_weight is not None:
        sample_weight = checked_weights("sample_weight", sample_weight, len(labels))
    for role, argument, values in (
        (roles.group, "group", group),
        (roles.time, "time", time),
        (roles.weight, "sample_weight", sample_weight),
    ):
        if role is not None and values is not None:
            columns[role] = one_each(argument, values, len(labels))
    table = Table(
        {**columns, target: labels},
        name,
        text=frozenset((target,)),
        # Strictly a person would have to leave out an index, which is no column of a frame.
        left_out={} if strict else {one: why for one, why in given.left_out.items() if one not in columns},
        notes=given.notes,
        decimal=given.decimal if preprocessing is None else preprocessing.decimal,
        known={} if preprocessing is None else known_categories(preprocessing.columns, target, preprocessing.classes),
        categories=given.categories,
    )
    settled_target = target if preprocessing is None else None
    examples = encoded_examples(
        table, preprocessing, target=settled_target, classes=classes, choices=choices, task=task, roles=roles
    )
    others = {
        part: examples_of_pair(part, pair, raw, examples, chosen=classes is not None)
        for part, pair in (("validation", other_validation), ("test", other_test))
        if pair is not None
    }
    examples = replace(
        examples,
        **{part: other.labelled for part, other in others.items()},
        notes=(*examples.notes, *(note for other in others.values() for note in other.notes)),
    )
    return split_and_preprocessed(
        name,
        examples,
        seed=seed,
        validation=validation,
        test=test,
        more="add examples",
        standardize=standardize,
        components=components,
        preprocessing=preprocessing,
        class_weight=class_weight,
    )


def share_and_pair(option: str, given: Part) -> tuple[float, Pair | None]:
    """A fraction of the examples, or none of them and the features and labels that are the split instead."""
    if not isinstance(given, tuple | list):
        return given, None
    if len(given) != 2:
        raise UserError(f"{option} = {shown(given)} must be a fraction, or a pair of features and labels (x, y)")
    return 0.0, (given[0], given[1])


def roles_beside(names: Sequence[str], **given: ArrayLike | None) -> RoleColumns:
    """Names for the columns of the roles that are given: their own, or longer than any name that is taken."""
    longest = max(names, key=len)

    def name(role: str) -> str:
        return role if role not in names else text_form(f"{role} beside {longest}")

    return RoleColumns(**{role: None if values is None else name(role) for role, values in given.items()})


def one_each(argument: str, values: ArrayLike, examples: int) -> np.ndarray:
    """An array with a value for each example; a UserError for any other."""
    if isinstance(values, str):
        raise UserError(
            f"{argument}={values!r} must be a value for each row of x; give the column itself, frame[{values!r}]"
        )
    if np.ma.is_masked(values):
        raise UserError(f"some values of {argument} are masked; give one for each example, or leave these examples out")
    found = np.asarray(values)
    if found.shape != (examples,):
        raise UserError(
            f"{argument} has the shape {found.shape} for {counted(examples, 'example')}; give one value each"
        )
    return found


def examples_of_pair(
    part: str, pair: Pair, raw: Sequence[str], examples: RawExamples, *, chosen: bool
) -> OtherExamples:
    """The examples of a split that is given as features and labels, read and encoded as the others were.

    `raw` are the columns of a matrix, in their order; `chosen` says that the classes are some of those of the data.

    Raises:
        UserError: if the features lack a column, or labels or values do not fit.
    """
    x, y = pair
    known = known_categories(examples.columns, examples.target, examples.classes)
    if has_named_columns(x):
        given = Table.of(x, only=[column.name for column in examples.columns], known=known, decimal=examples.decimal)
        columns = dict(given.columns)
    else:
        matrix = matrix_of(x)
        if matrix.shape[1] != len(raw):
            raise UserError(
                f"the features of {part} have {counted(matrix.shape[1], 'column')}, and x has {len(raw)}; give the same"
            )
        columns = dict(zip(raw, matrix.T, strict=True))
    table = Table(
        {**columns, examples.target: label_column(y, columns)},
        f"the {part} split",
        text=frozenset((examples.target,)),
        known=known,
        decimal=examples.decimal,
    )
    return examples_beside(table, examples, NO_ROLES, part, chosen=chosen)


def label_column(y: ArrayLike, columns: dict[str, np.ndarray]) -> np.ndarray:
    """The labels, one for each row; of a masked array the mask is kept.

    Raises:
        UserError: if there are not as many.
    """
    if isinstance(y, str):
        raise UserError(f"y={y!r} must be one label for each row of x; give the column itself, such as frame[{y!r}]")
    try:
        labels = np.asanyarray(y)
    except ValueError as error:
        raise UserError("y must be one label for each row of x, not lists of different lengths") from error
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or any(len(values) != len(labels) for values in columns.values()):
        raise UserError(f"y of shape {labels.shape} must be one label for each row of x")
    return labels


def feature_columns(x: Any, features: Sequence[str] | None, preprocessing: Preprocessing | None, target: str) -> Table:
    """The columns of a matrix or a data frame as a table.

    Raises:
        UserError: if it is no matrix of numbers, or the names do not fit it.
    """
    table = table_of_frame(x, features, preprocessing) if has_named_columns(x) else None
    if table is not None:
        named = list(table.columns) if features is None else features
        values = list(table.columns.values())
    else:
        matrix = matrix_of(x)
        values = list(matrix.T)
        known = None if preprocessing is None else [column.name for column in preprocessing.columns]
        named = [f"x{place + 1}" for place in range(len(values))] if known is None else known
        named = named if features is None else features
    if not is_names(named):
        raise UserError(f"features={features!r} must be a sequence of names, such as ('height', 'width')")
    if len(set(named)) != len(values) or len(named) != len(values) or target in named:
        raise UserError(
            f"features={joined(map(repr, named))} must name each of the {len(values)} columns of x, none {target!r}"
        )
    columns = dict(zip(named, values, strict=True))
    if table is None:
        return Table(columns)
    renamed = dict(zip(table.columns, map(text_form, named), strict=True))
    categories = frozenset(renamed[one] for one in table.categories)
    known = {renamed[one]: names for one, names in table.known.items() if one in renamed}
    return replace(table, columns=columns, categories=categories, known=known)


def table_of_frame(x: Any, features: Sequence[str] | None, preprocessing: Preprocessing | None) -> Table:
    """The table of a data frame under its own names, read as that of the earlier data was; there it has `features`."""
    if preprocessing is None:
        return Table.of(x)
    known = known_categories(preprocessing.columns)
    if features is not None:
        earlier = dict(zip(Table.of(x).columns, map(text_form, features), strict=False))
        known = {name: known[of] for name, of in earlier.items() if of in known}
    return Table.of(x, known=known, decimal=preprocessing.decimal)


def matrix_of(x: ArrayLike) -> np.ndarray:
    """A matrix of numbers, float64, NaN where one is missing.

    Raises:
        UserError: if it is none.
    """
    try:
        values = real_numbers(np.ma.filled(x.astype(np.float64), np.nan) if isinstance(x, np.ma.MaskedArray) else x)
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(
            f"x must be a matrix of numbers, one row an example ({error}); give text in a data frame"
        ) from error
    if values.ndim != 2 or not values.shape[1]:
        raise UserError(f"x of shape {values.shape} must be a matrix, one row an example and one column a feature")
    faulty = np.argwhere(np.isinf(values))
    if len(faulty):
        raise UserError(
            f"x is infinite in {counted(len(faulty), 'place')}, the first of which is x[{faulty[0][0]}, "
            f"{faulty[0][1]}]; correct them or remove their rows"
        )
    return values
