"""`hyperborn cost`: what a prediction takes, and what the training took."""

from pathlib import Path
from typing import Annotated, Any

import typer

from hyperborn.cli.output import Json, emit, errors_explained, note, show
from hyperborn.cli.plugins import Plugins


def cost_command(
    run: Annotated[Path, typer.Argument(help="Run folder of a finished run.")],
    networks: Annotated[
        int,
        typer.Option(min=1, help="Networks to draw, whose predictions are averaged. Default: 1, the best one alone."),
    ] = 1,
    energies: Annotated[
        Path | None,
        typer.Option(help="JSON or TOML file of energies an operation in pJ, such as addition = 0.9; others stay."),
    ] = None,
    no_measure: Annotated[
        bool, typer.Option("--no-measure", metavar="", help="Count only, and measure no time on this machine.")
    ] = False,
    plugin: Plugins = None,
    as_json: Json = False,
) -> None:
    """Count what a prediction takes, beside a network of the same shape in float32: operations, bytes and energy."""
    with errors_explained(as_json):
        from hyperborn.costs.files import energies_in
        from hyperborn.errors import UserError
        from hyperborn.networks import Network
        from hyperborn.parts import import_plugins
        from hyperborn.report.costs import cost_parts
        from hyperborn.runs.results import load

        import_plugins(plugin or ())
        table = None if energies is None else energies_in(energies)
        result = load(run, report=note)
        if not isinstance(result.definition.network, Network):
            raise UserError(f"{run} is of energies of your own, so that there is no network whose predictions cost")
        cost = result.cost(networks, energies=table, measure=not no_measure)
        energy = result.training_energy
        if as_json:
            training: dict[str, Any] = {"seconds": result.seconds}
            training["energy"] = None if energy is None else energy.to_record()
            emit({"run": str(run), **cost.to_record(), "training": training})
            return
        for part in cost_parts(cost, result):
            show(part)
