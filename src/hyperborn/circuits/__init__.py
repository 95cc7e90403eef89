"""Circuits: gate records, ansätze that list them, and drawings."""

from hyperborn.circuits.brickwork import Brickwork
from hyperborn.circuits.circuit import Circuit, Gate
from hyperborn.circuits.pairs import AllPairs, ChosenPairs, ladder_pairs, line_pairs, ring_pairs
from hyperborn.circuits.product_state import ProductState, SideBySide

__all__ = [
    "AllPairs",
    "Brickwork",
    "ChosenPairs",
    "Circuit",
    "Gate",
    "ProductState",
    "SideBySide",
    "ladder_pairs",
    "line_pairs",
    "ring_pairs",
]
