"""What a circuit is: gates, and the shape of their parameters.

One interpreter simulates the gate records. Translators turn the same records into text or into the circuits of other
frameworks.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from math import prod

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Parameters
from hyperborn.circuits.gate import Gate
from hyperborn.errors import UserError


class Circuit(ABC):
    """A parameterised circuit on |0...0>: a list of gates and the shape of its parameters (radians).

    Concrete circuits are frozen and hashable, so that the compiled program of each is kept.
    """

    n_qubits: int

    @property
    @abstractmethod
    def parameter_shape(self) -> tuple[int, ...]:
        """Shape of the array of parameters."""

    @abstractmethod
    def gates(self) -> tuple[Gate, ...]:
        """Gates in order of time; their angles count the flattened array of parameters."""

    @abstractmethod
    def product_angles(self, probabilities: Float[Array | np.ndarray, " n"]) -> Parameters | None:
        """Parameters at which qubit i is 1 with the given probability, independently of the others; None if unknown."""

    @property
    def n_parameters(self) -> int:
        """Number of parameters."""
        return prod(self.parameter_shape)

    def substitute(self) -> "Circuit":
        """The gates alone, which a run holds beside a class of a user's own: readers without the class take them."""
        from hyperborn.circuits.gate_list import GateList

        return GateList.of(self)

    def draw(self, labels: Sequence[str] | None = None) -> str:
        """The circuit as text, one line a qubit; see `hyperborn.circuits.drawing.draw`."""
        from hyperborn.circuits.drawing import draw

        return draw(self.gates(), self.n_qubits, labels)


def check_indices(gates: Iterable[Gate], n: int, n_parameters: int) -> None:
    """Raise a UserError if a gate names a qubit or a parameter that the circuit does not have."""
    # JAX would clip a wrong index without an error.
    for gate in gates:
        if max(gate.qubits) >= n:
            raise UserError(f"the gate {gate} in a circuit of {n} qubits: number them from 0 to {n - 1}")
        if max(gate.parameters, default=-1) >= n_parameters:
            allowed = f"number them from 0 to {n_parameters - 1}" if n_parameters else "give it a parameter_shape"
            raise UserError(f"the gate {gate} in a circuit of {n_parameters} parameters: {allowed}")


def shared_parameter(circuit: Circuit) -> int | None:
    """The lowest parameter that more than one angle depends on; None if there is none."""
    used = Counter(parameter for gate in circuit.gates() for parameter in gate.parameters)
    return min((parameter for parameter, angles in used.items() if angles > 1), default=None)


def rotation_to(probabilities: Float[Array | np.ndarray, " n"]) -> Float[Array, " n"]:
    """RY angle (radians) that rotates |0> into a state that is 1 with the given probability: 2 asin sqrt(p)."""
    return 2.0 * jnp.arcsin(jnp.sqrt(probabilities))
