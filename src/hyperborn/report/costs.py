"""What a prediction costs, as a table for the terminal, with what the training took."""

from typing import TYPE_CHECKING, Any

from hyperborn.costs import Cost
from hyperborn.report.tables import facts_table, plain_table, text_cells, titled

if TYPE_CHECKING:
    from hyperborn.training import Result


def cost_parts(cost: Cost, result: "Result") -> list[Any]:
    """A table of counts, bytes and energies, and lines on where they are from, on times and on the training."""
    headers = ["", "one network" if cost.networks == 1 else f"{cost.networks:,} networks", "float32, same shape"]
    table = plain_table(headers)
    for row in cost.rows():
        table.add_row(*text_cells(row))
    facts = [(name, text) for name, _, text in (line.partition(": ") for line in cost.lines())]
    energy = result.training_energy
    facts.append(("training", f"{sum(result.seconds.values()):,.1f} s"))
    facts.append(
        ("energy of the training", "not measured: train with --track-energy" if energy is None else energy.text)
    )
    return [titled(cost.title, [table]), "", facts_table(facts)]
