"""Many small circuits side by side: equal gates, angles of their own, all simulated at once.

RY is diagonal in the eigenbasis of Y, into which D H leads: H is the Hadamard matrix of every qubit and D a diagonal of
powers of i. What lies between two layers of RY is diagonal itself (RZ, RZZ) and commutes with D, so that the D of one
layer undoes that of the next, and the last changes no probability. What is left,

    H e^{iY_d} H e^{iZ_d} ... H e^{iY_1} H e^{iZ_1} D† ψ_0,

with ψ_0 the product state that the first layer of RY makes, is one layer of phases after the other, and between them
products with a small real matrix for all circuits together.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import TypeAlias

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn.circuits.circuit import Circuit
from hyperborn.circuits.gates import Gate
from hyperborn.errors import UserError
from hyperborn.simulators.cosines_and_sines import cosine_and_sine
from hyperborn.simulators.state import contract
from hyperborn.walsh import hadamard

LARGEST_GROUP = 5
"""Qubits whose Hadamard matrices are applied as one matrix."""

Tables: TypeAlias = Float[Array, "_ _"]
"""Probabilities of the 2^k outcomes of each register, one register a column; their numbers vary from bank to bank."""


@dataclass(frozen=True, eq=False)
class Turn:
    """Gates that are diagonal together: phases of the 2^k basis states are `generator` times the angles of `rows`."""

    generator: Float[np.ndarray, "outcomes gates"]
    rows: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Course:
    """The first layer of RY, whose rotations of each qubit are `first` times the angles of `rows`, and all turns after.

    Turns of RZ and RZZ come before turns of RY, one of each in turn.
    """

    first: Float[np.ndarray, "qubits gates"]
    rows: tuple[int, ...]
    turns: tuple[Turn, ...]


def probabilities(circuit: Circuit, angles: Float[Array, "parameters registers"]) -> Tables:
    """Born probabilities (2^k, registers) of a circuit for many columns of angles (radians), in their dtype.

    Memory and time grow as 2^k times layers times registers; for circuits of up to about 10 qubits.

    Raises:
        UserError: for a circuit with gates other than RY, RZ and RZZ, or without an RY.
    """
    course = course_of(circuit)
    start = product_state(contract("qg,gr->qr", course.first.astype(angles.dtype), taken(angles, course.rows)))
    if not course.turns:
        return start**2
    # D†: (-i) to the number of ones.
    ones = np.bitwise_count(np.arange(len(start)))[:, None] % 4
    real, imaginary = (start * np.asarray(powers, angles.dtype)[ones] for powers in ((1, 0, -1, 0), (0, -1, 0, 1)))
    for turn in course.turns:
        phases = contract("sg,gr->sr", turn.generator.astype(angles.dtype), taken(angles, turn.rows))
        cosine, sine = cosine_and_sine(phases)
        real, imaginary = real * cosine - imaginary * sine, real * sine + imaginary * cosine
        real, imaginary = mixed(real), mixed(imaginary)
    return real**2 + imaginary**2


def product_state(rotations: Float[Array, "qubits registers"]) -> Float[Array, "outcomes registers"]:
    """Amplitudes that RY by the given angles (radians) makes of |0...0>."""
    cosine, sine = cosine_and_sine(rotations / 2)
    state = jnp.ones((1, rotations.shape[1]), rotations.dtype)
    for low, high in zip(cosine, sine, strict=True):
        state = (state[:, None] * jnp.stack([low, high])[None]).reshape(-1, rotations.shape[1])
    return state


@lru_cache(maxsize=64)
def course_of(circuit: Circuit) -> Course:
    """Layers of RY and layers of RZ and RZZ in turn, beginning and ending with RY: others change no probability."""
    kinds = {"ry": "y", "rz": "z", "rzz": "z"}
    strange = {gate.name for gate in circuit.gates()} - kinds.keys()
    if strange:
        raise UserError(f"{circuit} has {strange.pop()} gates; registers side by side take AllPairs or ChosenPairs")
    runs = [(kind, list(gates)) for kind, gates in groupby(circuit.gates(), key=lambda gate: kinds[gate.name])]
    while runs and runs[0][0] == "z":
        del runs[0]
    while runs and runs[-1][0] == "z":
        del runs[-1]
    if not runs:
        raise UserError(f"{circuit} has no ry gate, so that all its bits are 0; give one that turns its qubits")
    n = circuit.n_qubits
    begin = runs[0][1]
    signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n - 1, -1, -1)) & 1)
    turns = [
        Turn(np.stack([-0.5 * signs[:, list(gate.qubits)].prod(axis=1) for gate in gates], axis=1), rows_of(gates))
        for _, gates in runs[1:]
    ]
    first = np.array([[float(gate.qubits == (qubit,)) for gate in begin] for qubit in range(n)])
    return Course(first, rows_of(begin), tuple(turns))


def rows_of(gates: Iterable[Gate]) -> tuple[int, ...]:
    """Where the angles of gates stand among the parameters."""
    return tuple(gate.parameter for gate in gates if gate.parameter is not None)


def taken(angles: Float[Array, "parameters registers"], rows: tuple[int, ...]) -> Float[Array, "gates registers"]:
    """The angles of some gates; a slice, where they are consecutive, takes no copy."""
    consecutive = rows == tuple(range(rows[0], rows[-1] + 1)) if rows else False
    return angles[rows[0] : rows[-1] + 1] if consecutive else angles[np.array(rows, int)]


def mixed(amplitudes: Float[Array, "outcomes registers"]) -> Float[Array, "outcomes registers"]:
    """A Hadamard gate on every qubit."""
    shape, done = amplitudes.shape, 0
    n = shape[0].bit_length() - 1
    while done < n:
        # Equal groups: a small one would be as many passes over memory for less.
        size = -(-(n - done) // -(-(n - done) // LARGEST_GROUP))
        matrix = jnp.asarray(hadamard(2**size) * 2 ** (-size / 2), amplitudes.dtype)
        amplitudes = contract("ab,lbr->lar", matrix, amplitudes.reshape(2**done, 2**size, -1))
        done += size
    return amplitudes.reshape(shape)
