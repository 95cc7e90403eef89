"""The complete record of how raw columns become features and labels become class indices.

Everything is fitted on the training split only (the kinds and the categories of columns, which are no statistic, on all
rows), so that a saved `Preprocessing` alone turns a new table into what the model was trained on. The steps, in their
order: one-hot encoding, imputation, standardising, principal components.

scikit-learn has all of these steps, and its fitted transformers are kept as pickles alone, whose reading runs code.
Here every number is in the run's JSON; what is left of the transformers is then a line each.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Examples, Labels, Targets
from hyperborn.data.columns import Column, imputed_features, matrix
from hyperborn.data.dates import DATE_FORMATS, DATE_PARTS
from hyperborn.data.labels import counted, encoded
from hyperborn.data.tables import Table
from hyperborn.data.targets import TargetScaling
from hyperborn.errors import UserError, whole_number

ROUNDING = float(np.finfo(np.float64).eps)
"""Relative error of a number: a feature whose deviation is that of rounding is constant (as scikit-learn has it)."""


LEAST_DEVIATION_OF_MARK = 0.25
"""A feature of 0 and 1 that says which category it is, or that a value is missing, is scaled by at least this.

By its own deviation one missing value in 260 rows would be 16, and four columns missing together would outweigh all
else: on the penguins a network was sure by 44 nats, and wrong. With it the NLL was lower on all of six tables tried.
"""


def frozen(values: np.ndarray, dtype: type) -> np.ndarray:
    """A C-contiguous read-only array of this type; the caller's own array is copied unless it is read-only already."""
    array = np.ascontiguousarray(values, dtype=dtype)
    if values.flags.writeable and np.may_share_memory(array, values):
        array = array.copy()
    array.flags.writeable = False
    return array


@dataclass(frozen=True, eq=False)
class Preprocessing:
    """How a table becomes ``x`` and its target column becomes ``y``; ``raw`` counts features before the components.

    If `strict`, missing categories and unknown ones are refused, and missing numbers where there are no medians.
    `left_out` are the columns of the table that are no features, and why.

    Raises:
        UserError: for parts that do not fit each other, or numbers that are not finite.
    """

    columns: tuple[Column, ...]
    target: str
    classes: tuple[str, ...]
    # Shapes (imputed,), three times (raw,), and (components, raw): compared below, as tests alone check types.
    medians: Float[np.ndarray, "..."] | None = None
    means: Float[np.ndarray, "..."] | None = None
    scales: Float[np.ndarray, "..."] | None = None
    pca_mean: Float[np.ndarray, "..."] | None = None
    pca_components: Float[np.ndarray, "..."] | None = None
    target_scaling: TargetScaling | None = None
    """Of the numbers of a regression, which has no classes."""
    strict: bool = False
    left_out: Mapping[str, str] = field(default_factory=dict)
    decimal: str = "."
    """Decimal sign of the file's numbers, for files that could be read either way."""
    header: bool = True
    """Whether the file named its columns; else they were called x1, x2, ..."""

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        raw, imputed = len(self.raw_features), len(imputed_features(self.columns))
        require(raw > 0, "there is no column")
        require(len(set(names)) == len(names), "a column is named twice")
        require(self.target not in names, f"the target {self.target!r} is also a feature")
        if self.target_scaling is None:
            require(
                len(set(self.classes)) == len(self.classes) >= 2, "the classes must be two or more, each named once"
            )
        else:
            require(not self.classes, "a target is numbers or classes, not both")
        for column in self.columns:
            categories = column.categories
            valid = categories is None or (len(set(categories)) == len(categories) and len(column.features) > 0)
            require(valid, f"the categories of {column.name!r} must be one or more, each named once")
            parts = column.parts
            known = parts is None or (categories is None and 0 < len(set(parts)) == len(parts) <= len(DATE_PARTS))
            require(known and set(parts or ()) <= set(DATE_PARTS), f"the parts of {column.name!r} must be of a date")
            known = column.date_format is None or (parts is not None and column.date_format in DATE_FORMATS)
            require(known, f"the format of {column.name!r} must be one of dates")
        for name, length in (("medians", imputed), ("means", raw), ("scales", raw), ("pca_mean", raw)):
            values = getattr(self, name)
            if values is not None:
                require(values.shape == (length,), f"{name} has shape {values.shape} for {length}")
                require(bool(np.isfinite(values).all()), f"{name} must be finite")
                object.__setattr__(self, name, frozen(values, np.float64))
        require((self.means is None) == (self.scales is None), "means and scales belong together")
        require(self.scales is None or bool((self.scales > 0).all()), "scales must be positive")
        require((self.pca_mean is None) == (self.pca_components is None), "pca_mean and pca_components belong together")
        if self.pca_components is not None:
            shape = self.pca_components.shape
            require(len(shape) == 2 and 1 <= shape[0] <= raw == shape[1], f"pca_components has shape {shape} for {raw}")
            require(bool(np.isfinite(self.pca_components).all()), "pca_components must be finite")
            object.__setattr__(self, "pca_components", frozen(self.pca_components, np.float64))

    def __repr__(self) -> str:
        steps = {"imputed": self.medians, "standardised": self.means, "components": self.pca_components}
        done = "".join(f", {name}" for name, step in steps.items() if step is not None)
        columns, features = counted(len(self.columns), "column"), counted(len(self.features), "feature")
        return f"Preprocessing({columns} -> {features}{done})"

    @cached_property
    def raw_features(self) -> tuple[str, ...]:
        """Names of the features before principal components."""
        return tuple(name for column in self.columns for name in column.features)

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the columns of ``x``."""
        if self.pca_components is None:
            return self.raw_features
        return tuple(f"component_{place + 1}" for place in range(len(self.pca_components)))

    def transform(self, table: Table) -> Examples:
        """Features of each row of a raw table, shape (examples, features), float64; columns not needed are ignored.

        Unknown categories count as rare, and missing numbers as the median, unless the preprocessing is strict.

        Raises:
            UserError: a missing column, text where numbers belong, infinite values, or what is not known or missing.
        """
        return self.apply(matrix(table, self.columns, strict=self.strict, imputed=self.medians is not None))

    def apply(self, raw: Float[np.ndarray, "examples raw"]) -> Examples:
        """Features from a raw matrix (one-hot encoded, NaN where missing); imputes, standardises and projects."""
        x = raw
        if self.medians is not None:
            x = x.copy()
            places = imputed_features(self.columns)
            x[:, places] = np.where(np.isnan(x[:, places]), self.medians, x[:, places])
        if self.means is not None and self.scales is not None:
            # Values that overflow here are infinite, and an error names them where they are used.
            with np.errstate(over="ignore"):
                x = (x - self.means) / self.scales
        if self.pca_mean is not None and self.pca_components is not None:
            x = (x - self.pca_mean) @ self.pca_components.T
        return x

    def encode_labels(self, values: Iterable[object]) -> Labels:
        """Class index of each label; ``"1"``, ``1`` and ``1.0`` are the same label.

        Raises:
            UserError: a label that is none of the classes.
        """
        return encoded(values, self.classes)

    def own_labels(self, y: Targets) -> Targets:
        """Labels as a person gave them: class indices, or numbers in the units of the target."""
        return y if self.target_scaling is None else self.target_scaling.restored(y)

    def to_dict(self) -> dict[str, Any]:
        """A record that JSON can hold and `from_dict` restores to the last bit."""
        from hyperborn.data.record import description

        return description(self)

    @staticmethod
    def from_dict(record: Any) -> "Preprocessing":
        """The inverse of `to_dict`.

        Raises:
            UserError: a record with a missing, unknown or faulty entry.
        """
        from hyperborn.data.record import restored

        return restored(record)


def require(valid: bool, fault: str) -> None:
    """Raise a UserError that names the fault of a record, unless it is valid."""
    if not valid:
        raise UserError(f"preprocessing record: {fault}; load the data again, or restore the file from a backup")


def fitted_preprocessing(
    raw: Float[np.ndarray, "train raw"],
    columns: Sequence[Column],
    *,
    target: str,
    classes: Sequence[str],
    standardize: bool,
    components: int | None,
    impute: bool,
    target_scaling: TargetScaling | None = None,
    strict: bool = False,
    left_out: Mapping[str, str] | None = None,
    decimal: str = ".",
    header: bool = True,
) -> Preprocessing:
    """Preprocessing with the statistics of these (training) rows.

    Raises:
        UserError: a column without a value among these rows, or more components than features or rows.
    """
    names: dict[str, Any] = {"columns": tuple(columns), "target": target, "classes": tuple(classes)}
    names |= {"target_scaling": target_scaling, "strict": strict, "left_out": left_out or {}}
    names |= {"decimal": decimal, "header": header}
    steps: dict[str, Any] = {}
    if impute:
        steps["medians"] = medians_of(raw, columns)
        raw = Preprocessing(**names, **steps).apply(raw)
    if standardize:
        steps["means"], scales = means_and_scales(raw)
        marks = np.ones(len(scales), dtype=bool)
        marks[imputed_features(columns)] = False
        steps["scales"] = np.where(marks, np.maximum(scales, LEAST_DEVIATION_OF_MARK), scales)
        raw = (raw - steps["means"]) / steps["scales"]
    if components is not None:
        steps["pca_mean"], steps["pca_components"] = principal_components(raw, components)
    return Preprocessing(**names, **steps)


def medians_of(raw: Float[np.ndarray, "train raw"], columns: Sequence[Column]) -> Float[np.ndarray, " imputed"]:
    """Median of each number that may be missing, 0 where the training rows have no value of it."""
    numbers = raw[:, imputed_features(columns)]
    empty = np.isnan(numbers).all(axis=0)
    return np.nanmedian(np.where(empty, 0.0, numbers), axis=0)


def means_and_scales(
    raw: Float[np.ndarray, "train raw"],
) -> tuple[Float[np.ndarray, " raw"], Float[np.ndarray, " raw"]]:
    """Mean and standard deviation of each feature, the deviation 1 where a feature is constant but for rounding."""
    largest = np.abs(raw).max(axis=0)
    means = raw.mean(axis=0)
    # Squares of tiny or huge numbers would underflow or overflow. In units of a power of two nothing is rounded.
    unit = np.ldexp(1.0, np.frexp(largest)[1])
    deviations = unit * (raw / unit).std(axis=0)
    return means, np.where(deviations <= ROUNDING * len(raw) * largest, 1.0, deviations)


def principal_components(
    raw: Float[np.ndarray, "train raw"], components: int
) -> tuple[Float[np.ndarray, " raw"], Float[np.ndarray, "components raw"]]:
    """Mean and leading principal axes, one a row; signs as scikit-learn fixes them."""
    why = f" ({counted(raw.shape[1], 'feature')}, {counted(raw.shape[0], 'training example')})"
    components = whole_number("components", components, 1, min(raw.shape), why)
    from sklearn.decomposition import PCA

    # Both solvers are deterministic; the second needs only features × features, which is much quicker for images.
    solver = "full" if len(raw) < 10 * raw.shape[1] else "covariance_eigh"
    fitted = PCA(n_components=components, svd_solver=solver).fit(raw)
    return np.asarray(fitted.mean_), np.asarray(fitted.components_)
