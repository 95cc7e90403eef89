"""`hyperborn evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

from hyperborn.cli.output import Json, emit, explained, show


def evaluate(
    run: Annotated[Path, typer.Argument(help="Run folder of a finished run.")],
    file: Annotated[
        Path | None, typer.Argument(help="Labelled CSV or Parquet file; the run's own data if absent.")
    ] = None,
    split: Annotated[str, typer.Option(help="Split of the run's own data: train, validation or test.")] = "test",
    samples: Annotated[int | None, typer.Option(min=1, help="Networks to draw; all 2^n exactly if absent.")] = None,
    as_json: Json = False,
) -> None:
    """Score a run: accuracy, NLL, Brier score and calibration error."""
    with explained(as_json):
        from hyperborn.data import Split, read_table
        from hyperborn.errors import UserError
        from hyperborn.predictive import scores
        from hyperborn.report.digits import number_text
        from hyperborn.report.names import metric_name
        from hyperborn.report.tables import facts_table
        from hyperborn.training import load

        result = load(run)
        if file is None:
            examples, name = result.data.split(split), split
        else:
            table, name = read_table(file), str(file)
            preprocessing = result.data.preprocessing
            if preprocessing.target not in table.columns:
                raise UserError(
                    f"{file} has no column {preprocessing.target!r} to score against; add it, or use: hyperborn predict"
                )
            examples = Split(
                preprocessing.transform(table), preprocessing.encode_labels(table.columns[preprocessing.target])
            )
        if not len(examples):
            raise UserError(f"the {name} split is empty; choose another with --split, or give a file")
        found = scores(result.predict_proba(examples.x, samples=samples), examples.y)
        if as_json:
            emit({"run": str(run), "on": name, "n_examples": len(examples), **found})
        else:
            lines = [(metric_name(key), number_text(value)) for key, value in found.items()]
            show(facts_table([("scored on", f"{name}, {len(examples)} examples"), *lines]))
