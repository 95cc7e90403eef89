"""A `Preprocessing` as JSON values and back, exactly; every entry that is read is validated."""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hyperborn.data.columns import Column
from hyperborn.data.preprocessing import Preprocessing
from hyperborn.data.targets import TargetScaling
from hyperborn.errors import UserError

Number = Annotated[float, Field(allow_inf_nan=False)]


class Record(BaseModel):
    """Base of all entries: exact types (no text for a number), no unknown keys."""

    model_config = ConfigDict(strict=True, extra="forbid")


class ColumnRecord(Record):
    name: str
    kind: Literal["numeric", "categorical", "date"]
    categories: list[str] | None
    parts: list[str] | None = None
    rare: bool = False
    missing: bool = False
    date_format: str | None = None
    """Absent where there is none, as in records written before dates had a format."""


class TargetScalingRecord(Record):
    mean: Number
    deviation: Number


class PreprocessingRecord(Record):
    format: Literal[1, 2, 3]
    """1 is strict; 2, of a regression, is strict and has the scaling of its target; 3 says the rest."""
    columns: list[ColumnRecord]
    target: str
    classes: list[str]
    medians: list[Number] | None
    means: list[Number] | None
    scales: list[Number] | None
    pca_mean: list[Number] | None
    pca_components: list[list[Number]] | None
    target_scaling: TargetScalingRecord | None = None
    strict: bool = True
    left_out: dict[str, str] = {}
    decimal: Literal[".", ","] = "."
    header: bool = True
    """Absent where there was one, as in records written before files without a header were remembered."""


ARRAYS = ("medians", "means", "scales", "pca_mean", "pca_components")


def description(preprocessing: Preprocessing) -> dict[str, Any]:
    """The record: JSON writes the shortest text that reads back as the same float64, so nothing is lost."""
    arrays = {name: getattr(preprocessing, name) for name in ARRAYS}
    scaling = preprocessing.target_scaling
    return {
        "format": 3,
        "columns": [
            {
                "name": column.name,
                "kind": column.kind,
                "categories": None if column.categories is None else list(column.categories),
                "parts": None if column.parts is None else list(column.parts),
                "rare": column.rare,
                "missing": column.missing,
                **({} if column.date_format is None else {"date_format": column.date_format}),
            }
            for column in preprocessing.columns
        ],
        "target": preprocessing.target,
        "classes": list(preprocessing.classes),
        **{name: None if values is None else values.tolist() for name, values in arrays.items()},
        "target_scaling": None if scaling is None else {"mean": scaling.mean, "deviation": scaling.deviation},
        "strict": preprocessing.strict,
        "left_out": dict(preprocessing.left_out),
        "decimal": preprocessing.decimal,
        **({} if preprocessing.header else {"header": False}),
    }


def restored(record: Any) -> Preprocessing:
    """The preprocessing of a record.

    Raises:
        UserError: naming the first faulty entry.
    """
    try:
        valid = PreprocessingRecord.model_validate(record)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the record"
        raise UserError(f"preprocessing record: {place}: {first['msg']}; restore the file from a backup") from error
    for column in valid.columns:
        told = {"numeric": (True, True), "categorical": (False, True), "date": (True, False)}[column.kind]
        if told != (column.categories is None, column.parts is None):
            raise UserError(
                f"preprocessing record: column {column.name!r} is {column.kind}, against its categories or parts"
            )
    if valid.pca_components is not None and len({len(row) for row in valid.pca_components}) != 1:
        raise UserError(
            "preprocessing record: pca_components must be rows of one length; restore the file from a backup"
        )
    arrays = {name: getattr(valid, name) for name in ARRAYS}
    scaling = valid.target_scaling
    since = {"strict", "left_out", "decimal", "target_scaling"}
    if valid.format == 3 and (absent := sorted(since - valid.model_fields_set)):
        raise UserError(f"preprocessing record: {absent[0]} is missing; restore the file from a backup")
    if valid.format < 3 and ((valid.format == 2) != (scaling is not None) or not valid.strict):
        raise UserError("preprocessing record: format and target_scaling do not fit; restore the file from a backup")
    return Preprocessing(
        columns=tuple(
            Column(
                column.name,
                None if column.categories is None else tuple(column.categories),
                None if column.parts is None else tuple(column.parts),
                column.rare,
                column.missing,
                column.date_format,
            )
            for column in valid.columns
        ),
        target=valid.target,
        classes=tuple(valid.classes),
        target_scaling=None if scaling is None else TargetScaling(scaling.mean, scaling.deviation),
        strict=valid.strict,
        left_out=dict(valid.left_out),
        decimal=valid.decimal,
        header=valid.header,
        **{name: None if values is None else np.asarray(values, dtype=np.float64) for name, values in arrays.items()},
    )
