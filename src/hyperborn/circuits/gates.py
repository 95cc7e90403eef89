"""Gate records: what a circuit is made of.

An ansatz lists gates; one interpreter simulates them, translators turn the same records into text or into other
frameworks' circuits.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

GateName: TypeAlias = Literal["cx", "ry", "rz", "rzz"]

QUBITS_OF: dict[GateName, int] = {"cx": 2, "ry": 1, "rz": 1, "rzz": 2}
PARAMETERISED: frozenset[GateName] = frozenset({"ry", "rz", "rzz"})


@dataclass(frozen=True)
class Gate:
    """One gate: its name, its qubits (control before target) and the flat index of its angle, if it has one.

    ``cx`` flips the second qubit where the first is 1; ``ry`` is exp(-i angle Y / 2); ``rz`` is exp(-i angle Z / 2);
    ``rzz`` is exp(-i angle Z Z / 2), the same for either order of its qubits.
    """

    name: GateName
    qubits: tuple[int, ...]
    parameter: int | None = None

    def __post_init__(self) -> None:
        if self.name not in get_args(GateName):
            raise ValueError(f"gate {self.name!r} is not known; the gates are {', '.join(get_args(GateName))}")
        if len(self.qubits) != QUBITS_OF[self.name] or len(set(self.qubits)) != len(self.qubits):
            raise ValueError(f"gate {self.name!r} takes {QUBITS_OF[self.name]} distinct qubits, not {self.qubits}")
        if (self.parameter is not None) != (self.name in PARAMETERISED):
            raise ValueError(f"gate {self.name!r} with parameter {self.parameter}: only rotations have and need one")
