"""`hyperborn backend-test`."""

from typing import Annotated

import typer

from hyperborn.cli.output import OURS, Json, emit, explained, show


def backend_test(
    name: Annotated[str, typer.Argument(help="Backend, as --backend of train takes it.")],
    circuits: Annotated[int, typer.Option(min=20, help="Random circuits: a multiple of 5.")] = 200,
    shots: Annotated[int, typer.Option(min=2, help="Shots of each circuit.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the circuits.")] = 0,
    as_json: Json = False,
) -> None:
    """Test a backend on random asymmetric circuits: qubit order, parameter points, shots and probabilities."""
    with explained(as_json):
        from dataclasses import asdict

        from hyperborn.backends import backend_named
        from hyperborn.backends.backend import connected
        from hyperborn.backends.conformance.conformance import check_circuits, conformance
        from hyperborn.backends.names import is_ideal
        from hyperborn.progress import Progress
        from hyperborn.report.backend_tables import conformance_table

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
                ideal=is_ideal(backend),
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
