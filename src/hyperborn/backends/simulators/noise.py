"""Noise of gates and of the readout, uniform or gate by gate, and its Kraus operators."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Complex, Float

from hyperborn.circuits import GATES
from hyperborn.errors import UserError, is_number
from hyperborn.packages import imported

LARGEST_RATES = {"one_qubit": 0.75, "two_qubit": 0.9375, "readout": 0.5}
"""Probabilities at which no information about the state, or about the bit, is left."""

ANYWHERE = ()
"""In place of a gate's qubits: the noise is the same on all."""

NEGLIGIBLE_EIGENVALUE = 1e-9
"""Eigenvalues below this are rounding."""


@dataclass(frozen=True)
class Noise:
    """Depolarizing noise after every gate of a circuit, the same on every qubit, and readout errors.

    A gate on k qubits is followed by ρ → (1 - p) ρ + p / (4^k - 1) Σ P ρ P over the non-identity Pauli strings P: p is
    the probability of an error, `one_qubit` for gates such as RY and RZ, `two_qubit` for gates such as CX and RZZ; a
    gate on three qubits is run as several of these. `readout` is the probability that a bit is read as its opposite.
    (Code of arXiv 2301.08292: p = 0.001 s and 0.00375 s at noise strength s.)

    Raises:
        UserError: for a probability below 0, or above the one at which no information is left (3/4, 15/16, 1/2).
    """

    one_qubit: float = 0.0
    two_qubit: float = 0.0
    readout: float = 0.0

    def __post_init__(self) -> None:
        for name, most in LARGEST_RATES.items():
            value = getattr(self, name)
            if not is_number(value) or not 0.0 <= value <= most:
                raise UserError(f"noise {name}={value!r} must be a probability from 0 to {most}")

    @property
    def gates(self) -> bool:
        """Whether gates are noisy, so that states are mixed; with readout errors only they are pure."""
        return self.one_qubit > 0 or self.two_qubit > 0


def errors_of(noise: Noise) -> dict[str, Any]:
    """A `qiskit_aer.noise.QuantumError` for every noisy gate, by the gate's name."""
    aer = imported("qiskit_aer.noise", "qiskit", "noise")
    errors = {}
    for probability, size in ((noise.one_qubit, 1), (noise.two_qubit, 2)):
        names = [name for name, kind in GATES.items() if kind.n_qubits == size]
        if probability > 0:
            # Aer's parameter is the weight of the maximally mixed state, which includes the identity.
            weight = probability * 4**size / (4**size - 1)
            errors |= dict.fromkeys(names, aer.depolarizing_error(weight, size))
    return errors


def model_of(noise: Noise) -> Any:
    """A `qiskit_aer.noise.NoiseModel` of the gates of `Gate` and of preparations."""
    aer = imported("qiskit_aer.noise", "qiskit", "noise")
    model = aer.NoiseModel(basis_gates=[*GATES])
    for name, error in errors_of(noise).items():
        model.add_all_qubit_quantum_error(error, name)
    if noise.readout > 0:
        right, wrong = 1 - noise.readout, noise.readout
        model.add_all_qubit_readout_error(aer.ReadoutError([[right, wrong], [wrong, right]]))
    return model


@dataclass(frozen=True, eq=False)
class Channel:
    """ρ → p ρ + (1 - p) Σ K ρ K†: with probability `untouched` = p the state stays as it is, whatever it is.

    The Kraus operators, (2^k, 2^k) for k qubits with the first qubit as the most significant, are a channel of their
    own.
    """

    untouched: float
    operators: tuple[Complex[np.ndarray, "d d"], ...]


class GateNoise:
    """Errors after gates, by the gates' names and qubits, and of each qubit P(read 1 | was 0) and P(read 1 | was 1).

    Errors are `qiskit_aer.noise.QuantumError`; each becomes a `Channel` when it is first needed.
    """

    def __init__(
        self,
        errors: Mapping[tuple[str, tuple[int, ...]], Any],
        readout: Mapping[int, tuple[float, float]],
        everywhere: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        self.errors, self.readout, self.everywhere = errors, readout, everywhere
        self.channels: dict[tuple[str, tuple[int, ...]], Channel] = {}

    def after(self, name: str, qubits: tuple[int, ...]) -> Channel | None:
        """The channel after a gate; None if the gate has no errors."""
        key = (name, qubits) if (name, qubits) in self.errors else (name, ANYWHERE)
        if key not in self.channels and key in self.errors:
            self.channels[key] = channel_of(self.errors[key])
        return self.channels.get(key)

    def read_as_one(self, qubits: Sequence[int]) -> Float[np.ndarray, "n 2"]:
        """For each qubit the probabilities that it is read as 1 when it is 0, and when it is 1."""
        return np.array([self.readout.get(qubit, self.everywhere) for qubit in qubits])


def channel_of(error: Any) -> Channel:
    """The channel of a `qiskit_aer.noise.QuantumError`, with the largest possible p.

    With C its Choi matrix and v the vector of the identity, C - p vv† stays positive up to p = 1 / v†C⁻¹v if v is in
    the range of C. Otherwise p is 0, as for pure amplitude damping.
    """
    from qiskit.quantum_info import Choi

    size = error.num_qubits
    choi = np.asarray(Choi(error.to_quantumchannel()).data)
    d = 2**size
    values, vectors = np.linalg.eigh(choi)
    kept = values > NEGLIGIBLE_EIGENVALUE
    identity = np.eye(d).reshape(-1)
    parts = vectors[:, kept].conj().T @ identity
    inside = abs(float(np.vdot(parts, parts).real) - d) < NEGLIGIBLE_EIGENVALUE * d
    untouched = min(1.0, 1.0 / float((np.abs(parts) ** 2 / values[kept]).sum())) if inside else 0.0
    values, vectors = np.linalg.eigh(choi - untouched * np.outer(identity, identity))
    # Qiskit stacks columns, and counts the first qubit as the least significant.
    operators = [
        reversed_qubits(np.sqrt(value / max(1.0 - untouched, NEGLIGIBLE_EIGENVALUE)) * vector.reshape(d, d).T, size)
        for value, vector in zip(values, vectors.T, strict=True)
        if value > NEGLIGIBLE_EIGENVALUE * max(1.0 - untouched, NEGLIGIBLE_EIGENVALUE)
    ]
    return Channel(untouched if operators else 1.0, tuple(operators))


def reversed_qubits(matrix: Complex[np.ndarray, "d d"], size: int) -> Complex[np.ndarray, "d d"]:
    """A matrix with the significance of its qubits reversed."""
    axes = [*range(size - 1, -1, -1)]
    shaped = matrix.reshape((2,) * (2 * size)).transpose([*axes, *(size + axis for axis in axes)])
    return np.ascontiguousarray(shaped.reshape(matrix.shape))
