"""Circuits in which each angle of a gate is a parameter of its own: what rules for derivatives shift."""

from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from hyperborn.circuits.angle import Angle, parameters
from hyperborn.circuits.circuit import Circuit
from hyperborn.circuits.gate import Gate
from hyperborn.circuits.gate_list import GateList


class SeparateAngles(NamedTuple):
    """A circuit with a parameter for each angle, and the value of each of these in the parameters of another one."""

    circuit: Circuit
    values: tuple[Angle, ...]

    @property
    def gates(self) -> tuple[Gate | None, ...]:
        """The gate that each parameter belongs to; None for one that no gate uses."""
        found: dict[int, Gate] = {index: gate for gate in self.circuit.gates() for index in gate.parameters}
        return tuple(found.get(index) for index in range(len(self.values)))


@lru_cache(maxsize=256)
def separate_angles(circuit: Circuit) -> SeparateAngles:
    """The circuit whose parameters are the angles of a circuit's gates, in order of time; fixed angles stay fixed.

    A circuit whose angles are parameters, none of them used twice, is returned itself, with the order that it has.
    Results are kept, as every step asks for them.
    """
    angles = [angle for gate in circuit.gates() for angle in gate.angles if angle.terms]
    used = Counter(angle.parameter for angle in angles)
    if used[None] == 0 and all(times == 1 for times in used.values()):
        return SeparateAngles(circuit, parameters(circuit.n_parameters))
    listed: list[Gate] = []
    place = 0
    for gate in circuit.gates():
        own = list(gate.angles)
        for number, angle in enumerate(own):
            if angle.terms:
                own[number], place = Angle(terms=((place, 1.0),)), place + 1
        listed.append(Gate(gate.name, gate.qubits, own))
    return SeparateAngles(GateList(circuit.n_qubits, listed), tuple(angles))
