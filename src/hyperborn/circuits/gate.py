"""Gate records: what a gate is called, its qubits and its angles.

Names and matrices are those of OpenQASM 3 and Qiskit (`hyperborn.circuits.matrices`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from hyperborn.circuits.angle import Angle, angle_of_parameter
from hyperborn.errors import UserError, whole_number
from hyperborn.printable import shown


class GateKind(NamedTuple):
    """What all gates of one name have in common.

    `axes` has a letter for each qubit: the gate is a function of this Pauli matrix there (of Z where it is diagonal, as
    on a control), or "?" if of none. Gates that have the same axis on every qubit that they share commute.
    """

    axes: str
    n_angles: int = 0

    @property
    def n_qubits(self) -> int:
        return len(self.axes)


GATES: dict[str, GateKind] = {
    "h": GateKind("?"),
    "x": GateKind("X"),
    "y": GateKind("Y"),
    "z": GateKind("Z"),
    "s": GateKind("Z"),
    "sdg": GateKind("Z"),
    "t": GateKind("Z"),
    "tdg": GateKind("Z"),
    "sx": GateKind("X"),
    "rx": GateKind("X", 1),
    "ry": GateKind("Y", 1),
    "rz": GateKind("Z", 1),
    "p": GateKind("Z", 1),
    "u": GateKind("?", 3),
    "cx": GateKind("ZX"),
    "cy": GateKind("ZY"),
    "cz": GateKind("ZZ"),
    "ch": GateKind("Z?"),
    "swap": GateKind("??"),
    "iswap": GateKind("??"),
    "crx": GateKind("ZX", 1),
    "cry": GateKind("ZY", 1),
    "crz": GateKind("ZZ", 1),
    "cp": GateKind("ZZ", 1),
    "rxx": GateKind("XX", 1),
    "ryy": GateKind("YY", 1),
    "rzz": GateKind("ZZ", 1),
    "ccx": GateKind("ZZX"),
}
"""Every gate by its name."""


@dataclass(frozen=True, init=False)
class Gate:
    """One gate: its name (a key of `GATES`), its qubits (controls before targets) and its angles (radians).

    An angle is given as an `Angle`, or as a whole number: the flat index of the parameter that it is. Three angles of
    ``u`` (theta, phi, lambda) are given as a tuple.

    Raises:
        UserError: for an unknown name, qubits that are not distinct whole numbers, or angles that the gate does not
            take.
    """

    name: str
    qubits: tuple[int, ...]
    angles: tuple[Angle, ...]

    def __init__(
        self, name: str, qubits: Sequence[int], angles: Angle | int | Sequence[Angle | int] | None = None
    ) -> None:
        if not isinstance(name, str) or name not in GATES:
            raise UserError(f"gate {shown(name)} is not known; the gates are {', '.join(GATES)}")
        kind = GATES[name]
        if not isinstance(qubits, tuple | list) or len(qubits) != kind.n_qubits:
            raise UserError(f"gate {name!r} takes a tuple of {kind.n_qubits} distinct qubits, not {shown(qubits)}")
        label = f"a qubit of gate {name!r}"
        own = tuple(whole_number(label, qubit, 0) for qubit in qubits)
        if len(set(own)) != len(own):
            raise UserError(f"gate {name!r} takes {kind.n_qubits} distinct qubits, not {own}")
        given = angles if isinstance(angles, tuple | list) else () if angles is None else (angles,)
        if len(given) != kind.n_angles:
            raise UserError(f"gate {name!r} takes {kind.n_angles or 'no'} angles, not {len(given)}: {shown(angles)}")
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "qubits", own)
        object.__setattr__(self, "angles", tuple(angle_of(name, angle) for angle in given))

    @property
    def parameters(self) -> tuple[int, ...]:
        """Indices of the parameters that the angles depend on, angle by angle."""
        return tuple(index for angle in self.angles for index in angle.parameters)

    def to_record(self) -> list[Any]:
        """The gate as JSON can hold it, and `GateList` reads it: name, qubits, and angles if there are any.

        An angle that is a parameter is its index, any other one its constant and terms.
        """
        angles = [
            [angle.constant, [list(term) for term in angle.terms]] if angle.parameter is None else angle.parameter
            for angle in self.angles
        ]
        return [self.name, list(self.qubits), *([angles] if angles else [])]

    def __str__(self) -> str:
        angles = f"({', '.join(map(str, self.angles))})" if self.angles else ""
        return f"{self.name}{angles} on {', '.join(map(str, self.qubits))}"


def angle_of(name: str, given: object) -> Angle:
    """The angle of a gate, given as one or as the index of a parameter.

    Raises:
        UserError: for anything else.
    """
    if isinstance(given, Angle):
        return given
    if type(given) is int and given >= 0:
        return angle_of_parameter(given)
    why = f", the place of its angle in the parameters; for a fixed angle give hb.circuits.Angle({shown(given)})"
    return angle_of_parameter(whole_number(f"parameter of gate {name!r}", given, 0, why=why))
