"""`hyperborn train` and `hyperborn resume`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hyperborn.cli.options import Flag, with_options
from hyperborn.cli.output import Json, emit, errors_explained, note, show
from hyperborn.cli.plugins import Plugins
from hyperborn.config.options import TRAIN

if TYPE_CHECKING:
    from hyperborn.cli.folders import Folder
    from hyperborn.config import Configuration, RunConfig
    from hyperborn.data import Dataset
    from hyperborn.training import Result
    from hyperborn.training.choice import Choice
    from hyperborn.training.definition import Definition

OUT_HELP = "Run folder to write; if absent runs/DATA-OBJECTIVE[-BACKEND], with a number where that exists."


@with_options(TRAIN)
def train_command(
    data: Annotated[
        str | None, typer.Argument(help="A data set's name, such as iris, a CSV or Parquet file, or an idx file.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file of options; flags win.")] = None,
    out: Annotated[Path | None, typer.Option(help=OUT_HELP)] = None,
    force: Annotated[bool, typer.Option("--force", metavar="", help="Replace the run folder if it exists.")] = False,
    track_energy: Annotated[
        bool,
        typer.Option(
            "--track-energy", metavar="", help="Measure the energy of the training by counters of this machine."
        ),
    ] = False,
    plugin: Plugins = None,
    as_json: Json = False,
    **flags: Flag,
) -> None:
    """Train a posterior over binary networks, and save it."""
    with errors_explained(as_json):
        from functools import partial

        from hyperborn.backends.jobs.budget import Limits
        from hyperborn.cli.folders import free_folder, in_free_folder, resumable
        from hyperborn.compilation import keep_compiled_programs
        from hyperborn.config import RunConfig, configured
        from hyperborn.config.continuation import continued
        from hyperborn.costs.training_energy import Meter
        from hyperborn.parts import import_plugins
        from hyperborn.progress import Progress
        from hyperborn.report.run_pictures import plots_of
        from hyperborn.runs import session
        from hyperborn.runs.layout import check_available
        from hyperborn.selection.candidates import check_needed
        from hyperborn.training.regimes import regime_of

        keep_compiled_programs()
        import_plugins(plugin or ())
        # Made first: without CodeCarbon nothing is begun.
        meter = Meter() if track_energy else None
        settings = configured(RunConfig, config, {"data": data, **flags})
        label = settings.objective if settings.backend is None else f"{settings.objective}-{settings.backend}"
        label = label.replace(":", "-").replace("/", "-")
        first = free_folder(out, settings.data, label, force=force)
        # Said before the data are read, and anything is chosen.
        check_available(first.path, force=force)
        if settings.prior_from is None:
            examples, definition, choice = chosen_run(settings)
        else:
            check_needed(settings, "the earlier run settles it")
            (examples, definition), choice = continued(settings, settings.prior_from, note), None
        if definition.untrained:
            note(definition.untrained)
        if forecast := regime_of(definition).forecast(definition):
            note(forecast.text)

        def trained(folder: "Folder") -> "tuple[Path, Result]":
            limits = Limits(settings.max_shots, settings.max_jobs, settings.max_seconds)
            spending = session.Spending(limits, settings.max_wait)
            with resumable(folder.path, plugin or ()), Progress() as progress:
                plots = partial(plots_of, note=progress.note)
                return folder.path, session.start(
                    folder.path,
                    definition,
                    examples,
                    progress,
                    force=force,
                    plots=plots,
                    spending=spending,
                    announcement=folder.announcement,
                    choice=choice,
                    meter=meter,
                )

        folder, result = in_free_folder(trained, out, settings.data, label, force=force, first=first)
        show_result(result, folder, as_json)


def chosen_run(settings: "RunConfig") -> "tuple[Dataset, Definition, Choice | None]":
    """The data and the definition of a run, and how the latter was chosen; each note is written once."""
    from hyperborn.config.datasets import data_of
    from hyperborn.progress import Progress
    from hyperborn.selection import choose

    said: set[str] = set()
    with Progress() as progress:

        def note_once(text: str) -> None:
            if text not in said:
                progress.note(text)
            said.add(text)

        def load(config: "Configuration") -> "Dataset":
            return data_of(config, note_once)

        selection = choose(settings, load, note=note_once, progress=progress.counter("choosing"))
        if selection.choice is not None:
            note_once(f"chosen: {selection.choice.text}")
            note_once(f"why: {selection.choice.why}")
    return selection.data, selection.definition, selection.choice


def resume_command(
    run: Annotated[Path, typer.Argument(help="Run folder of a run that was stopped.")],
    max_shots: Annotated[int | None, typer.Option(min=1, help="Shots of a backend, at most; else as before.")] = None,
    max_jobs: Annotated[int | None, typer.Option(min=1, help="Jobs of a backend, at most; else as before.")] = None,
    max_seconds: Annotated[
        float | None, typer.Option(help="Seconds of a backend's processor, at most; else as before.")
    ] = None,
    max_wait: Annotated[float | None, typer.Option(help="Seconds to wait for a job. Default: 86400.")] = None,
    plugin: Plugins = None,
    as_json: Json = False,
) -> None:
    """Continue a run that was stopped, to the result it would have had; no shot is paid for twice."""
    with errors_explained(as_json):
        from functools import partial

        from hyperborn.backends.jobs.budget import Limits
        from hyperborn.cli.folders import resumable
        from hyperborn.compilation import keep_compiled_programs
        from hyperborn.parts import import_plugins
        from hyperborn.progress import Progress
        from hyperborn.report.run_pictures import plots_of
        from hyperborn.runs import session

        keep_compiled_programs()
        import_plugins(plugin or ())
        with resumable(run, plugin or ()), Progress() as progress:
            spending = session.Spending(Limits(max_shots, max_jobs, max_seconds), max_wait)
            result = session.resume(run, progress, plots=partial(plots_of, note=progress.note), spending=spending)
        show_result(result, run, as_json)


def show_result(result: "Result", folder: Path, as_json: bool) -> None:
    """Print the summary of a run in its folder, with what it has spent on a backend."""
    from hyperborn.report.tables import summary_table

    summary = result.summary | spent_in(folder) | {"out": str(folder)}
    if as_json:
        emit(summary)
    else:
        show(summary_table(summary), is_saved=True)


def spent_in(folder: Path) -> dict[str, Any]:
    """What the ledger in a run folder says was spent; nothing where there is no ledger."""
    from contextlib import closing

    from hyperborn.backends.jobs.ledger import Ledger
    from hyperborn.runs.layout import LEDGER

    if not (folder / LEDGER).exists():
        return {}
    with closing(Ledger.read(folder / LEDGER)) as ledger:
        total = ledger.totals()
    return {"spent": {"jobs": total.jobs, "shots": total.shots, "processor_seconds": total.seconds}}
