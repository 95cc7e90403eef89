"""Circuits: gate records, ansätze that list them, and drawings."""

from hyperborn.circuits.all_pairs import AllPairs, ChosenPairs
from hyperborn.circuits.brickwork import Brickwork
from hyperborn.circuits.circuit import Circuit
from hyperborn.circuits.gates import Gate
from hyperborn.circuits.pairs import ladder, line, ring
from hyperborn.circuits.product_state import ProductState
from hyperborn.circuits.side_by_side import SideBySide

__all__ = [
    "AllPairs",
    "Brickwork",
    "ChosenPairs",
    "Circuit",
    "Gate",
    "ProductState",
    "SideBySide",
    "ladder",
    "line",
    "ring",
]
