"""`load`, for every data set: read it, choose classes, split it, and fit the preprocessing on the training split."""

from collections.abc import Sequence
from contextlib import suppress
from os import PathLike
from pathlib import Path

from hyperborn.arguments import path_of
from hyperborn.data import built_in, idx, mnist, splits
from hyperborn.data.column_choices import ColumnChoices
from hyperborn.data.dataset import Dataset, split_and_preprocessed
from hyperborn.data.frames import has_named_columns
from hyperborn.data.labels import nearest_name
from hyperborn.data.preprocessing import Preprocessing
from hyperborn.data.role_columns import RoleColumns
from hyperborn.data.tables import STANDARD_INPUT, STANDARD_INPUT_NAME, SUFFIXES
from hyperborn.data.targets import Task
from hyperborn.data.text_columns import text_form
from hyperborn.data.user_files import Files, TextOptions, examples_of_files
from hyperborn.data.user_table import check_same_columns
from hyperborn.data.weights import ClassWeight
from hyperborn.errors import UserError

NAMES = ("gaussian", "moons", "circles", "xor", *built_in.SCIKIT_NAMES, "mnist")
"""Built-in sets; anything else is the path of a table."""

TABLE = "a CSV or Parquet file"
IMAGES = "an idx file of images"
OPTION_TYPES = {
    "name": (str | PathLike, "the name of a data set or the path of a table"),
    "target": (str | None, "the name of a column"),
    "weight_column": (str | None, "the name of a column"),
    "folder": (str | PathLike | None, "the path of a folder"),
    "labels": (str | PathLike | None, "the path of an idx file"),
    "test_labels": (str | PathLike | None, "the path of an idx file"),
    "encoding": (str | None, "the name of an encoding, such as latin-1"),
    "decimal": (str | None, "a point or a comma, as text"),
    "header": (bool, "True or False"),
    "validation_file": (str | PathLike | None, "the path of a table"),
    "test_file": (str | PathLike | None, "the path of a file"),
    "group": (str | None, "the name of a column"),
    "time": (str | None, "the name of a column"),
    "strict": (bool, "True or False"),
    "standardize": (bool, "True or False"),
    "preprocessing": (Preprocessing | None, "that of an earlier data set, such as result.data.preprocessing"),
}
"""Types of the options that are not numbers, and their names in errors."""

OF_TABLES = (
    *("target", "drop", "keep", "categorical", "numeric", "strict", "impute", "encoding", "decimal", "header"),
    *("validation_file", "test_file", "group", "time", "weight_column"),
)
APPLIES = {
    **dict.fromkeys(OF_TABLES, (TABLE,)),
    "size": ("gaussian", "moons", "circles", "xor"),
    "noise": ("moons", "circles", "xor"),
    "test_file": (TABLE, IMAGES),
    **dict.fromkeys(("labels", "test_labels"), (IMAGES,)),
    "pixels": ("digits", "mnist", IMAGES),
    "folder": ("mnist",),
    "test": (TABLE, IMAGES, *(name for name in NAMES if name != "mnist")),
}
"""Options that only some sets have, and these sets."""

DEFAULT_VALIDATION = DEFAULT_TEST = 0.2


def load(
    name: str | Path,
    *,
    classes: Sequence[int | str] | None = None,
    target: str | None = None,
    seed: int = 0,
    validation: float | None = None,
    test: float | None = None,
    size: int | None = None,
    noise: float | None = None,
    standardize: bool = True,
    components: int | None = None,
    pixels: int | None = None,
    folder: str | Path | None = None,
    labels: str | Path | None = None,
    test_labels: str | Path | None = None,
    impute: str | None = None,
    drop: Sequence[str] = (),
    keep: Sequence[str] = (),
    categorical: Sequence[str] = (),
    numeric: Sequence[str] = (),
    strict: bool = False,
    encoding: str | None = None,
    decimal: str | None = None,
    header: bool = True,
    validation_file: str | Path | None = None,
    test_file: str | Path | None = None,
    group: str | None = None,
    time: str | None = None,
    preprocessing: Preprocessing | None = None,
    task: Task = "auto",
    class_weight: ClassWeight = None,
    weight_column: str | None = None,
) -> Dataset:
    """A built-in set by name, or a user's own file by path: a table (`read_table` says which), or images in idx files.

    A table has at most 1,000 classes; its other limits are those of `read_table`, and `load_mnist` says those of mnist.
    Splits are drawn from the seed, by class where there are classes; rows keep the order of their source. Every
    statistic (means, deviations, medians, principal components) comes from the training split alone.

    Of a table, columns that say nothing (an index, identifiers, constants) are left out, dates become numbers, missing
    numbers are the median with a feature that says so, missing categories are a category, and rare or unknown ones are
    grouped. ``notes`` of the data set say what was done.

    Args:
        name: one of `NAMES`, or a path.
        classes: which classes and in which order, by name or index; all of them for None.
        target: name of the target column (tables only).
        seed: of the splits, and of the examples of toy sets.
        validation: fraction of all examples, 0.2 for None; for mnist of the training file. 0 leaves the split empty.
            Not with `validation_file`.
        test: fraction of all examples, 0.2 for None. Not with `test_file`, nor of MNIST, which has an official one.
        size: examples to draw (toy sets; 200 for gaussian, else 500; 10,000,000 at most).
        noise: standard deviation (moons 0.25, circles 0.15, xor 0.3).
        standardize: subtract the training mean and divide by the training standard deviation.
        components: keep so many principal components (after standardising).
        pixels: images of pixels × pixels (digits: mean pooling; others: bilinear without antialiasing).
        folder: of the four idx files (mnist only).
        labels: the idx file of the labels, where `name` is an idx file of images.
        test_labels: the idx file of the labels of `test_file`, of images.
        impute: "median" fills missing numbers in though `strict` (tables only).
        drop: names of columns to leave out (tables only, as all that follow). A name that no column has may be several
            with commas between them.
        keep: names of columns that are features whatever they look like.
        categorical: names of columns of numbers that are categories.
        numeric: names of columns of numbers in which text counts as missing.
        strict: refuse what needs a decision, instead of leaving out, imputing and grouping.
        encoding: of a text file, such as "latin-1"; found by itself if None.
        decimal: "." or ",", the decimal sign of the numbers of a text file; found by itself if None.
        header: False for a file whose first line is no header; its columns are x1, x2, ...
        validation_file: a table of its own for the validation split.
        test_file: a table, or an idx file of images, of its own for the test split.
        group: name of a column; rows of one value stay in one split. It is no feature.
        time: name of a column of numbers or dates; the latest rows are the test split, and those before them the
            validation split. It is no feature.
        preprocessing: of an earlier data set, to be applied again instead of a new one: same columns, classes and
            statistics. Columns of a table that it does not name are ignored, and its labels must be of these classes;
            of a built-in set the examples of these classes are taken. Not with `classes`, `standardize`, `components`,
            `impute`, `strict` and names of columns, which it settles; the target may be left out.
        task: "classification", "regression" (tables only: the target is a number, standardised by the training
            split), or "auto": a regression where the target of a table is over 20 distinct numbers, or over 10 of which
            most occur once or twice, unless they number classes (from 0 or 1 on without a gap, 5 rows each).
        class_weight: weighs the classes of the training split alone: "balanced", so that all of them count alike, or
            weights by name, such as ``{"yes": 5}``. Probabilities are then those of the weighted classes, at the
            temperature that is fitted to the validation split as at any other.
        weight_column: name of a column of numbers from 0 on, which is no feature: how often each row counts, in all
            splits (tables only).

    Raises:
        UserError: an unknown set, an option that does not apply to it, or faulty values, files or tables.
    """
    if has_named_columns(name):
        raise UserError(
            "name must be the name of a data set or the path of a table, not a data frame; give that to "
            "hyperborn.data.from_arrays(features, labels)"
        )
    check_option_types({"name": name, "target": target, "folder": folder, "standardize": standardize})
    check_option_types({"preprocessing": preprocessing, "strict": strict, "encoding": encoding, "header": header})
    check_option_types({"validation_file": validation_file, "test_file": test_file, "group": group, "time": time})
    check_option_types(
        {"decimal": decimal, "weight_column": weight_column, "labels": labels, "test_labels": test_labels}
    )
    kind = IMAGES if labels is not None and name not in NAMES else known_kind(name)
    # Names as tables have them: accents may be composed or not, in a file and in what is typed.
    target, group, time, weight_column = (
        None if column is None else text_form(column) for column in (target, group, time, weight_column)
    )
    choices = ColumnChoices.of(
        drop=drop, keep=keep, categorical=categorical, numeric=numeric, strict=strict, impute=impute
    )
    given: dict[str, object] = {
        "target": target,
        "drop": drop or None,
        "keep": keep or None,
        "categorical": categorical or None,
    }
    given |= {"numeric": numeric or None, "strict": strict or None, "impute": impute, "encoding": encoding}
    given |= {"header": None if header else False, "validation_file": validation_file, "test_file": test_file}
    given |= {"decimal": decimal, "group": group, "time": time, "weight_column": weight_column}
    given |= {"size": size, "noise": noise, "pixels": pixels, "folder": folder}
    given |= {"labels": labels, "test_labels": test_labels}
    check_applies(kind, given | {"test": test})
    if task == "regression" and kind != TABLE:
        raise UserError(f"task='regression' is for {TABLE}, and {kind} has classes; leave task (--task) out")
    if preprocessing is not None:
        named = {key: given[key] for key in ("impute", "drop", "keep", "categorical", "numeric", "strict")}
        check_unsettled(classes=classes, standardize=standardize, components=components, task=task, **named)
        classes = None if kind == TABLE else preprocessing.classes
    check_shares(("validation", validation, validation_file), ("test", test, test_file))
    official = kind == "mnist"
    test = 0.0 if official else DEFAULT_TEST if test is None else test
    validation = DEFAULT_VALIDATION if validation is None else validation
    splits.check_fractions(validation, test)
    example_seed = splits.seed_for(seed, splits.EXAMPLES)
    if kind == TABLE:
        examples = examples_of_files(
            Files(name, validation_file, test_file, TextOptions(encoding, header, decimal)),
            target=target,
            classes=classes,
            choices=choices,
            task=task,
            roles=RoleColumns(group, time, weight_column),
            preprocessing=preprocessing,
        )
    elif kind == IMAGES:
        pairs = idx.Pairs(name, labels, test_file, test_labels)
        examples = idx.load_idx(pairs, classes=classes, pixels=pixels)
    elif kind == "mnist":
        examples = mnist.load_mnist(folder, classes=classes, pixels=pixels)
    elif kind in built_in.SCIKIT_NAMES:
        examples = built_in.load_scikit(kind, classes=classes, pixels=pixels)
    else:
        examples = built_in.load_toy(kind, classes=classes, size=size, noise=noise, seed=example_seed)
    if preprocessing is not None:
        check_same_columns(kind, examples, preprocessing)
    return split_and_preprocessed(
        STANDARD_INPUT_NAME if str(name) == STANDARD_INPUT else Path(name).name if kind in (TABLE, IMAGES) else kind,
        examples,
        seed=seed,
        validation=validation,
        test=test,
        more=f"raise size={len(examples.y)} (--size)" if kind in APPLIES["size"] else "add examples",
        standardize=standardize,
        components=components,
        preprocessing=preprocessing,
        class_weight=class_weight,
    )


def check_option_types(given: dict[str, object]) -> None:
    """Raise a UserError that names the first option whose value is of a wrong type."""
    for option, value in given.items():
        kind, what = OPTION_TYPES[option]
        if not isinstance(value, kind):
            raise UserError(f"{option}={value!r} must be {what}")


def known_kind(name: str | Path) -> str:
    """The built-in set of this name, or `TABLE` or `IMAGES` for a path.

    Raises:
        UserError: neither, with the nearest name.
    """
    if isinstance(name, str) and name in NAMES:
        return name
    path = path_of("name", name, "a table, or the name of a data set")
    if idx.is_idx(path):
        return IMAGES
    # Asked of a name that is too long, the system raises.
    with suppress(OSError):
        if str(path) == STANDARD_INPUT or path.name.lower().endswith(SUFFIXES) or path.exists():
            return TABLE
    raise UserError(
        f"unknown data set {str(name)!r}; the nearest is {nearest_name(str(name), NAMES)!r}; choose from: "
        f"{', '.join(NAMES)}, or give a file ending in {', '.join(SUFFIXES)}, or an idx file of images with --labels"
    )


def check_shares(*shares: tuple[str, float | None, object]) -> None:
    """Raise a UserError for a share of the examples beside a file that has all of that split."""
    for option, share, file in shares:
        if share is not None and file is not None:
            raise UserError(
                f"{option}={share!r} does not go with {option}_file, which has all examples of that split; leave one "
                f"out (--{option}, --{option}-file)"
            )


def check_applies(kind: str, given: dict[str, object]) -> None:
    """Raise a UserError that names the first option that this set does not have: none is ignored silently."""
    for option, value in given.items():
        if value is not None and kind not in APPLIES[option]:
            why = "mnist has an official test file" if option == "test" else f"it is for {', '.join(APPLIES[option])}"
            raise UserError(f"{option}={value!r} does not apply to {kind}: {why}; leave {option} out")


def check_unsettled(
    *, classes: object, standardize: bool, components: int | None, task: str, **of_columns: object
) -> None:
    """Raise a UserError that names the first option that is given though the preprocessing of earlier data settles it.

    Those of columns are not given where they are empty or false.
    """
    given = {"classes": classes, "standardize": None if standardize else False, "components": components}
    given |= {option: value or None for option, value in of_columns.items()}
    given["task"] = None if task == "auto" else task
    for option, value in given.items():
        if value is not None:
            raise UserError(f"{option}={value!r} does not go with preprocessing, which settles it; leave {option} out")
