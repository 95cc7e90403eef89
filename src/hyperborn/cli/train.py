"""`hyperborn train`."""

from pathlib import Path
from typing import Annotated

import typer

from hyperborn.cli.options import with_options
from hyperborn.cli.output import Json, emit, explained, note, show
from hyperborn.config.options import TRAIN

OUT_HELP = "Run folder to write; if absent runs/DATA-OBJECTIVE[-BACKEND], with a number where that exists."


@with_options(TRAIN)
def train(
    data: Annotated[
        str | None, typer.Argument(help="A data set's name, such as iris, or a CSV or Parquet file.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file of options; flags win.")] = None,
    out: Annotated[Path | None, typer.Option(help=OUT_HELP)] = None,
    force: Annotated[bool, typer.Option("--force", metavar="", help="Replace the run folder if it exists.")] = False,
    as_json: Json = False,
    **flags: str | None,
) -> None:
    """Train a posterior over binary networks, and save it."""
    with explained(as_json):
        from functools import partial

        from hyperborn.cli.folders import free_folder, in_free_folder, resumable
        from hyperborn.cli.spending import spending_of, spent_in
        from hyperborn.compilation import keep_compiled_programs
        from hyperborn.config import RunConfig, configured
        from hyperborn.config.continuation import continued
        from hyperborn.config.datasets import data_of
        from hyperborn.config.definitions import definition_of
        from hyperborn.progress import Progress
        from hyperborn.report.run_pictures import plots_of
        from hyperborn.report.tables import summary_table
        from hyperborn.runs.session import start
        from hyperborn.training import Result
        from hyperborn.training.regimes import regime_of

        keep_compiled_programs()
        settings = configured(RunConfig, config, {"data": data, **flags})
        label = settings.objective if settings.backend is None else f"{settings.objective}-{settings.backend}"
        label = label.replace(":", "-").replace("/", "-")
        first = free_folder(out, settings.data, label, force=force)
        if settings.prior_from is None:
            examples = data_of(settings, note)
            definition = definition_of(settings, examples, settings.objective)
            if settings.hidden == settings.posterior == "auto" and regime_of(definition).name == "exact":
                size = definition.network.n_weights
                note(
                    f"{size} weights on one circuit, exact; a larger network may predict better: --posterior registers"
                )
        else:
            examples, definition = continued(settings, settings.prior_from, note)
        if forecast := regime_of(definition).forecast(definition):
            note(forecast.text)

        def trained(folder: Path) -> tuple[Path, Result]:
            spending = spending_of(settings)
            with resumable(folder), Progress() as progress:
                plots = partial(plots_of, note=progress.note)
                return folder, start(
                    folder, definition, examples, progress, force=force, plots=plots, spending=spending
                )

        folder, result = in_free_folder(trained, out, settings.data, label, force=force, first=first)
        summary = result.summary | spent_in(folder) | {"out": str(folder)}
        if as_json:
            emit(summary)
        else:
            show(summary_table(summary), is_saved=True)
