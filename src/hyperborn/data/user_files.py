"""The files of a user's own data: one table, and perhaps others for validation and test."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from hyperborn.arguments import path_of
from hyperborn.data.column_choices import ColumnChoices
from hyperborn.data.columns import Column, matrix
from hyperborn.data.dataset import Labelled, RawExamples
from hyperborn.data.frames import has_named_columns
from hyperborn.data.idx import is_idx, table_of_images, table_of_labelled_images
from hyperborn.data.labels import joined
from hyperborn.data.preprocessing import Preprocessing
from hyperborn.data.role_columns import NO_ROLES, RoleColumns
from hyperborn.data.tables import STANDARD_INPUT, Table, read_table
from hyperborn.data.target_column import labels_in_encoding
from hyperborn.data.user_table import columns_needed, encoded_examples, notes_on_new
from hyperborn.errors import UserError


@dataclass(frozen=True)
class TextOptions:
    """How the text files among a person's files are read: see `read_table`."""

    encoding: str | None = None
    header: bool = True
    decimal: str | None = None

    def check_used(self, *paths: str | PathLike[str]) -> None:
        """Raise a UserError for an option that would be ignored, because all of these files are Parquet files."""
        given = {"encoding": self.encoding is not None, "no-header": not self.header}
        for option in (option for option, is_given in given.items() if is_given):
            if all(str(path).lower().endswith(".parquet") for path in paths):
                raise UserError(f"--{option} says how text is read, and {paths[0]} is a Parquet file; leave it out")

    def as_for(self, preprocessing: Preprocessing) -> "TextOptions":
        """The options for new data of this encoding: its files are without a header if the first one was."""
        return replace(self, header=self.header and preprocessing.header)


@dataclass(frozen=True)
class Files:
    """A table and those of its validation and test splits, if they have their own; and how text files are read.

    Raises:
        UserError: if two of them are standard input, or an option of text files is given where there are none.
    """

    table: str | Path
    validation: str | Path | None = None
    test: str | Path | None = None
    options: TextOptions = TextOptions()

    def __post_init__(self) -> None:
        if [str(path) for path in (self.table, self.validation, self.test)].count(STANDARD_INPUT) > 1:
            raise UserError("standard input (-) can be one file only; give the others by their paths")
        self.options.check_used(*(path for path in (self.table, self.validation, self.test) if path is not None))


def examples_of_files(
    files: Files,
    *,
    target: str | None,
    classes: Sequence[int | str] | None,
    choices: ColumnChoices,
    task: str,
    roles: RoleColumns,
    preprocessing: Preprocessing | None,
) -> RawExamples:
    """The examples of a user's files, in the encoding of earlier data if there is one.

    Raises:
        UserError: as `read_table` and `examples_of_table`, or files that do not fit each other.
    """
    if preprocessing is not None:
        table = table_in_encoding(files.table, preprocessing, roles=roles, options=files.options)
    else:
        choices.check_target(target)
        table = read_table(
            files.table,
            drop=choices.drop,
            keep=choices.keep,
            text=(*choices.categorical, *(() if target is None else (target,))),
            **asdict(files.options),
        )
    examples = encoded_examples(
        table, preprocessing, target=target, classes=classes, choices=choices, task=task, roles=roles
    )
    chosen = classes is not None
    weights = RoleColumns(weight=roles.weight)
    validation, test = (
        None if path is None else other_examples(path, examples, weights, files.options, chosen=chosen)
        for path in (files.validation, files.test)
    )
    return replace(
        examples,
        validation=None if validation is None else validation.labelled,
        test=None if test is None else test.labelled,
        header=files.options.header,
        notes=(
            *examples.notes,
            *roles.notes,
            *(note for other in (validation, test) if other is not None for note in other.notes),
        ),
    )


def table_in_encoding(
    path: str | Path,
    preprocessing: Preprocessing,
    *,
    roles: RoleColumns = NO_ROLES,
    options: TextOptions = TextOptions(),
) -> Table:
    """The columns of a file that labelled examples in the encoding of earlier data have.

    Raises:
        UserError: as `read_table`.
    """
    options.check_used(path)
    return read_table(
        path,
        only=[*columns_needed(preprocessing), *roles.names],
        text=(preprocessing.target,),
        known=known_categories(preprocessing.columns, preprocessing.target, preprocessing.classes),
        usual_decimal=preprocessing.decimal,
        **asdict(options.as_for(preprocessing)),
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


def labelled_table(
    path: str | Path,
    preprocessing: Preprocessing,
    *,
    labels: str | Path | None = None,
    roles: RoleColumns = NO_ROLES,
    options: TextOptions = TextOptions(),
) -> Table:
    """Features, target and roles of labelled examples in a file: a table, or images and the file of their labels.

    Raises:
        UserError: as `table_in_encoding` and `table_of_labelled_images`, or for labels beside a table.
    """
    if is_idx(found := path_of("table", path, "a file")):
        names = [column.name for column in preprocessing.columns]
        return table_of_labelled_images(found, labels, names, preprocessing.target)
    if labels is not None:
        raise UserError(
            f"{labels} goes with an idx file of images, and {path} has its labels itself; leave --labels out"
        )
    return table_in_encoding(path, preprocessing, roles=roles, options=options)


def raw_table(
    source: Table | str | PathLike[str] | Mapping[str, ArrayLike] | ArrayLike,
    preprocessing: Preprocessing,
    *,
    copied: Sequence[str] = (),
    options: TextOptions = TextOptions(),
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
        options.check_used(source)
        return read_table(
            source,
            only=names,
            known=known_categories(preprocessing.columns),
            copied=copied,
            usual_decimal=preprocessing.decimal,
            **asdict(options.as_for(preprocessing)),
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


class OtherExamples(NamedTuple):
    """Examples of a split with a file of its own, and what is worth saying of it."""

    labelled: Labelled
    notes: list[str]


def other_examples(
    path: str | Path, examples: RawExamples, weights: RoleColumns, options: TextOptions, *, chosen: bool
) -> OtherExamples:
    """Features, labels and weights of another file, encoded as those of the table.

    `chosen` says that the classes are some of those of the data.

    And notes on what the table does not have.

    Raises:
        UserError: if it lacks a column, or does not fit.
    """
    table = read_table(
        path,
        only=[*(column.name for column in examples.columns), examples.target, *weights.names],
        text=(examples.target,),
        known=known_categories(examples.columns, examples.target, examples.classes),
        usual_decimal=examples.decimal,
        **asdict(options),
    )
    return examples_beside(table, examples, weights, Path(path).name, chosen=chosen)


def examples_beside(
    table: Table, examples: RawExamples, weights: RoleColumns, name: str, *, chosen: bool
) -> OtherExamples:
    """Features, labels and weights of another table, and notes, which begin with its `name`: see `other_examples`."""
    columns, strict = examples.columns, examples.strict
    y, column = labels_in_encoding(table, examples.target, examples.classes, strict=strict, chosen=chosen)
    x = matrix(column.table, columns, strict=strict, imputed=examples.impute)
    notes = [*notes_on_new(column.table, columns, strict=strict), *column.notes]
    return OtherExamples((x, y, weights.of(column.table).weights), [f"{name}: {note}" for note in notes])
