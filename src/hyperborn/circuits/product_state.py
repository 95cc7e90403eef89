"""One rotation a qubit and no entanglement."""

from dataclasses import dataclass

from jaxtyping import Array, Float

from hyperborn._typing import Parameters
from hyperborn.circuits.circuit import Circuit, rotation_to
from hyperborn.circuits.gates import Gate
from hyperborn.errors import whole_number


@dataclass(frozen=True)
class ProductState(Circuit):
    """RY on every qubit: independent bits, the mean-field posterior. Angles have shape (n_qubits,)."""

    n_qubits: int

    def __post_init__(self) -> None:
        whole_number("n_qubits", self.n_qubits, 1)

    @property
    def parameter_shape(self) -> tuple[int]:
        return (self.n_qubits,)

    def gates(self) -> tuple[Gate, ...]:
        return tuple(Gate("ry", (j,), j) for j in range(self.n_qubits))

    def product_angles(self, probabilities: Float[Array, " n"]) -> Parameters:
        return rotation_to(probabilities)
