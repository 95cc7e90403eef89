"""The files of a user's own data: one table, and perhaps others for validation and test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from hyperborn.arguments import path_of
from hyperborn.data.column_choices import ColumnChoices
from hyperborn.data.columns import Column, matrix
from hyperborn.data.dataset import Labelled, RawExamples
from hyperborn.data.frames import has_named_columns
from hyperborn.data.idx import is_idx, table_of_images
from hyperborn.data.labels import joined
from hyperborn.data.preprocessing import Preprocessing
from hyperborn.data.surprises import surprises
from hyperborn.data.tables import Table, read_table
from hyperborn.data.user_table import (
    NOTHING_ASIDE,
    Aside,
    columns_needed,
    encoded_labels,
    examples_in_encoding,
    examples_of_table,
)
from hyperborn.errors import UserError


@dataclass(frozen=True)
class Files:
    """A table and those of its validation and test splits, if they have their own; and how text files are read."""

    table: str | Path
    validation: str | Path | None = None
    test: str | Path | None = None
    encoding: str | None = None
    header: bool = True


def examples_of_files(
    files: Files,
    *,
    target: str | None,
    classes: Sequence[int | str] | None,
    choices: ColumnChoices,
    task: str,
    aside: Aside,
    preprocessing: Preprocessing | None,
) -> RawExamples:
    """The examples of a user's files, in the encoding of earlier data if there is one.

    Raises:
        UserError: as `read_table` and `examples_of_table`, or files that do not fit each other.
    """
    if preprocessing is not None:
        table = table_in_encoding(files.table, preprocessing, aside=aside, encoding=files.encoding, header=files.header)
        examples = examples_in_encoding(table, preprocessing, target=target, aside=aside)
    else:
        choices.check_target(target)
        table = read_table(
            files.table,
            drop=choices.drop,
            keep=choices.keep,
            text=(*choices.categorical, *(() if target is None else (target,))),
            encoding=files.encoding,
            header=files.header,
        )
        examples = examples_of_table(table, target=target, classes=classes, choices=choices, task=task, aside=aside)
    weights = Aside(weight=aside.weight)
    validation, of_validation = other_examples(files, files.validation, examples, weights)
    test, of_test = other_examples(files, files.test, examples, weights)
    return replace(examples, validation=validation, test=test, notes=(*examples.notes, *of_validation, *of_test))


def table_in_encoding(
    path: str | Path,
    preprocessing: Preprocessing,
    *,
    aside: Aside = NOTHING_ASIDE,
    encoding: str | None = None,
    header: bool = True,
) -> Table:
    """The columns of a file that labelled examples in the encoding of earlier data have.

    Raises:
        UserError: as `read_table`.
    """
    return read_table(
        path,
        only=[*columns_needed(preprocessing), *aside.names],
        text=(preprocessing.target,),
        known=known_categories(preprocessing.columns, preprocessing.target, preprocessing.classes),
        encoding=encoding,
        header=header,
        decimal=preprocessing.decimal,
    )


def known_categories(
    columns: Sequence[Column], target: str | None = None, classes: Sequence[str] = ()
) -> dict[str, Sequence[str]]:
    """The categories of columns, and the classes of the target, as new data are read by.

    Such columns are read as text: as numbers, their spellings of "missing" would be others.
    """
    known: dict[str, Sequence[str]] = {
        column.name: column.categories for column in columns if column.categories is not None
    }
    return known | ({target: classes} if target is not None and classes else {})


def raw_table(
    source: Table | str | PathLike[str] | Mapping[str, ArrayLike] | ArrayLike,
    preprocessing: Preprocessing,
    *,
    copied: Sequence[str] = (),
    encoding: str | None = None,
    header: bool = True,
) -> Table:
    """A table with the columns of a preprocessing: as it is, from a file, a data frame, or raw rows in their order.

    A file is a table, or an idx file of images, whose pixels are the columns.

    A data frame is a mapping from names to values, or one of pandas, Polars or PyArrow. Raw rows have the shape
    (examples, columns). Columns that are not needed are not read; of a file those to be `copied` are.

    Raises:
        UserError: a file that cannot be read, a data frame whose columns cannot, or rows of another shape.
    """
    names = [column.name for column in preprocessing.columns]
    if isinstance(source, Table):
        return source
    if isinstance(source, str | PathLike):
        if is_idx(path := path_of("table", source, "a file")):
            if copied:
                raise UserError(f"{path} holds images, which have no columns to keep; leave --keep-columns out")
            return table_of_images(path, names)
        return read_table(
            source,
            only=names,
            known=known_categories(preprocessing.columns),
            copied=copied,
            encoding=encoding,
            header=header,
            decimal=preprocessing.decimal,
        )
    if has_named_columns(source):
        known = known_categories(preprocessing.columns)
        return Table.of(source, only=names, known=known, decimal=preprocessing.decimal)
    try:
        rows = source if isinstance(source, np.ndarray) else np.asarray(source, dtype=object)
    except ValueError as error:
        raise UserError(f"the raw rows are no table ({error}); give as many values in every row") from error
    if rows.ndim != 2 or rows.shape[1] != len(names):
        raise UserError(
            f"raw rows of shape {rows.shape} must be (examples, {len(names)}), with the columns: {joined(names)}"
        )
    columns = {name: rows[:, place] for place, name in enumerate(names)}
    known = known_categories(preprocessing.columns)
    return Table(columns, "the raw rows", decimal=preprocessing.decimal, known=known)


def other_examples(
    files: Files, path: str | Path | None, examples: RawExamples, weights: Aside
) -> tuple[Labelled | None, list[str]]:
    """Features, labels and weights of another file, encoded as those of the table; None without a file.

    And notes on what the table does not have.

    Raises:
        UserError: if it lacks a column, or does not fit.
    """
    if path is None:
        return None, []
    table = read_table(
        path,
        only=[*(column.name for column in examples.columns), examples.target, *weights.names],
        text=(examples.target,),
        known=known_categories(examples.columns, examples.target, examples.classes),
        encoding=files.encoding,
        header=files.header,
        decimal=examples.decimal,
    )
    y, table = encoded_labels(table, examples.target, examples.classes, strict=examples.strict)
    x = matrix(table, examples.columns, strict=examples.strict, imputed=examples.impute)
    notes = [f"{table.source}: {line}" for line in surprises(table, examples.columns, strict=examples.strict)]
    return (x, y, weights.of(table).weights), notes
