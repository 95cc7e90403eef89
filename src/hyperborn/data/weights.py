"""Weights of examples: how often each counts, given one by one, or by class."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from hyperborn._typing import Targets
from hyperborn.data.labels import KnownLabels, counted, joined, nearest_name
from hyperborn.data.preprocessing import frozen
from hyperborn.data.tables import Table, real_numbers
from hyperborn.errors import UserError, is_number
from hyperborn.printable import shown

Weights: TypeAlias = Float[np.ndarray, " examples"]
"""How often each example counts: float64, positive or zero."""
ClassWeight: TypeAlias = str | Mapping[Any, Any] | None
"""None, "balanced", or weights by name of the class: see `weights_of_classes`."""

LARGEST_WEIGHT = 1e9
"""Largest weight of an example: with larger ones, weighted sums of losses could overflow in single precision."""


def checked_weights(name: str, weights: ArrayLike, examples: int) -> Weights:
    """Weights of so many examples as a read-only float64 array; `name` is what an error calls them.

    Raises:
        UserError: unless they are numbers from 0 to `LARGEST_WEIGHT`, one an example, and not all 0.
    """
    remedy = f"give numbers from 0 to {LARGEST_WEIGHT:g}, one an example, not all of them 0"
    try:
        given = real_numbers(weights)
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(f"{name} = {shown(weights)}: these are no numbers ({error}); {remedy}") from error
    if given.shape != (examples,):
        raise UserError(f"{name} has the shape {given.shape} for {counted(examples, 'example')}; {remedy}")
    values = frozen(given, np.float64)
    faulty = np.flatnonzero(~((values >= 0) & (values <= LARGEST_WEIGHT)))
    if len(faulty):
        raise UserError(f"{name}: the weight of example {faulty[0]} is {values[faulty[0]]:g}; {remedy}")
    if examples and not values.any():
        raise UserError(f"{name}: the weights of all {counted(examples, 'example')} are 0; {remedy}")
    return values


def weights_of_column(table: Table, name: str) -> Weights:
    """The numeric column of a table that has a weight for each row.

    Raises:
        UserError: an absent column, text, missing values, or numbers that are no weights.
    """
    if name not in table.columns:
        near = nearest_name(name, table.columns)
        raise UserError(
            f"{table.source} has no column {name!r} of weights, the nearest is {near!r}; its columns are: "
            f"{joined(table.columns)}"
        )
    values, what = table.as_numbers(name), f"the column of weights {name!r} of {table.source}"
    if values is None:
        cells = list(dict.fromkeys(str(value) for value in table.columns[name] if value is not None))
        raise UserError(f"{what} must be numbers, and holds text: {joined(cells, 3)}; correct it, or remove its rows")
    missing = int(np.isnan(values).sum())
    if missing:
        raise UserError(f"{what} has {counted(missing, 'missing value')}; fill them in or remove their rows")
    return checked_weights(what, values, len(table))


def product_of_weights(one: Weights | None, other: Weights | None) -> Weights | None:
    """Weights of examples that are weighted twice; None where each counts once."""
    if one is None or other is None:
        return other if one is None else one
    return one * other


def weights_of_classes(y: Targets, classes: tuple[str, ...], class_weight: ClassWeight) -> Weights | None:
    """The weight of each example by its class, float64 (examples,); None, where each counts once, for None.

    With "balanced" every class that occurs counts as much as any other: an example of class c weighs N / (C · N_c),
    with N examples of C classes, of which N_c are of class c, as in scikit-learn. A probability, calibrated or not, is
    then that of classes which are equally frequent, not that of the data.

    Args:
        y: class indices, (examples,); of a regression numbers.
        classes: names of the classes, by index; none of a regression.
        class_weight: None, "balanced", or weights by name of the class, from 0 on; a class that is not named weighs 1.

    Raises:
        UserError: a regression, another word, an unknown class or one named twice, or weights that are no numbers from
            0 to `LARGEST_WEIGHT`.
    """
    if class_weight is None:
        return None
    if not classes:
        raise UserError("class_weight weighs classes, and the target is a number; leave it out (--class-weight)")
    if isinstance(class_weight, str) and class_weight == "balanced":
        from sklearn.utils.class_weight import compute_sample_weight

        return compute_sample_weight("balanced", y)
    return weights_by_class(classes, class_weight)[y]


def weights_by_class(classes: tuple[str, ...], class_weight: Any) -> Float[np.ndarray, " classes"]:
    """The weight of each class, from weights by name.

    Raises:
        UserError: see `weights_of_classes`.
    """
    if not isinstance(class_weight, Mapping):
        raise UserError(
            f"class_weight={shown(class_weight)} is unknown; give 'balanced', or weights by name of the class, such as "
            f"{{{classes[0]!r}: 2}} (--class-weight {classes[0]}=2)"
        )
    known, weights = KnownLabels(classes), np.ones(len(classes))
    named: set[int] = set()
    for name, weight in class_weight.items():
        index = known.index(name)
        if index is None:
            near = nearest_name(str(name), classes)
            raise UserError(
                f"class_weight names the class {name!r}, the nearest is {near!r}; the classes are: {joined(classes)}"
            )
        if index in named:
            raise UserError(f"class_weight names the class {classes[index]!r} twice; name it once")
        if not is_number(weight) or not 0 <= weight <= LARGEST_WEIGHT:
            raise UserError(
                f"class_weight: the weight of class {classes[index]!r} is {shown(weight)}; give a number from 0 to "
                f"{LARGEST_WEIGHT:g}"
            )
        named.add(index)
        weights[index] = weight
    return weights
