"""A data set of encoded labels whose examples are all learnt from, as scikit-learn gives them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Real

from hyperborn.data.column_choices import AS_IT_COMES, ColumnChoices
from hyperborn.data.columns import matrix
from hyperborn.data.dataset import TARGET, Dataset, RawExamples, preprocessed, split_and_preprocessed
from hyperborn.data.inference import inferred
from hyperborn.data.labels import joined
from hyperborn.data.preprocessing import Preprocessing
from hyperborn.data.splits import Rows
from hyperborn.data.surprises import surprises
from hyperborn.data.tables import Table
from hyperborn.errors import UserError


def training_examples(
    table: Table,
    y: Real[np.ndarray, " examples"],
    classes: Sequence[str],
    *,
    weights: Float[np.ndarray, " examples"] | None = None,
    class_weight: Mapping[str, Any] | None = None,
    choices: ColumnChoices = AS_IT_COMES,
    standardize: bool = True,
    components: int | None = None,
    preprocessing: Preprocessing | None = None,
) -> Dataset:
    """The data set of a table and its labels, with an empty validation and test split.

    Args:
        table: the features; its columns are taken as those of any table are.
        y: class indices, int64, of which not all need occur; without classes numbers, float64, of a regression.
        classes: names of the classes; none of a regression.
        weights: how often each example counts; once each if None.
        class_weight: weights by name of the class, as in `hyperborn.data.load`.
        choices: what a person says of columns.
        standardize: as in `hyperborn.data.load`, and so is components.
        components: principal components to keep.
        preprocessing: of earlier data, to be applied again: it settles choices, standardize and components.

    Raises:
        UserError: if no column says anything, a column does not fit, or there are too few examples.
    """
    if preprocessing is None:
        choices = choices.resolved([*table.columns, *table.left_out])
        choices.check([*table.columns, *table.left_out], table.source, target_beside(table))
        found = inferred(table, [name for name in table.columns if name not in choices.drop], choices)
        columns, target = tuple(found.columns), target_beside(table)
        left_out, notes = {**table.left_out, **found.left_out}, (*table.notes, *found.notes)
    else:
        columns, target = preprocessing.columns, preprocessing.target
        left_out, notes = dict(preprocessing.left_out), (*table.notes, *surprises(table, columns))
    if not columns:
        why = joined(f"{name}: {reason}" for name, reason in left_out.items())
        raise UserError(f"{table.source} has no column that says anything ({why or 'there is none'}); add features")
    imputed = preprocessing is None or preprocessing.medians is not None
    examples = RawExamples(
        columns,
        target,
        tuple(classes),
        matrix(table, columns, strict=False, imputed=imputed),
        y,
        strict=False,
        impute=imputed,
        left_out=left_out,
        notes=notes,
        decimal=table.decimal,
        weights=weights,
    )
    if preprocessing is not None:
        none = np.zeros(0, np.int64)
        rows = Rows(np.arange(len(y)), none, none)
        return preprocessed(table.source, examples, rows, preprocessing, notes, class_weight)
    return split_and_preprocessed(
        table.source,
        examples,
        seed=0,
        validation=0.0,
        test=0.0,
        more="add examples",
        standardize=standardize,
        components=components,
        preprocessing=None,
        class_weight=class_weight,
    )


def target_beside(table: Table) -> str:
    """A name of the target that no column has."""
    name = TARGET
    while name in table.columns or name in table.left_out:
        name += "_"
    return name
