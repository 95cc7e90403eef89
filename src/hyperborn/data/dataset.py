"""Examples, raw and in three splits, with their names and the record of how they came from raw columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float, Int, Real
from numpy.typing import ArrayLike

from hyperborn._typing import Targets
from hyperborn.data.columns import Column
from hyperborn.data.inference import summary_of_columns
from hyperborn.data.labels import counted, joined, nearest_name, present_classes
from hyperborn.data.preprocessing import Preprocessing, fitted_preprocessing, frozen
from hyperborn.data.splits import Rows, grouped, latest, only_trained_on, shuffled, stratified
from hyperborn.data.targets import fitted_scaling
from hyperborn.data.weights import ClassWeight, Weights, checked_weights, product_of_weights, weights_of_classes
from hyperborn.errors import UserError

SPLITS = ("train", "validation", "test")
PARTS = ("x", "y", "weights")
"""Arrays of a split; examples need not have weights."""
OPTIONAL = frozenset({"notes", "image_shape", "class_weight"})
"""Entries of a record that those of earlier versions, or most of them, do not have."""

TARGET = "target"
"""Name of the target column of the built-in sets, for tables that follow."""


Labelled: TypeAlias = tuple[Float[np.ndarray, "others raw"], Real[np.ndarray, " others"], Weights | None]
"""Raw features, labels, and how often each counts."""


@dataclass(frozen=True, eq=False)
class RawExamples:
    """Examples as every loader returns them: before they are split and before any statistics.

    They are those of the chosen classes; of a regression, ``classes`` are none and ``y`` are the numbers of the target.
    ``validation`` and ``test`` hold examples of these splits that come from elsewhere, such as official test examples;
    none are drawn then. Rows of one of ``groups`` stay together in a split, and rows are split by ``time`` where it is
    given. ``left_out`` are columns that are no features, and why; ``notes`` are lines worth saying.
    Examples count once where there are no ``weights``. Of images, ``image_shape`` is (height, width).
    """

    columns: tuple[Column, ...]
    target: str
    classes: tuple[str, ...]
    x: Float[np.ndarray, "examples raw"]
    y: Targets
    test: Labelled | None = None
    validation: Labelled | None = None
    groups: Int[np.ndarray, " examples"] | None = None
    time: Float[np.ndarray, " examples"] | None = None
    strict: bool = True
    impute: bool = False
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    decimal: str = "."
    header: bool = True
    weights: Weights | None = None
    image_shape: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class Split:
    """Examples ``x`` (float64, C-contiguous) and their labels ``y``, both read-only; may be empty.

    Labels are class indices (int64), or the standardised numbers of a regression (float64). An example counts as often
    as its weight says (float64, read-only), in energies and in scores; once where there are none.

    Raises:
        UserError: for what is not an array of numbers, lengths that differ, features or numbers that are not finite,
            negative class indices, or weights that are negative, not finite or all zero.
    """

    # Lengths are compared below: types are checked in tests only.
    x: Float[np.ndarray, "examples features"]
    y: Real[np.ndarray, " labels"]
    weights: Float[np.ndarray, " weights"] | None = None

    def __post_init__(self) -> None:
        for name, values in (("x", self.x), ("y", self.y)):
            if not isinstance(values, np.ndarray) or values.dtype.kind not in "iuf":
                raise UserError(f"{name}={values!r} must be a NumPy array of numbers")
        if self.x.ndim != 2 or self.y.ndim != 1 or len(self.x) != len(self.y):
            raise UserError(f"x of shape {self.x.shape} and y of shape {self.y.shape} must be (N, d) and (N,)")
        object.__setattr__(self, "x", frozen(self.x, np.float64))
        object.__setattr__(self, "y", frozen(self.y, np.float64 if self.y.dtype.kind == "f" else np.int64))
        faulty = np.flatnonzero(~np.isfinite(self.x).all(axis=0))
        if len(faulty):
            count = int((~np.isfinite(self.x[:, faulty[0]])).sum())
            raise UserError(
                f"feature {faulty[0]} has {counted(count, 'value')} that are NaN or infinite; correct or remove them"
            )
        if not np.isfinite(self.y).all():
            raise UserError("y has values that are NaN or infinite; correct or remove their examples")
        if self.y.dtype.kind != "f" and self.y.min(initial=0) < 0:
            raise UserError(f"label {self.y.min()} is negative; class indices start at 0")
        if self.weights is not None:
            object.__setattr__(self, "weights", checked_weights("weights", self.weights, len(self.y)))

    def weighted(self, name: str, weights: ArrayLike) -> "Split":
        """The same examples with these weights, times those that they have; `name` is what an error calls the weights.

        Raises:
            UserError: unless they are numbers from 0 on, one an example, and not all of them 0.
        """
        own = checked_weights(name, weights, len(self))
        return Split(self.x, self.y, product_of_weights(self.weights, own))

    def rows(self, places: Int[np.ndarray, " rows"]) -> "Split":
        """Some of the examples, in the order of their places."""
        return Split(self.x[places], self.y[places], None if self.weights is None else self.weights[places])

    def __len__(self) -> int:
        return len(self.y)

    def __repr__(self) -> str:
        weighted = "" if self.weights is None else ", weighted"
        return f"Split({counted(len(self), 'example')}, {counted(self.x.shape[1], 'feature')}{weighted})"


@dataclass(frozen=True, eq=False)
class Dataset:
    """A classification task, in which class index i of every ``y`` is ``classes[i]``; or a regression, without classes.

    The numbers ``y`` of a regression are standardised by ``preprocessing.target_scaling``.

    Raises:
        UserError: splits that do not fit the preprocessing, a label without a class, or labels of the other task.
    """

    name: str
    train: Split
    validation: Split
    test: Split
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    notes: tuple[str, ...] = ()
    """Lines about what became of a table's columns and rows, to be said when it was read."""
    image_shape: tuple[int, int] | None = None
    """(height, width) where features are the pixels of images of one channel, row-major."""
    split_by: str | None = None
    """"group" or "time" where rows were split so: splits at random would mix what belongs together."""
    class_weight: ClassWeight = None
    """What the training split is weighted by beside the weights of its examples."""

    def __post_init__(self) -> None:
        if self.classes != self.preprocessing.classes:
            raise UserError(f"data set {self.name!r}: classes {self.classes} are not those of its preprocessing")
        for name in SPLITS:
            split = getattr(self, name)
            if split.x.shape[1] != self.n_features:
                raise UserError(
                    f"data set {self.name!r}: the {name} split has {split.x.shape[1]} features, its preprocessing "
                    f"gives {self.n_features}"
                )
            if (split.y.dtype.kind == "f") != (not self.classes):
                remedy = "class indices, whole numbers" if self.classes else "floats"
                raise UserError(
                    f"data set {self.name!r}: labels of the {name} split are of type {split.y.dtype}; give {remedy}"
                )
            if self.classes and split.y.max(initial=0) >= self.n_classes:
                raise UserError(
                    f"data set {self.name!r}: the {name} split has label {split.y.max()} of {self.n_classes} classes"
                )
        if self.image_shape is not None and prod(self.image_shape) != self.n_features:
            height, width = self.image_shape
            raise UserError(
                f"data set {self.name!r}: images of {height} x {width} pixels do not have {self.n_features} features"
            )
        if not len(self.train):
            raise UserError(f"data set {self.name!r}: the training split is empty; add examples")

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} {len(self.split(name))}" for name in SPLITS)
        classes = f"classes {list(self.classes)}" if sum(map(len, self.classes)) < 200 else f"{self.n_classes} classes"
        task = classes if self.classes else f"regression of {self.preprocessing.target!r}"
        return f"Dataset({self.name!r}, {counted(self.n_features, 'feature')}, {task}, {sizes})"

    def _repr_html_(self) -> str:
        from hyperborn.report.cards import data_html

        return data_html(self)

    @property
    def n_features(self) -> int:
        return len(self.features)

    @property
    def n_classes(self) -> int:
        """Number of classes; 0 of a regression."""
        return len(self.classes)

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the columns of ``x``."""
        return self.preprocessing.features

    def split(self, name: str) -> Split:
        """The split called "train", "validation" or "test".

        Raises:
            UserError: any other name, with the nearest of these.
        """
        if name not in SPLITS:
            near = nearest_name(str(name), SPLITS)
            raise UserError(f"unknown split {name!r}; the nearest is {near!r} of: {', '.join(SPLITS)}")
        return getattr(self, name)

    def to_record(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Arrays by name and a description that JSON can hold, for `from_record` to restore to the last bit."""
        parts = {f"{name}_{part}": getattr(self.split(name), part) for name in SPLITS for part in PARTS}
        arrays = {name: array for name, array in parts.items() if array is not None}
        more: dict[str, Any] = {} if self.image_shape is None else {"image_shape": list(self.image_shape)}
        if self.class_weight is not None:
            given = self.class_weight
            # Keys are names of classes, which may have been given as numbers.
            more["class_weight"] = given if isinstance(given, str) else {str(key): float(given[key]) for key in given}
        return arrays, {
            "name": self.name,
            "classes": list(self.classes),
            "preprocessing": self.preprocessing.to_dict(),
            "notes": list(self.notes),
            **more,
        }

    @staticmethod
    def from_record(arrays: Mapping[str, np.ndarray], description: Any) -> "Dataset":
        """The inverse of `to_record`.

        Raises:
            UserError: an array or entry that is missing, of the wrong type or does not fit the others.
        """
        keys = {"name", "classes", "preprocessing"}
        if not isinstance(description, Mapping) or set(description) - OPTIONAL != keys:
            raise UserError(f"data record: its entries must be {', '.join(sorted(keys))}; restore it from a backup")
        title, classes = description["name"], description["classes"]
        notes = description.get("notes", [])
        if not isinstance(title, str) or not all(is_list_of_text(given) for given in (classes, notes)):
            raise UserError("data record: name must be text, classes and notes lists of text; restore it from a backup")
        preprocessing = Preprocessing.from_dict(description["preprocessing"])
        label_type = np.int64 if classes else np.float64
        train, validation, test = (split_of_record(arrays, name, label_type) for name in SPLITS)
        return Dataset(
            name=title,
            train=train,
            validation=validation,
            test=test,
            classes=tuple(classes),
            preprocessing=preprocessing,
            notes=tuple(notes),
            image_shape=shape_of_record(description.get("image_shape")),
            class_weight=class_weight_of_record(description.get("class_weight")),
        )


def class_weight_of_record(given: Any) -> ClassWeight:
    """What the classes were weighted by; runs from before that was kept have nothing."""
    is_mapping = isinstance(given, dict) and all(type(weight) in (int, float) for weight in given.values())
    if given is not None and given != "balanced" and not is_mapping:
        raise UserError('data record: class_weight must be "balanced" or numbers by class; restore it from a backup')
    return given


def is_list_of_text(given: Any) -> bool:
    return isinstance(given, list) and all(isinstance(one, str) for one in given)


def shape_of_record(given: Any) -> tuple[int, int] | None:
    """Height and width of images; tables, and runs from before images were known as such, have none."""
    if given is None:
        return None
    if not isinstance(given, list) or len(given) != 2 or not all(type(side) is int and side > 0 for side in given):
        raise UserError("data record: image_shape must be height and width; restore it from a backup")
    return given[0], given[1]


def split_of_record(arrays: Mapping[str, np.ndarray], name: str, label_type: type[np.generic]) -> Split:
    """The split of this name; runs from before there were weights have none."""
    x = array_of_record(arrays, f"{name}_x", np.float64, 2)
    y = array_of_record(arrays, f"{name}_y", label_type, 1)
    weights = f"{name}_weights"
    return Split(x, y, array_of_record(arrays, weights, np.float64, 1) if weights in arrays else None)


def array_of_record(
    arrays: Mapping[str, np.ndarray], name: str, dtype: type[np.generic], dimensions: int
) -> np.ndarray:
    """One array of a record, of exactly the type that was written."""
    if name not in arrays:
        raise UserError(f"data record: the array {name} is missing; restore it from a backup")
    array = arrays[name]
    if array.dtype != dtype or array.ndim != dimensions:
        raise UserError(
            f"data record: the array {name} is {array.dtype} of shape {array.shape}, not {np.dtype(dtype)} of "
            f"{counted(dimensions, 'dimension')}; restore it from a backup"
        )
    return array


def split_and_preprocessed(
    name: str,
    examples: RawExamples,
    *,
    seed: int,
    validation: float,
    test: float,
    more: str,
    standardize: bool,
    components: int | None,
    preprocessing: Preprocessing | None,
    class_weight: ClassWeight = None,
) -> Dataset:
    """The data set of these examples, with the preprocessing that is given, or one fitted on the training split.

    `more` says in an error how to get more examples. `class_weight` weighs the training split, beside the weights that
    its examples have (`weights_of_classes`). Statistics of the preprocessing count every example once.

    Raises:
        UserError: too few examples to be split, values that no preprocessing can be fitted on, or weights of other
            classes.
    """
    validation = 0.0 if examples.validation is not None else validation
    test = 0.0 if examples.test is not None else test
    rows, notes = rows_of_splits(examples, seed=seed, validation=validation, test=test, more=more)
    if preprocessing is None:
        preprocessing = fitted_preprocessing(
            examples.x[rows.train],
            examples.columns,
            target=examples.target,
            classes=examples.classes,
            standardize=standardize,
            components=components,
            impute=examples.impute,
            target_scaling=None if examples.classes else fitted_scaling(examples.y[rows.train]),
            strict=examples.strict,
            left_out=examples.left_out,
            decimal=examples.decimal,
            header=examples.header,
        )
        notes = (*summary_of_columns(examples.left_out, examples.columns), *notes)
    notes = (*examples.notes, *notes)
    return preprocessed(name, examples, rows, preprocessing, notes, class_weight)


def rows_of_splits(
    examples: RawExamples, *, seed: int, validation: float, test: float, more: str
) -> tuple[Rows, tuple[str, ...]]:
    """The rows of each split, by time, by group, by class or at random; and what is worth saying of them."""
    if examples.time is not None:
        return latest(examples.time, validation=validation, test=test), ()
    if examples.groups is not None:
        return grouped(examples.groups, validation=validation, test=test, seed=seed), ()
    if not examples.classes:
        return shuffled(len(examples.y), validation=validation, test=test, seed=seed, more=more), ()
    y, names = present_classes(examples.y, examples.classes)
    rows = stratified(y, names, validation=validation, test=test, seed=seed, more=more)
    few = only_trained_on(y, names, validation=validation, test=test)
    said = f"too few examples to be split, so that all are trained on: {joined(few, 4)}"
    return rows, (said,) if few else ()


def preprocessed(
    name: str,
    examples: RawExamples,
    rows: Rows,
    preprocessing: Preprocessing,
    notes: tuple[str, ...],
    class_weight: ClassWeight,
) -> Dataset:
    """The data set of these examples, with these rows in the splits that do not come from elsewhere."""

    def split(x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> Split:
        scaling = preprocessing.target_scaling
        return Split(preprocessing.apply(x), y if scaling is None else scaling.standardised(y), weights)

    def part(own: np.ndarray, other: Labelled | None) -> Split:
        if other is not None:
            return split(*other)
        return split(examples.x[own], examples.y[own], None if examples.weights is None else examples.weights[own])

    learnt = part(rows.train, None)
    by_class = weights_of_classes(examples.y[rows.train], examples.classes, class_weight)
    return Dataset(
        name=name,
        train=learnt if by_class is None else learnt.weighted("class_weight", by_class),
        validation=part(rows.validation, examples.validation),
        test=part(rows.test, examples.test),
        classes=examples.classes,
        preprocessing=preprocessing,
        notes=notes,
        image_shape=examples.image_shape if preprocessing.pca_components is None else None,
        split_by="time" if examples.time is not None else "group" if examples.groups is not None else None,
        class_weight=class_weight,
    )
