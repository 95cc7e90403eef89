"""`hyperborn compare`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hyperborn.cli.options import Flag, with_options
from hyperborn.cli.output import Json, emit, errors_explained, note, show, signal_of
from hyperborn.cli.plugins import Plugins
from hyperborn.config.options import COMPARE

if TYPE_CHECKING:
    from hyperborn.cli.folders import Folder
    from hyperborn.config import CompareConfig
    from hyperborn.study.fitting import Row

OUT_HELP = "Folder to write; if absent runs/DATA-compare, with a number where that exists."


@with_options(COMPARE)
def compare_command(
    data: Annotated[
        str | None, typer.Argument(help="A data set's name, such as iris, a CSV or Parquet file, or an idx file.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file of options; flags win.")] = None,
    out: Annotated[Path | None, typer.Option(help=OUT_HELP)] = None,
    force: Annotated[bool, typer.Option("--force", metavar="", help="Replace the folder if it exists.")] = False,
    plugin: Plugins = None,
    as_json: Json = False,
    **flags: Flag,
) -> None:
    """Compare objectives with each other and with the exact posterior, over several seeds."""
    with errors_explained(as_json):
        from hyperborn.cli.folders import check_writable, in_free_folder
        from hyperborn.compilation import keep_compiled_programs
        from hyperborn.config import CompareConfig, configured
        from hyperborn.parts import import_plugins
        from hyperborn.report.tables import comparison_table
        from hyperborn.runs.folder import writing
        from hyperborn.study.comparison import averages, means_and_errors

        keep_compiled_programs()
        import_plugins(plugin or ())
        settings = configured(CompareConfig, config, {"data": data, **flags})

        def written(folder: "Folder") -> "tuple[dict[str, Any], list[Row]]":
            check_writable(folder.path)
            # The folder is held from the start, so that another comparison of this name is refused before its work.
            with writing(folder.path):
                return compared_in(folder, settings, force=force, is_chosen=force or out is not None)

        record, rows = in_free_folder(written, out, settings.data, "compare", force=force)
        if as_json:
            emit(record)
        else:
            title = f"Test split of {Path(settings.data).name}: mean ± standard error over {settings.seeds} seeds"
            show(comparison_table(means_and_errors(averages(rows)), title=title), is_saved=True)
            note(f"{settings.seeds} seeds; table, plot and every seed's values are in {record['out']}")


def compared_in(
    chosen: "Folder", settings: "CompareConfig", *, force: bool, is_chosen: bool
) -> "tuple[dict[str, Any], list[Row]]":
    """Compare, and write the comparison; returns its record, and the rows of every seed.

    A folder that the user chose is written, or writing fails. Instead of any other folder that exists by then, a free
    one beside it is written. It is announced when the first seed is complete: from then on something is written.

    Raises:
        Stopped: if it was stopped after a seed was complete; all complete seeds are written.
        KeyboardInterrupt: if it was stopped before that.
        UserError: if something cannot be made, or the folder cannot be written.
    """
    from hyperborn.cli.folders import free_beside
    from hyperborn.errors import Stopped, warning_on_failure
    from hyperborn.progress import Progress
    from hyperborn.report import plots, tables
    from hyperborn.runs.layout import is_free
    from hyperborn.storage import json_to_bytes, write_folder
    from hyperborn.storage.formats import COMPARISON
    from hyperborn.study import comparison
    from hyperborn.training.interruption import interruptible

    folder = chosen.path
    rows: list[Row] = []
    stopped = 0
    try:
        with Progress() as progress:
            for of_one_seed in comparison.compare_objectives(settings, progress):
                if not rows and chosen.announcement:
                    progress.note(chosen.announcement)
                rows += of_one_seed
    except KeyboardInterrupt as error:
        stopped = signal_of(error)
        if not rows:
            raise KeyboardInterrupt("stopped; no seed was complete, so nothing is kept") from error
    # From here on, Ctrl-C waits until everything is written.
    with interruptible() as interrupted:
        # A stopped comparison never replaces another one, nor a folder that was made in the meantime.
        if (stopped or not is_chosen) and not is_free(folder):
            folder, force = free_beside(folder), False
        table = comparison.means_and_errors(comparison.averages(rows))
        record = comparison.comparison_record(settings, rows) | {"out": str(folder)}
        measures = [name for name in comparison.MEASURES if any(name in found for found in table.values())]
        files = {
            "comparison.json": json_to_bytes(record),
            "comparison.md": tables.markdown(table).encode(),
        }
        write_folder(folder, files, kind=COMPARISON, replace=force)
        # Drawn last: if the picture fails, the values are saved.
        with warning_on_failure("comparison.png", note):
            title = f"{Path(settings.data).name}: objectives compared on the test split"
            picture = plots.comparison(table, measures, title=title)
            write_folder(folder, files | {"comparison.png": picture}, kind=COMPARISON, replace=True)
        if stopped or interrupted():
            kept = f"the comparison of {record['seeds']} of {settings.seeds} seeds is in {folder}"
            raise Stopped(f"stopped; {kept}", stopped or interrupted())
    return record, rows
