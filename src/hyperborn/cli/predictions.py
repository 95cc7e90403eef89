"""`hyperborn predict` and `hyperborn evaluate`."""

import csv
import io
import math
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from hyperborn.cli.options import Flag, with_options
from hyperborn.cli.output import Json, check_new_file, emit, errors_explained, note, show, write
from hyperborn.cli.plugins import Plugins
from hyperborn.config.options import EVALUATE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hyperborn._typing import Targets
    from hyperborn.config import RunConfig
    from hyperborn.data import Preprocessing, Split
    from hyperborn.data.role_columns import RoleColumns
    from hyperborn.data.tables import Table
    from hyperborn.predictive import NormalMixture, Predictions
    from hyperborn.training import Result

DIGITS, MOST_DIGITS = 6, 17
"""Significant digits of a number that is written, and those that a float has at most."""

Samples: TypeAlias = Annotated[
    int | None,
    typer.Option(min=1, help="Networks to draw. Default: the exact sum over all 2^n, of many registers 32 draws."),
]
Uncalibrated: TypeAlias = Annotated[
    bool,
    typer.Option("--uncalibrated", metavar="", help="The posterior's own predictions, not calibrated on validation."),
]


Threshold: TypeAlias = Annotated[
    float | None,
    typer.Option(
        metavar="P", help="Of two classes: predict the second (in the run's order) where its probability is at least P."
    ),
]


Encoding: TypeAlias = Annotated[
    str | None, typer.Option(metavar="NAME", help="Encoding of a text file, such as latin-1. Default: found.")
]
DecimalSign: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar=".|,", help="Decimal sign of numbers in a text file. Default: found, or as in training."),
]
NoHeader: TypeAlias = Annotated[
    bool,
    typer.Option("--no-header", metavar="", help="The file's first line is no header: its columns are x1, x2, ..."),
]


class Part(StrEnum):
    """What alone is written of predictions."""

    LABELS = "labels"
    PROBABILITIES = "probabilities"
    MEAN = "mean"


def predict_command(
    run: Annotated[Path, typer.Argument(help="Run folder of a finished run.")],
    file: Annotated[
        Path,
        typer.Argument(help="CSV or Parquet file with the columns that the run was trained on, or idx file of images."),
    ],
    out: Annotated[Path | None, typer.Option(help="CSV file to write; standard output if absent.")] = None,
    force: Annotated[bool, typer.Option("--force", metavar="", help="Replace the CSV file if it exists.")] = False,
    keep_columns: Annotated[
        list[str] | None,
        typer.Option(
            metavar="A,B", help="Columns of the file to copy in front of the predictions, or all; may be given again."
        ),
    ] = None,
    only: Annotated[
        Part | None, typer.Option(help="Write labels or probabilities alone; of a regression the mean.")
    ] = None,
    threshold: Threshold = None,
    samples: Samples = None,
    exported: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Predict as an export with --networks N does: 1 is the one network that is written by default.",
        ),
    ] = None,
    uncalibrated: Uncalibrated = False,
    encoding: Encoding = None,
    decimal: DecimalSign = None,
    no_header: NoHeader = False,
    plugin: Plugins = None,
    as_json: Json = False,
) -> None:
    """Predict new examples: classes with their probabilities, or of a regression mean, deviation and intervals."""
    with errors_explained(as_json):
        from hyperborn.data.user_files import TextOptions, raw_table
        from hyperborn.data.user_table import notes_on_new
        from hyperborn.parts import import_plugins
        from hyperborn.predictive import NormalMixture
        from hyperborn.predictive.predictions import decided
        from hyperborn.runs.results import load
        from hyperborn.storage import write_file

        import_plugins(plugin or ())
        check_out(out, file, force)
        check_exported(exported, samples, uncalibrated)
        result = load(run, report=note)
        check_part(result, only, threshold)
        options, preprocessing = TextOptions(encoding, not no_header, decimal), result.data.preprocessing
        table = raw_table(file, preprocessing, copied=keep_columns or (), options=options)
        for line in notes_on_new(table, preprocessing.columns, strict=preprocessing.strict):
            note(line)
        if exported is None:
            found = result.predictions_of_table(table, samples=samples, calibrated=not uncalibrated)
        else:
            found = result.exported(exported).predictions(preprocessing.transform(table))
        columns, record = (
            of_numbers(result, found, only)
            if isinstance(found, NormalMixture)
            else of_classes(result, found, decided(found, threshold), only)
        )
        kept = {name: cells.tolist() for name, cells in table.copied.items()}
        check_kept(kept, columns, file)
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow([*kept, *columns])
        rows.writerows(zip(*kept.values(), *columns.values(), strict=True))
        if out is not None:
            write_file(out, text.getvalue().encode())
            note(f"{len(found)} predictions written to {out}")
        if as_json:
            extra = {"threshold": threshold} if threshold is not None else {}
            emit({"run": str(run), "file": str(file), **extra, **record, **({"kept": kept} if kept else {})})
        elif out is None:
            write(text.getvalue())


def check_out(out: Path | None, file: Path, force: bool) -> None:
    """Raise a UserError if the file to write exists, unless it is to be replaced; the one that is read never is."""
    from hyperborn.errors import UserError

    if not force:
        check_new_file(out, "choose another name with --out, or --force to replace it")
    elif out is not None and out.exists() and file.exists() and out.samefile(file):
        raise UserError(f"{out} is the file to predict, and is not replaced; choose another name with --out")


def check_exported(exported: int | None, samples: int | None, uncalibrated: bool) -> None:
    """Raise a UserError for options that do not go with the networks of an export."""
    from hyperborn.errors import UserError

    if exported is not None and (samples is not None or uncalibrated):
        other = "--samples" if samples is not None else "--uncalibrated"
        raise UserError(f"--exported predicts as an export does, calibrated; leave {other} out")


def check_part(result: "Result", only: Part | None, threshold: float | None) -> None:
    """Raise a UserError, before any work, for a part or a threshold that the run's predictions do not have."""
    from hyperborn.errors import UserError

    target, classes = result.data.preprocessing.target, result.data.n_classes
    if classes and only is Part.MEAN:
        raise UserError(f"--only mean goes with a regression, and {target!r} has classes; take labels or probabilities")
    if not classes and only in (Part.LABELS, Part.PROBABILITIES):
        raise UserError(f"--only {only} goes with classes, and {target!r} is a number; take --only mean")
    if threshold is not None and not classes:
        raise UserError(f"--threshold decides between classes, and of {target!r} a regression was made; leave it out")
    if threshold is not None and only is Part.PROBABILITIES:
        raise UserError("--threshold decides for labels, which --only probabilities leaves out; leave one of them out")


def check_kept(kept: "Mapping[str, Sequence[str]]", columns: "Mapping[str, Sequence[str]]", file: Path) -> None:
    """Raise a UserError for kept columns of the names of predictions."""
    from hyperborn.errors import UserError

    if taken := sorted(kept.keys() & columns.keys()):
        raise UserError(
            f"{file} has a column {taken[0]!r}, as predictions have; rename it, or leave it out of --keep-columns"
        )


Output: TypeAlias = "tuple[dict[str, list[str]], dict[str, Any]]"
"""Predictions as the columns of a table by name, and as a record."""


def of_classes(result: "Result", found: "Predictions", decided: "Targets", only: Part | None) -> Output:
    """The class that is decided for in each example, and the probability of every class."""
    from hyperborn.predictive.predictions import probabilities_of

    names, probabilities = result.data.classes, probabilities_of(found)
    columns: dict[str, list[str]] = {}
    record: dict[str, Any] = {"classes": list(names)}
    if only is not Part.PROBABILITIES:
        columns["prediction"] = record["predictions"] = [names[index] for index in decided]
    if only is not Part.LABELS:
        columns |= {
            f"probability_{name}": [f"{p:.6g}" for p in probabilities[:, place]] for place, name in enumerate(names)
        }
        record["probabilities"] = [dict(zip(names, row, strict=True)) for row in probabilities.tolist()]
    return columns, record


def of_numbers(result: "Result", mixture: "NormalMixture", only: Part | None) -> Output:
    """Mean, standard deviation and the bounds of the central intervals of each example, in units of the target.

    The table's header names the target beside each; the keys of the record do not, and are the same for every target.
    """
    target = result.data.preprocessing.target
    values = {"mean": mixture.mean, "standard_deviation": mixture.deviation}
    for share in mixture.shares:
        name = f"{100 * share:.0f}"
        values[f"low_{name}"], values[f"high_{name}"] = mixture.interval(share)
    rows = list(zip(*(column.tolist() for column in values.values()), strict=True))
    narrowest = f"{100 * min(mixture.shares):.0f}"
    widths = (values[f"high_{narrowest}"] - values[f"low_{narrowest}"]).tolist()
    lines = [[f"{value:.{digits_of(row, width)}g}" for value in row] for row, width in zip(rows, widths, strict=True)]
    if same := [place for place, width in enumerate(widths) if width <= 0]:
        note(
            f"intervals of row {same[0] + 1} ({len(same)} of {len(rows)} rows) are too narrow beside a mean of "
            f"{rows[same[0]][0]:.3g} for their bounds to differ; are its features far from those trained on?"
        )
    written = {name: place for place, name in enumerate(values) if only is None or name == only}
    columns = {f"{name}_{target}": [line[place] for line in lines] for name, place in written.items()}
    records = [{name: row[place] for name, place in written.items()} for row in rows]
    return columns, {"target": target, "predictions": records}


def digits_of(row: "Sequence[float]", width: float) -> int:
    """Significant digits of a row's numbers with which its narrowest interval, of this width, has `DIGITS` as well."""
    largest = max(map(abs, row))
    if width <= 0 or largest <= width:
        return DIGITS
    return min(MOST_DIGITS, DIGITS + math.floor(min(math.log10(largest / width), MOST_DIGITS)))


@with_options(EVALUATE)
def evaluate_command(
    run: Annotated[Path, typer.Argument(help="Run folder of a finished run.")],
    file: Annotated[
        Path | None,
        typer.Argument(help="Labelled CSV or Parquet file, or idx file of images; the run's own data if absent."),
    ] = None,
    labels_file: Annotated[
        Path | None,
        typer.Option(
            "--labels", metavar="FILE", help="Idx file of the labels, where the file to score is one of images."
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(help="Split of the run's own data: train, validation or test. Default: test.", metavar="NAME"),
    ] = None,
    weight_column: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column of the file that says how often each row counts.")
    ] = None,
    threshold: Threshold = None,
    samples: Samples = None,
    uncalibrated: Uncalibrated = False,
    encoding: Encoding = None,
    decimal: DecimalSign = None,
    no_header: NoHeader = False,
    plugin: Plugins = None,
    as_json: Json = False,
    **flags: Flag,
) -> None:
    """Score a run: accuracy, NLL, Brier score, calibration error, AUC, or of a regression RMSE, MAE, NLL, R2, coverage.

    Of classes with the recall of each and the confusion matrix. With --backend as measured there.
    """
    with errors_explained(as_json):
        from hyperborn.config import RunConfig, configured
        from hyperborn.data.role_columns import RoleColumns
        from hyperborn.data.text_columns import text_form
        from hyperborn.data.user_files import TextOptions, labelled_table
        from hyperborn.errors import UserError
        from hyperborn.parts import import_plugins
        from hyperborn.predictive import ClassProbabilities
        from hyperborn.predictive.predictions import decided
        from hyperborn.report.confusion import confusion_table
        from hyperborn.report.notation import metric_name, number_text
        from hyperborn.report.tables import facts_table
        from hyperborn.runs.results import load

        import_plugins(plugin or ())
        if file is not None and split is not None:
            raise UserError(f"--split {split} names a part of the run's own data, and {file} was given; leave one out")
        if file is None and labels_file is not None:
            raise UserError(f"--labels {labels_file} goes with an idx file of images; give that, too, or leave it out")
        if file is None and weight_column is not None:
            raise UserError(
                f"--weight-column {weight_column} is a column of a file, and the run's own data has its weights; give "
                "a file, or leave it out"
            )
        # The run knows its data; the key only has to be text, which the name of a folder may not be.
        settings = configured(RunConfig, None, {"data": "run", **flags})
        result = load(run, report=note)
        if settings.backend is not None:
            result = measured_on(run, result, settings)
        if file is None:
            name = split or "test"
            examples = result.data.split(name)
        else:
            name = str(file)
            preprocessing, options = result.data.preprocessing, TextOptions(encoding, not no_header, decimal)
            roles = RoleColumns(weight=None if weight_column is None else text_form(weight_column))
            table = labelled_table(file, preprocessing, labels=labels_file, roles=roles, options=options)
            examples = labelled(table, preprocessing, roles)
        if not len(examples):
            raise UserError(f"the {name} split is empty; choose another with --split, or give a file")
        labels = result.data.preprocessing.own_labels(examples.y)
        predictions = result.predictions_of_features(examples.x, samples=samples, calibrated=not uncalibrated)
        # Of a regression a threshold is refused here.
        decided(predictions, threshold)
        found, report = predictions.scores(labels, examples.weights), {}
        if isinstance(predictions, ClassProbabilities):
            report = predictions.report(examples.y, result.data.classes, examples.weights, threshold=threshold)
            found["accuracy"] = report["accuracy"]
        at = {} if threshold is None else {"threshold": threshold}
        if as_json:
            about = {"run": str(run), "on": name, "backend": settings.backend, "n_examples": len(examples)}
            emit(about | at | found | report)
            return
        about = [("scored on", f"{name}, {len(examples)} examples")]
        about += [(f"threshold of {result.data.classes[1]}", f"{value:g}") for value in at.values()]
        show(facts_table([*about, *((metric_name(key), number_text(value)) for key, value in found.items())]))
        if report:
            show("")
            show(confusion_table(report))


def measured_on(run: Path, result: "Result", settings: "RunConfig") -> "Result":
    """The result measured on a backend; the measurements are kept in the run folder, and each is made once."""
    from contextlib import closing

    from hyperborn.backends import Ledger
    from hyperborn.backends.boundary import connected
    from hyperborn.config.posteriors import configured_backend
    from hyperborn.errors import UserError
    from hyperborn.runs.folder import writing
    from hyperborn.runs.layout import EVALUATIONS
    from hyperborn.training.shots.posteriors import on_backend

    if len(settings.shots) > 1:
        raise UserError(f"shots = {settings.shots}: a trained circuit is measured once; give one number")
    backend = configured_backend(settings)
    # Both are checked before a file is made.
    on_backend(result.definition.posterior, backend)
    connected(backend)
    with writing(run), closing(Ledger.create_or_open(run / EVALUATIONS)) as ledger:
        return result.on(backend, settings.shots[0], mitigation=settings.mitigation, ledger=ledger)


def labelled(table: "Table", preprocessing: "Preprocessing", roles: "RoleColumns") -> "Split":
    """Examples, labels and weights from a user's table or images, of which what is worth saying is said.

    Raises:
        UserError: if the target column is absent or has missing or unknown labels, or the features do not fit.
    """
    from hyperborn.data import Split
    from hyperborn.data.user_table import examples_in_encoding
    from hyperborn.errors import UserError

    target = preprocessing.target
    if target not in table.columns:
        raise UserError(f"{table.source} has no column {target!r} to score against; add it, or use: hyperborn predict")
    examples = examples_in_encoding(table, preprocessing, target=None, roles=roles)
    for line in examples.notes:
        note(line)
    scaling = preprocessing.target_scaling
    y = examples.y if scaling is None else scaling.standardised(examples.y)
    return Split(preprocessing.apply(examples.x), y, examples.weights)
