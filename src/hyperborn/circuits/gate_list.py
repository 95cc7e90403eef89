"""Circuits given by their gates."""

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from math import acos, asin, prod, sqrt
from typing import Any, TypeAlias

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Parameters
from hyperborn.circuits.angle import Angle
from hyperborn.circuits.circuit import Circuit, check_indices
from hyperborn.circuits.gate import GATES, Gate
from hyperborn.errors import UserError, whole_number
from hyperborn.printable import shown

MOST_GATES = 1_000_000
"""Most gates: they are kept one by one."""

MOST_QUBITS = MOST_GATES
"""Most qubits, those of a wide circuit of many registers: one that no gate acts on is always 0."""

MOST_READ_QUBITS = 10_000
"""Most qubits, and most classical bits, of a circuit that is read from another library or from OpenQASM."""

MOST_PARAMETERS = 10 * MOST_GATES
"""Most parameters: training keeps several arrays of them."""

MOST_SHOWN = 4
"""Most gates that are listed where the circuit is shown."""

FLIPS = frozenset({"x", "y", "cx", "cy", "swap", "iswap", "ccx"})
"""Gates that map every basis state to another one, but for phases."""

GateLike: TypeAlias = Gate | Sequence[Any]
"""A gate, or its name, qubits and angles, such as ("cx", (0, 1))."""


@dataclass(frozen=True, repr=False)
class GateList(Circuit):
    """Any gates, in order of time, on |0...0>: for circuits of one's own, or of other libraries.

    ``theta = hb.circuits.parameters(2)`` and then ``GateList(2, [("rx", 0, theta[0]), ("cz", (0, 1)), ("ry", 1, 2 *
    theta[1] - pi / 2)])``. Gates are `Gate` records, or tuples of a name, qubits and angles. Parameters (radians) are
    an array of the given shape; if absent, one vector that ends with the highest parameter that a gate uses.

    Raises:
        UserError: for what are no gates, gates on qubits or parameters that the circuit does not have, or over
            `MOST_QUBITS` qubits, `MOST_GATES` gates or `MOST_PARAMETERS` parameters.
    """

    n_qubits: int
    listed: tuple[Gate, ...]
    shape: tuple[int, ...]

    def __init__(self, n_qubits: int, listed: Iterable[GateLike], shape: Sequence[int] | None = None) -> None:
        n = whole_number("n_qubits", n_qubits, 1, MOST_QUBITS)
        if isinstance(listed, str) or not isinstance(listed, Iterable):
            raise UserError(f"listed = {shown(listed)}: give gates, such as [('h', 0), ('cx', (0, 1))]")
        # Counted before they are looked at, which takes longer.
        given = tuple(islice(listed, MOST_GATES + 1))
        if len(given) > MOST_GATES:
            raise UserError(f"the gates are over the limit of {MOST_GATES:,}; give a shorter circuit")
        gates = tuple(map(gate_of, given))
        if shape is None:
            shape = (1 + max((index for gate in gates for index in gate.parameters), default=-1),)
        if not isinstance(shape, tuple | list):
            raise UserError(f"shape = {shown(shape)}: give the shape of the array of parameters, such as (4,)")
        object.__setattr__(self, "n_qubits", n)
        object.__setattr__(self, "listed", gates)
        object.__setattr__(self, "shape", tuple(whole_number("a length in shape", length, 0) for length in shape))
        if prod(self.shape) > MOST_PARAMETERS:
            raise UserError(
                f"{shown(prod(self.shape))} parameters are over the limit of {MOST_PARAMETERS:,}; number those that "
                "the gates use from 0 on"
            )
        check_indices(gates, n, prod(self.shape))

    @classmethod
    def of(cls, circuit: Circuit) -> "GateList":
        """The gates of any circuit, with parameters of the same shape."""
        return cls(circuit.n_qubits, circuit.gates(), circuit.parameter_shape)

    @property
    def parameter_shape(self) -> tuple[int, ...]:
        return self.shape

    def gates(self) -> tuple[Gate, ...]:
        return self.listed

    def product_angles(self, probabilities: Float[Array | np.ndarray, " n"]) -> Parameters | None:
        wanted = np.asarray(probabilities, float)
        # No permutation of basis states changes a uniform distribution.
        gates = without_last_flips(self.listed) if (wanted == 0.5).all() else self.listed
        found = last_rotations(gates, self.n_qubits)
        if found is None:
            return None
        angles = np.zeros(self.n_parameters)
        for (parameter, angle, bit), probability in zip(found, wanted, strict=True):
            root = sqrt(min(max(float(probability), 0.0), 1.0))
            rotation = 2 * (acos(root) if bit else asin(root))
            angles[parameter] = (rotation - angle.reduced.constant) / angle.terms[0][1]
        return jnp.asarray(angles.reshape(self.shape), float)

    @cached_property
    def _hash(self) -> int:
        return hash((self.n_qubits, self.listed, self.shape))

    def __hash__(self) -> int:
        # Kept: compiled programs are looked up by it at every call.
        return self._hash

    def __getstate__(self) -> dict[str, Any]:
        # Hashes of texts differ from process to process, so that a pickled one would be another's.
        return {name: value for name, value in vars(self).items() if name != "_hash"}

    def __repr__(self) -> str:
        size = f"GateList of {self.n_qubits} qubits, {len(self.listed)} gates and {self.n_parameters} parameters"
        return f"{size}: {'; '.join(map(str, self.listed))}" if 0 < len(self.listed) <= MOST_SHOWN else size

    def __str__(self) -> str:
        return f"a circuit of {self.n_qubits} qubits, {len(self.listed)} gates and {self.n_parameters} parameters"


def check_read_size(owner: str, what: str, number: int | float) -> None:
    """Raise a UserError if a circuit that is read has too many of something; an infinite number is too many."""
    if number > MOST_READ_QUBITS:
        shown_number = f"{number:,.0f}" if number < 2**63 else "more than 2^63"
        raise UserError(
            f"{owner} has {shown_number} {what}, over the limit of {MOST_READ_QUBITS:,} of a circuit that is read; "
            "give a smaller circuit"
        )


def gate_of(given: Any) -> Gate:
    """A gate record from itself, or from its name, qubits (one number for one qubit) and angles, in a tuple or not.

    An angle is an `Angle`, a parameter's index, or, in a record, a constant and terms.

    Raises:
        UserError: for anything else.
    """
    if isinstance(given, Gate):
        return given
    if not isinstance(given, tuple | list) or len(given) < 2:
        raise UserError(f"{shown(given)} is no gate: give hb.circuits.Gate, or such as ('rx', 0, theta[0])")
    name, qubits, *angles = given
    own: Any = angles[0] if len(angles) == 1 else tuple(angles)
    listed = own if isinstance(own, tuple | list) else (own,)
    read: list[Any] = [Angle(*one) if isinstance(one, tuple | list) and len(one) == 2 else one for one in listed]
    return Gate(name, qubits if isinstance(qubits, tuple | list) else (qubits,), read)


def without_last_flips(gates: Sequence[Gate]) -> Sequence[Gate]:
    """The gates up to the last one that does more to basis states than to permute them and to change their phases."""
    end = len(gates)
    while end and (gates[end - 1].name in FLIPS or set(GATES[gates[end - 1].name].axes) == {"Z"}):
        end -= 1
    return gates[:end]


def last_rotations(gates: Sequence[Gate], n_qubits: int) -> list[tuple[int, Angle, int]] | None:
    """For each qubit the rotation that sets its probability: its parameter, its angle, and the bit before it.

    It is the last gate that is not diagonal on the qubit: an RX or RY, or a U by its first angle, with a parameter that
    no other angle depends on. At parameters 0 the other gates must map |0...0> to a basis state; None where any of this
    does not hold.
    """
    used = Counter(index for gate in gates for index in gate.parameters)
    last: dict[int, int] = {}
    for place, gate in enumerate(gates):
        for qubit, axis in zip(gate.qubits, GATES[gate.name].axes, strict=True):
            if axis != "Z":
                last[qubit] = place
    if len(last) < n_qubits:
        return None
    bits, found = [0] * n_qubits, {}
    for place, gate in enumerate(gates):
        if place in (last[qubit] for qubit in gate.qubits) and gate.name in ("rx", "ry", "u"):
            (qubit,), angle = gate.qubits, gate.angles[0]
            if len(angle.terms) != 1 or used[angle.terms[0][0]] > 1:
                return None
            found[qubit] = (angle.terms[0][0], angle, bits[qubit])
        elif is_controlled_by(gate, found) or not moves_basis_state(gate, bits):
            return None
    return [found[qubit] for qubit in range(n_qubits)] if len(found) == n_qubits else None


def is_controlled_by(gate: Gate, qubits: Container[int]) -> bool:
    """Whether what a gate does to other qubits depends on one of these, so that they would not stay independent."""
    axes = GATES[gate.name].axes
    controls = [qubit for qubit, axis in zip(gate.qubits, axes, strict=True) if axis == "Z"]
    return len(controls) < len(axes) and any(qubit in qubits for qubit in controls)


def moves_basis_state(gate: Gate, bits: list[int]) -> bool:
    """Apply a gate at parameters 0 to a basis state, in place; False if the result is no basis state."""
    name, qubits = gate.name, gate.qubits
    axes = GATES[name].axes
    if set(axes) == {"Z"}:
        return True
    if gate.angles:
        # Turned by nothing, these are the identity or diagonal.
        return gate.angles[0].constant == 0
    controls = [qubit for qubit, axis in zip(qubits, axes, strict=True) if axis == "Z"]
    if not all(bits[qubit] for qubit in controls):
        return True
    if name not in FLIPS:
        return False
    if axes == "??":
        bits[qubits[0]], bits[qubits[1]] = bits[qubits[1]], bits[qubits[0]]
    else:
        bits[qubits[-1]] ^= 1
    return True
