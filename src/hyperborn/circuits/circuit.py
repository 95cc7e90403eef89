"""Gate records, and the circuits that list them.

One interpreter simulates the gate records. Translators turn the same records into text or into the circuits of other
frameworks.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal, TypeAlias, get_args

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from hyperborn._typing import Parameters, RandomKey
from hyperborn.arguments import shown
from hyperborn.errors import UserError, whole_number

GateName: TypeAlias = Literal["cx", "ry", "rz", "rzz"]

QUBITS_OF: dict[GateName, int] = {"cx": 2, "ry": 1, "rz": 1, "rzz": 2}
PARAMETERISED: frozenset[GateName] = frozenset({"ry", "rz", "rzz"})


@dataclass(frozen=True)
class Gate:
    """One gate: its name, its qubits (control before target) and the flat index of its angle, if it has one.

    ``cx`` flips the second qubit where the first is 1; ``ry`` is exp(-i angle Y / 2); ``rz`` is exp(-i angle Z / 2);
    ``rzz`` is exp(-i angle Z Z / 2), the same for either order of its qubits.

    Raises:
        UserError: for an unknown name, qubits that are not distinct whole numbers, or a parameter that is not an index.
    """

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


class Circuit(ABC):
    """A parameterised circuit on |0...0>: a list of gates and the shape of its angles (radians).

    Concrete circuits are frozen and hashable, so that the compiled program of each is kept.
    """

    n_qubits: int

    @property
    @abstractmethod
    def parameter_shape(self) -> tuple[int, ...]:
        """Shape of the array of angles."""

    @abstractmethod
    def gates(self) -> tuple[Gate, ...]:
        """Gates in order of time; a gate's parameter indexes the flattened array of angles."""

    @abstractmethod
    def product_angles(self, probabilities: Float[Array, " n"]) -> Parameters:
        """Angles (radians) at which qubit i is 1 with the given probability, independently of the others."""

    @property
    def n_parameters(self) -> int:
        """Number of angles."""
        return prod(self.parameter_shape)

    def init(self, probabilities: Float[Array, " n"], spread: float, *, key: RandomKey) -> Parameters:
        """`product_angles` plus normal noise of standard deviation `spread` (radians)."""
        noise = spread * jax.random.normal(key, self.parameter_shape)
        return self.product_angles(probabilities) + noise

    def draw(self, labels: Sequence[str] | None = None) -> str:
        """The circuit as text, one line a qubit; see `hyperborn.circuits.drawing.draw`."""
        from hyperborn.circuits.drawing import draw

        return draw(self.gates(), self.n_qubits, labels)


def shared_parameter(circuit: Circuit) -> int | None:
    """The lowest parameter that more than one gate uses; None if every gate has its own."""
    used = Counter(gate.parameter for gate in circuit.gates() if gate.parameter is not None)
    return min((parameter for parameter, gates in used.items() if gates > 1), default=None)


def rotation_to(probabilities: Float[Array, " n"]) -> Float[Array, " n"]:
    """RY angle (radians) that rotates |0> into a state that is 1 with the given probability: 2 asin sqrt(p)."""
    return 2.0 * jnp.arcsin(jnp.sqrt(probabilities))
