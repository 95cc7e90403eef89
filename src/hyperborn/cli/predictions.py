"""`hyperborn predict` and `hyperborn evaluate`."""

import csv
import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from hyperborn.cli.options import with_options
from hyperborn.cli.output import Json, check_new_file, emit, errors_explained, note, show, write
from hyperborn.cli.plugins import Plugins
from hyperborn.config.options import EVALUATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from jaxtyping import Float

    from hyperborn.config import RunConfig
    from hyperborn.data import Preprocessing, Split, Table
    from hyperborn.predictive import NormalMixture
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


def predict_command(
    run: Annotated[Path, typer.Argument(help="Run folder of a finished run.")],
    file: Annotated[Path, typer.Argument(help="CSV or Parquet file with the columns that the run was trained on.")],
    out: Annotated[Path | None, typer.Option(help="CSV file to write; standard output if absent.")] = None,
    samples: Samples = None,
    uncalibrated: Uncalibrated = False,
    plugin: Plugins = None,
    as_json: Json = False,
) -> None:
    """Predict new examples: classes with their probabilities, or of a regression mean, deviation and intervals."""
    with errors_explained(as_json):
        from hyperborn.parts import import_plugins
        from hyperborn.predictive import NormalMixture
        from hyperborn.predictive.predictions import probabilities_of
        from hyperborn.runs.results import load
        from hyperborn.storage import write_file

        import_plugins(plugin or ())
        check_new_file(out)
        result = load(run, report=note)
        found = result.predictions_of_table(file, samples=samples, calibrated=not uncalibrated)
        header, lines, record = (
            of_numbers(result, found)
            if isinstance(found, NormalMixture)
            else of_classes(result, probabilities_of(found))
        )
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(header)
        rows.writerows(lines)
        if out is not None:
            write_file(out, text.getvalue().encode())
            note(f"{len(found)} predictions written to {out}")
        if as_json:
            emit({"run": str(run), "file": str(file), **record})
        elif out is None:
            write(text.getvalue())


Output: TypeAlias = "tuple[list[str], list[list[str]], dict[str, Any]]"
"""Predictions as the header and the rows of a table, and as a record."""


def of_classes(result: "Result", probabilities: "Float[np.ndarray, 'examples classes']") -> Output:
    """The most probable class of each example, and the probability of every class."""
    names = result.data.classes
    classes = [names[index] for index in probabilities.argmax(axis=1)]
    header = ["prediction", *(f"probability_{name}" for name in names)]
    lines = [[name, *(f"{p:.6g}" for p in row)] for name, row in zip(classes, probabilities, strict=True)]
    by_class = [dict(zip(names, row, strict=True)) for row in probabilities.tolist()]
    return header, lines, {"classes": list(names), "predictions": classes, "probabilities": by_class}


def of_numbers(result: "Result", mixture: "NormalMixture") -> Output:
    """Mean, standard deviation and the bounds of the central intervals of each example, in units of the target.

    The table's header names the target beside each; the keys of the record do not, and are the same for every target.
    """
    target = result.data.preprocessing.target
    columns = {"mean": mixture.mean, "standard_deviation": mixture.deviation}
    for share in mixture.shares:
        name = f"{100 * share:.0f}"
        columns[f"low_{name}"], columns[f"high_{name}"] = mixture.interval(share)
    rows = list(zip(*(column.tolist() for column in columns.values()), strict=True))
    narrowest = f"{100 * min(mixture.shares):.0f}"
    widths = (columns[f"high_{narrowest}"] - columns[f"low_{narrowest}"]).tolist()
    lines = [[f"{value:.{digits_of(row, width)}g}" for value in row] for row, width in zip(rows, widths, strict=True)]
    if same := [place for place, width in enumerate(widths) if width <= 0]:
        note(
            f"intervals of row {same[0] + 1} ({len(same)} of {len(rows)} rows) are too narrow beside a mean of "
            f"{rows[same[0]][0]:.3g} for their bounds to differ; are its features far from those trained on?"
        )
    header = [f"{name}_{target}" for name in columns]
    return header, lines, {"target": target, "predictions": [dict(zip(columns, row, strict=True)) for row in rows]}


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
        Path | None, typer.Argument(help="Labelled CSV or Parquet file; the run's own data if absent.")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(help="Split of the run's own data: train, validation or test. Default: test.", metavar="NAME"),
    ] = None,
    samples: Samples = None,
    uncalibrated: Uncalibrated = False,
    plugin: Plugins = None,
    as_json: Json = False,
    **flags: str | None,
) -> None:
    """Score a run: accuracy, NLL, Brier score, calibration error, or of a regression RMSE, MAE, NLL, R2, coverage.

    With --backend as measured there.
    """
    with errors_explained(as_json):
        from hyperborn.config import RunConfig, configured
        from hyperborn.data import read_table
        from hyperborn.data.user_table import columns_needed
        from hyperborn.errors import UserError
        from hyperborn.parts import import_plugins
        from hyperborn.report.notation import metric_name, number_text
        from hyperborn.report.tables import facts_table
        from hyperborn.runs.results import load

        import_plugins(plugin or ())
        if file is not None and split is not None:
            raise UserError(f"--split {split} names a part of the run's own data, and {file} was given; leave one out")
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
            preprocessing = result.data.preprocessing
            examples = labelled(read_table(file, only=columns_needed(preprocessing)), preprocessing)
        if not len(examples):
            raise UserError(f"the {name} split is empty; choose another with --split, or give a file")
        labels = result.data.preprocessing.own_labels(examples.y)
        predictions = result.predictions(examples.x, samples=samples, calibrated=not uncalibrated)
        found = predictions.scores(labels, examples.weights)
        if as_json:
            emit({"run": str(run), "on": name, "backend": settings.backend, "n_examples": len(examples), **found})
        else:
            lines = [(metric_name(key), number_text(value)) for key, value in found.items()]
            show(facts_table([("scored on", f"{name}, {len(examples)} examples"), *lines]))


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


def labelled(table: "Table", preprocessing: "Preprocessing") -> "Split":
    """Examples and their labels from a user's table.

    Raises:
        UserError: if the target column is absent or has missing or unknown labels, or the features do not fit.
    """
    from hyperborn.data import Split
    from hyperborn.data.user_table import labels_of_table
    from hyperborn.errors import UserError

    target = preprocessing.target
    if target not in table.columns:
        raise UserError(f"{table.source} has no column {target!r} to score against; add it, or use: hyperborn predict")
    labels, scaling = labels_of_table(table, preprocessing), preprocessing.target_scaling
    return Split(preprocessing.transform(table), labels if scaling is None else scaling.standardised(labels))
