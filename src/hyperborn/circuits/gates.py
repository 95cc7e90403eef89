"""Gate records: what a circuit is made of.

An ansatz lists gates; one interpreter simulates them, translators turn the same records into text or into other
frameworks' circuits.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from hyperborn.errors import UserError, whole_number
from hyperborn.printable import shown

GateName: TypeAlias = Literal["cx", "ry", "rz", "rzz"]

QUBITS_OF: dict[GateName, int] = {"cx": 2, "ry": 1, "rz": 1, "rzz": 2}
PARAMETERISED: frozenset[GateName] = frozenset({"ry", "rz", "rzz"})


@dataclass(frozen=True)
class Gate:
    """One gate: its name, its qubits (control before target) and the flat index of its angle, if it has one.

    ``cx`` flips the second qubit where the first is 1; ``ry`` is exp(-i angle Y / 2); ``rz`` is exp(-i angle Z / 2);
    ``rzz`` is exp(-i angle Z Z / 2), the same for either order of its qubits.

    Raises:
        UserError: for an unknown name, qubits that are no distinct whole numbers, or a parameter that is no index.
    """

    # Arguments are checked below, so that a mistake is a UserError even where the tests check types.
    __no_type_check__ = True

    name: GateName
    qubits: tuple[int, ...]
    parameter: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or self.name not in get_args(GateName):
            raise UserError(f"gate {shown(self.name)} is not known; the gates are {', '.join(get_args(GateName))}")
        qubits = tuple(self.qubits) if isinstance(self.qubits, tuple | list) else ()
        if len(qubits) != QUBITS_OF[self.name]:
            raise UserError(
                f"gate {self.name!r} takes a tuple of {QUBITS_OF[self.name]} distinct qubits, not {shown(self.qubits)}"
            )
        qubits = tuple(whole_number(f"a qubit of gate {self.name!r}", qubit, 0) for qubit in qubits)
        if len(set(qubits)) != len(qubits):
            raise UserError(f"gate {self.name!r} takes {QUBITS_OF[self.name]} distinct qubits, not {qubits}")
        if (self.parameter is not None) != (self.name in PARAMETERISED):
            raise UserError(
                f"gate {self.name!r} with parameter {shown(self.parameter)}: only rotations have and need one"
            )
        object.__setattr__(self, "qubits", qubits)
        if self.parameter is not None:
            why = ", the place of its angle in the parameters; the angle itself (radians) stands there"
            index = whole_number(f"parameter of gate {self.name!r}", self.parameter, 0, why=why)
            object.__setattr__(self, "parameter", index)
