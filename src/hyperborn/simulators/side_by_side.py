"""Many small circuits side by side: equal gates, angles of their own, all simulated at once.

RY is diagonal in the eigenbasis of Y, into which D H leads: H is the Hadamard matrix of every qubit and D a diagonal of
powers of i. What lies between two layers of RY is diagonal itself (RZ, RZZ) and commutes with D, so that the D of one
layer undoes that of the next; the first finds |0...0>, and the last changes no probability. What is left,

    H e^{iY_d} H e^{iZ_d} H ... e^{iZ_1} H e^{iY_0} H |0...0>,

takes one product with a small real matrix, for all circuits together, and one layer of phases after the other.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import TypeAlias

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn.circuits.circuit import Circuit
from hyperborn.errors import UserError
from hyperborn.simulators.state import contract
from hyperborn.simulators.turns import cosine_and_sine
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


def probabilities(circuit: Circuit, angles: Float[Array, "parameters registers"]) -> Tables:
    """Born probabilities (2^k, registers) of a circuit for many columns of angles (radians), in their dtype.

    Memory and time grow as 2^k times layers times registers; for circuits of up to about 10 qubits.

    Raises:
        UserError: for a circuit with gates other than RY, RZ and RZZ, or without an RY.
    """
    turns, n = turns_of(circuit), circuit.n_qubits
    real = jnp.full((2**n, angles.shape[1]), 2 ** (-n / 2), angles.dtype)
    imaginary = jnp.zeros_like(real)
    for turn in turns:
        cosine, sine = cosine_and_sine(
            contract("sg,gr->sr", jnp.asarray(turn.generator, angles.dtype), taken(angles, turn))
        )
        real, imaginary = real * cosine - imaginary * sine, real * sine + imaginary * cosine
        real, imaginary = mixed(real), mixed(imaginary)
    return real**2 + imaginary**2


@lru_cache(maxsize=64)
def turns_of(circuit: Circuit) -> tuple[Turn, ...]:
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
    signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n - 1, -1, -1)) & 1)
    return tuple(
        Turn(
            np.stack([-0.5 * signs[:, list(gate.qubits)].prod(axis=1) for gate in gates], axis=1),
            tuple(int(gate.parameter) for gate in gates if gate.parameter is not None),
        )
        for _, gates in runs
    )


def taken(angles: Float[Array, "parameters registers"], turn: Turn) -> Float[Array, "gates registers"]:
    """The angles of a turn's gates; a slice, where they are consecutive, takes no copy."""
    first, last = turn.rows[0], turn.rows[-1]
    return angles[first : last + 1] if turn.rows == tuple(range(first, last + 1)) else angles[np.array(turn.rows)]


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
