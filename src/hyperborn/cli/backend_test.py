"""`hyperborn backend-test`."""

from typing import Annotated

import typer

from hyperborn.cli.output import Json, emit, explained, show


def backend_test(
    name: Annotated[str, typer.Argument(help="Backend, as --backend of train takes it.")],
    circuits: Annotated[int, typer.Option(min=1, help="Random circuits.")] = 200,
    shots: Annotated[int, typer.Option(min=2, help="Shots of each circuit.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the circuits.")] = 0,
    as_json: Json = False,
) -> None:
    """Test a backend on random asymmetric circuits: qubit order, parameter points, shots and probabilities."""
    with explained(as_json):
        from hyperborn.backends import backend_named
        from hyperborn.backends.conformance import examined
        from hyperborn.progress import Progress
        from hyperborn.report.ledger import conformance_table

        with Progress() as progress:
            counter = progress.counter(f"testing {name}")
            found = examined(backend_named(name), circuits=circuits, shots=shots, seed=seed, progress=counter)
        if as_json:
            emit({"backend": name, "passed": found.passed, "checks": [vars(check) for check in found.checks]})
        else:
            show(conformance_table(found))
        if not found.passed:
            raise typer.Exit(1)
