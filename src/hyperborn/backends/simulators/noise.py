"""Noise that is the same on every qubit."""

from dataclasses import dataclass
from typing import Any

from hyperborn.backends.packages import imported
from hyperborn.circuits.gates import QUBITS_OF
from hyperborn.errors import UserError, is_number

LARGEST = {"one_qubit": 0.75, "two_qubit": 0.9375, "readout": 0.5}
"""Probabilities at which nothing of the state, or of the bit, is left."""

FLIP = "x"
"""The gate that prepares basis states; as noisy as every gate on one qubit."""


@dataclass(frozen=True)
class Noise:
    """Depolarizing noise after every gate of ours, and bits read wrongly.

    A gate on k qubits is followed by ρ → (1 - p) ρ + p / (4^k - 1) Σ P ρ P over the non-identity Pauli strings P: p is
    the probability of an error, `one_qubit` for RY and RZ, `two_qubit` for CX and RZZ. `readout` is the probability
    that a bit is read as its opposite. (Code of arXiv 2301.08292: p = 0.001 s and 0.00375 s at noise strength s.)

    Raises:
        UserError: for a probability below 0, or beyond the one at which nothing is left (3/4, 15/16, 1/2).
    """

    one_qubit: float = 0.0
    two_qubit: float = 0.0
    readout: float = 0.0

    def __post_init__(self) -> None:
        for name, most in LARGEST.items():
            value = getattr(self, name)
            if not is_number(value) or not 0.0 <= value <= most:
                raise UserError(f"noise {name}={value!r} must be a probability from 0 to {most}")

    @property
    def gates(self) -> bool:
        """Whether gates are noisy, so that a state is mixed; wrong bits alone leave it pure."""
        return self.one_qubit > 0 or self.two_qubit > 0


def errors_of(noise: Noise) -> dict[str, Any]:
    """A `qiskit_aer.noise.QuantumError` for every noisy gate, by the gate's name."""
    aer = imported("qiskit_aer.noise", "qiskit", "noise")
    errors = {}
    for probability, size in ((noise.one_qubit, 1), (noise.two_qubit, 2)):
        names = [name for name, qubits in QUBITS_OF.items() if qubits == size] + [FLIP] * (size == 1)
        if probability > 0:
            # Aer's parameter is the weight of the wholly mixed state, which holds the identity too.
            weight = probability * 4**size / (4**size - 1)
            errors |= dict.fromkeys(names, aer.depolarizing_error(weight, size))
    return errors


def model_of(noise: Noise) -> Any:
    """A `qiskit_aer.noise.NoiseModel` of the gates that circuits are listed in."""
    aer = imported("qiskit_aer.noise", "qiskit", "noise")
    model = aer.NoiseModel(basis_gates=[*QUBITS_OF, FLIP])
    for name, error in errors_of(noise).items():
        model.add_all_qubit_quantum_error(error, name)
    if noise.readout > 0:
        right, wrong = 1 - noise.readout, noise.readout
        model.add_all_qubit_readout_error(aer.ReadoutError([[right, wrong], [wrong, right]]))
    return model
