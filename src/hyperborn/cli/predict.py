"""`hyperborn predict`."""

import csv
import io
import os
from pathlib import Path
from typing import Annotated

import typer

from hyperborn.cli.output import Json, emit, explained, note, write


def predict(
    run: Annotated[Path, typer.Argument(help="Run folder of a finished run.")],
    file: Annotated[Path, typer.Argument(help="CSV or Parquet file with the columns that the run was trained on.")],
    out: Annotated[Path | None, typer.Option(help="CSV file to write; standard output if absent.")] = None,
    samples: Annotated[
        int | None, typer.Option(min=1, help="Networks to draw; if absent all 2^n exactly, of many registers 32.")
    ] = None,
    uncalibrated: Annotated[
        bool, typer.Option("--uncalibrated", metavar="", help="The posterior's own probabilities, at temperature 1.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Predict the classes of new examples, with the posterior predictive probability of each."""
    with explained(as_json):
        from hyperborn.errors import UserError
        from hyperborn.runs.results import load
        from hyperborn.storage import write_file

        # As it will be written: the plain name misses a file behind folder/../ where there is no such folder.
        if out is not None and (out.is_symlink() or Path(os.path.realpath(out)).exists()):
            raise UserError(f"{out} exists; choose another name with --out")
        result = load(run, report=note)
        probabilities = result.predict_table(file, samples=samples, calibrated=not uncalibrated)
        names = result.data.classes
        classes = [names[index] for index in probabilities.argmax(axis=1)]
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(["prediction", *(f"probability_{name}" for name in names)])
        rows.writerows([name, *(f"{p:.6g}" for p in row)] for name, row in zip(classes, probabilities, strict=True))
        if out is not None:
            write_file(out, text.getvalue().encode())
            note(f"{len(classes)} predictions written to {out}")
        if as_json:
            by_class = [dict(zip(names, row, strict=True)) for row in probabilities.tolist()]
            emit(
                {
                    "run": str(run),
                    "file": str(file),
                    "classes": list(names),
                    "predictions": classes,
                    "probabilities": by_class,
                }
            )
        elif out is None:
            write(text.getvalue())
