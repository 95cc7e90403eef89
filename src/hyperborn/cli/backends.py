"""`hyperborn estimate`, `hyperborn ledger` and `hyperborn backend-test`: what backends cost, and whether they work."""

from pathlib import Path
from typing import Annotated, Any

import typer

from hyperborn.cli.options import Flag, with_options
from hyperborn.cli.output import OURS, Json, emit, errors_explained, note, show
from hyperborn.cli.plugins import Plugins
from hyperborn.config.options import TRAIN


@with_options(TRAIN)
def estimate_command(
    data: Annotated[
        str | None, typer.Argument(help="A data set's name, such as iris, or a CSV or Parquet file.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file of options; flags win.")] = None,
    plugin: Plugins = None,
    as_json: Json = False,
    **flags: Flag,
) -> None:
    """Say what training on a backend will take: circuits, shots, jobs and processor time. Nothing is sent."""
    with errors_explained(as_json):
        from dataclasses import asdict

        from hyperborn.backends.jobs.budget import duration
        from hyperborn.config import RunConfig, configured
        from hyperborn.config.datasets import data_of
        from hyperborn.config.definitions import definition_of
        from hyperborn.errors import UserError
        from hyperborn.parts import import_plugins
        from hyperborn.report.tables import facts_table
        from hyperborn.selection.candidates import check_needed, settled
        from hyperborn.training.regimes import regime_of
        from hyperborn.training.shots.regime import backend_of

        import_plugins(plugin or ())
        settings = configured(RunConfig, config, {"data": data, **flags})
        if why := settled(settings):
            check_needed(settings, why)
        definition = definition_of(settings, data_of(settings, note), settings.objective)
        found = regime_of(definition).forecast(definition)
        if found is None:
            raise UserError(
                "there is nothing to estimate without a backend; name one, such as --backend fake_sherbrooke"
            )
        if caveat := backend_of(definition).caveat:
            note(caveat)
        if as_json:
            emit(asdict(found))
            return
        show(
            facts_table(
                [
                    ("backend", found.backend),
                    ("qubits of the widest circuit", str(found.qubits)),
                    ("its depth, compiled", f"{found.depth:,}"),
                    ("its two-qubit gates", f"{found.two_qubit_gates:,}"),
                    ("different circuits", f"{found.subcircuits:,}"),
                    ("jobs", f"{found.jobs:,}"),
                    ("circuits", f"{found.circuits:,}"),
                    ("shots", f"{found.shots:,}"),
                    ("processor time", "unknown" if found.seconds is None else f"about {duration(found.seconds)}"),
                ]
            )
        )


def ledger_command(
    run: Annotated[Path, typer.Argument(help="Run folder of a run on a backend, finished or not; or a ledger's file.")],
    as_json: Json = False,
) -> None:
    """Show what a run on a backend has spent: every job, and the shots and the processor time of all."""
    with errors_explained(as_json):
        from contextlib import closing
        from dataclasses import asdict

        from hyperborn.backends.jobs.ledger import Ledger
        from hyperborn.report.backend_tables import ledger_table
        from hyperborn.runs.layout import EVALUATIONS, LEDGER, check_plain

        found: dict[str, Any] = {}
        if run.is_file():
            present = {"training": run}
        else:
            check_plain(run)
            # A run that was trained without a backend may still have been evaluated on one.
            names = {"training": LEDGER, "evaluations": EVALUATIONS}
            present = {part: run / name for part, name in names.items() if (run / name).exists()}
        for part, path in (present or {"training": run / LEDGER}).items():
            with closing(Ledger.read(path)) as opened:
                jobs, total, limits = opened.rows(), opened.totals(), opened.limits
            spent = {"jobs": total.jobs, "shots": total.shots, "processor_seconds": total.seconds}
            found[part] = {"jobs": [asdict(job) for job in jobs], "spent": spent, "limits": asdict(limits)}
            if not as_json:
                show(ledger_table(part, jobs, total, limits))
        if as_json:
            emit({"run": str(run), **found})


def backend_test_command(
    name: Annotated[str, typer.Argument(help="Backend, as --backend of train takes it.")],
    circuits: Annotated[int, typer.Option(min=20, help="Random circuits: a multiple of 5.")] = 200,
    shots: Annotated[int, typer.Option(min=2, help="Shots of each circuit.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the circuits.")] = 0,
    plugin: Plugins = None,
    as_json: Json = False,
) -> None:
    """Test a backend on random asymmetric circuits: qubit order, parameter points, shots and probabilities."""
    with errors_explained(as_json):
        from dataclasses import asdict

        from hyperborn.backends import backend_named
        from hyperborn.backends.boundary import connected
        from hyperborn.backends.conformance.conformance import check_circuits, conformance
        from hyperborn.parts import import_plugins
        from hyperborn.progress import Progress
        from hyperborn.report.backend_tables import conformance_table

        import_plugins(plugin or ())
        check_circuits(circuits)
        backend = backend_named(name)
        connection = connected(backend)
        with Progress() as progress:
            if connection.metered:
                progress.note(
                    f"{2 * circuits:,} circuits of {shots:,} shots go to {name}, in two jobs (--circuits, --shots)"
                )
            found = conformance(
                name,
                connection,
                ideal=backend.is_noiseless,
                circuits=circuits,
                shots=shots,
                seed=seed,
                progress=progress.note,
            )
        if as_json:
            emit(asdict(found) | {"passed": found.passed})
        else:
            show(conformance_table(found))
        if not found.passed:
            raise typer.Exit(OURS)
