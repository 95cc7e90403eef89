"""Circuits: gate records, ansätze that list them, drawings, and translations from and to other libraries."""

from hyperborn.circuits.angle import Angle, parameters
from hyperborn.circuits.brickwork import Brickwork
from hyperborn.circuits.circuit import Circuit
from hyperborn.circuits.gate import GATES, Gate
from hyperborn.circuits.gate_list import GateList
from hyperborn.circuits.pairs import AllPairs, ChosenPairs, ladder_pairs, line_pairs, ring_pairs
from hyperborn.circuits.product_state import ProductState, SideBySide
from hyperborn.circuits.translation.pennylane import from_pennylane
from hyperborn.circuits.translation.qasm import from_qasm
from hyperborn.circuits.translation.qiskit import from_qiskit

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
    "from_pennylane",
    "from_qasm",
    "from_qiskit",
    "ladder_pairs",
    "line_pairs",
    "parameters",
    "ring_pairs",
]
