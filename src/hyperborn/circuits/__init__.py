"""Circuits: gate records, ansätze that list them, and drawings."""

from hyperborn.circuits.angle import Angle, parameters
from hyperborn.circuits.brickwork import Brickwork
from hyperborn.circuits.circuit import Circuit
from hyperborn.circuits.gate import GATES, Gate
from hyperborn.circuits.gate_list import GateList
from hyperborn.circuits.pairs import AllPairs, ChosenPairs, ladder_pairs, line_pairs, ring_pairs
from hyperborn.circuits.product_state import ProductState, SideBySide

__all__ = [
    "GATES",
    "AllPairs",
    "Angle",
    "Brickwork",
    "ChosenPairs",
    "Circuit",
    "Gate",
    "GateList",
    "ProductState",
    "SideBySide",
    "ladder_pairs",
    "line_pairs",
    "parameters",
    "ring_pairs",
]
