"""What a circuit is: gates, and the shape of their parameters.

One interpreter simulates the gate records. Translators turn the same records into text or into the circuits of other
frameworks.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike

from hyperborn._typing import Parameters
from hyperborn.arguments import check_finite_parameters
from hyperborn.circuits.gate import Gate
from hyperborn.errors import UserError
from hyperborn.printable import shown


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

    def _repr_html_(self) -> str:
        from hyperborn.report.cards import circuit_html

        return circuit_html(self)

    def to_qiskit(self, params: ArrayLike | None = None, *, measured: bool = False) -> Any:
        """The same gates as a `qiskit.QuantumCircuit`: qubit i is qubit i.

        Qiskit writes the highest bit first: of a string of its counts, the last character is qubit 0, hence weight 0.
        Read strings from behind, or measure a circuit of which ``reverse_bits`` is taken, to get them in the order of
        weights.

        Args:
            params: numbers (radians) of `parameter_shape`; if absent, angles are expressions of a `ParameterVector`
                ``theta``, whose elements count the flattened array.
            measured: whether all qubits are measured at the end (``measure_all``).

        Raises:
            UserError: if Qiskit is not installed, or the parameters do not fit.
        """
        from hyperborn.circuits.translation.qiskit import to_qiskit

        return to_qiskit(self, params, measured=measured)

    def to_pennylane(self, params: ArrayLike | None = None) -> Any:
        """The same gates as a quantum function of PennyLane, for use in a QNode: qubit i is wire i.

        The function takes an array of `parameter_shape` (radians), and can be differentiated; with `params` it takes
        nothing. PennyLane writes wire 0 first: ``qml.probs(wires=range(n))`` is in the index order of Hyperborn, and
        column i of samples is weight i.

        Raises:
            UserError: if PennyLane is not installed, or the parameters do not fit.
        """
        from hyperborn.circuits.translation.pennylane import to_pennylane

        return to_pennylane(self, params)

    def to_qasm3(self, params: ArrayLike | None = None, *, measured: bool = False) -> str:
        """The same gates as a program in OpenQASM 3: qubit i is ``q[i]``.

        Qiskit writes the numbers: within 1e-9 of a simple multiple of π, such as 3π/8 or 0, they are rounded to it, and
        all others have 15 digits or more. A program that is read again by `hyperborn.circuits.from_qasm` has its
        parameters in one vector, without those that no gate uses; the others are numbered anew.

        Args:
            params: numbers (radians) of `parameter_shape`; if absent, the program has an input ``theta0``, ``theta1``,
                ... for each element of the flattened array that a gate uses.
            measured: whether qubit i is measured into bit i at the end. As a number or in the strings of Qiskit the
                bits are written with qubit 0, hence weight 0, last.

        Raises:
            UserError: if Qiskit, which writes the program, is not installed, or the parameters do not fit.
        """
        from hyperborn.circuits.translation.qasm import to_qasm3

        return to_qasm3(self, params, measured=measured)


def flat_parameters(circuit: Circuit, params: ArrayLike) -> Float[np.ndarray, " parameters"]:
    """The parameters (radians) of a circuit as a flat array, float64.

    Raises:
        UserError: if they are not finite numbers of the circuit's shape.
    """
    try:
        values = np.asarray(params, np.float64)
    except (TypeError, ValueError) as error:
        raise UserError(
            f"the parameters of {shown(circuit)} are {shown(params)}: give numbers of shape {circuit.parameter_shape}"
        ) from error
    check_finite_parameters(values, circuit.parameter_shape, circuit)
    return values.reshape(-1)


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


def rotated(probabilities: Float[Array | np.ndarray, " n"], shape: tuple[int, ...], place: Any = ...) -> Parameters:
    """Parameters of a shape, all 0 but in one place, such as a slice, which has the angles of `rotation_to`."""
    # NumPy needs no program: JAX would compile one for each operation in every process.
    if isinstance(probabilities, np.ndarray):
        angles = np.zeros(shape)
        angles[place] = 2.0 * np.arcsin(np.sqrt(probabilities))
        return jnp.asarray(angles, float)
    return jnp.zeros(shape).at[place].set(rotation_to(probabilities))
