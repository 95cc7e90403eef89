"""`hyperborn estimate`."""

from pathlib import Path
from typing import Annotated

import typer

from hyperborn.cli.options import with_options
from hyperborn.cli.output import Json, emit, explained, note, show
from hyperborn.config.options import TRAIN


@with_options(TRAIN)
def estimate(
    data: Annotated[
        str | None, typer.Argument(help="A data set's name, such as iris, or a CSV or Parquet file.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file of options; flags win.")] = None,
    as_json: Json = False,
    **flags: str | None,
) -> None:
    """Say what training on a backend will take: circuits, shots, jobs and processor time. Nothing is sent."""
    with explained(as_json):
        from dataclasses import asdict

        from hyperborn.backends.jobs.budget import duration
        from hyperborn.backends.simulators.fake_device import SYMMETRIC, FakeDevice
        from hyperborn.config import RunConfig, configured
        from hyperborn.config.datasets import data_of
        from hyperborn.config.definitions import definition_of
        from hyperborn.errors import UserError
        from hyperborn.report.tables import facts_table
        from hyperborn.training.regimes import regime_of

        settings = configured(RunConfig, config, {"data": data, **flags})
        definition = definition_of(settings, data_of(settings, note), settings.objective)
        found = regime_of(definition).forecast(definition)
        if found is None:
            raise UserError(
                "there is nothing to estimate without a backend; name one, such as --backend fake_sherbrooke"
            )
        if isinstance(getattr(definition.posterior, "backend", None), FakeDevice):
            note(SYMMETRIC)
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
