"""What a prediction costs: operations, bytes, estimated energy and measured time, beside a network in float32.

`TrainedModel.cost` gives a `Cost`; `Energies` is the table of energies an operation, which may be replaced.
"""

from hyperborn.costs.cost import Cost, cost_of
from hyperborn.costs.energies import Energies, energies_of
from hyperborn.costs.operations import Operations
from hyperborn.costs.timing import Times

__all__ = ["Cost", "Energies", "Operations", "Times", "cost_of", "energies_of"]
