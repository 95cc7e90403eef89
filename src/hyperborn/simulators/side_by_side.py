"""Many small registers side by side: the same gates with different angles, all simulated at once.

RY is diagonal in the eigenbasis of Y, into which D H leads: H is the Hadamard matrix of every qubit and D a diagonal of
powers of i. The gates between two layers of RY (RZ, RZZ) are diagonal too and commute with D. The D of one layer
therefore cancels that of the next, and the last one changes no probability. The result,

    H e^{iY_d} H e^{iZ_d} ... H e^{iY_1} H e^{iZ_1} D† ψ_0,

with ψ_0 the product state after the first layer of RY, alternates layers of phases with products by a small real
matrix, which is the same for all registers.
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
from hyperborn.circuits.gate import Gate
from hyperborn.errors import UserError
from hyperborn.printable import shown
from hyperborn.simulators.arithmetic import contract, cosine_and_sine
from hyperborn.walsh import hadamard

LARGEST_GROUP = 5
"""Qubits whose Hadamard matrices are applied as one matrix."""

Tables: TypeAlias = Float[Array, "_ _"]
"""Probabilities of the 2^k outcomes of each register, one register a column; shapes differ from group to group."""


@dataclass(frozen=True, eq=False)
class PhaseLayer:
    """Gates that are diagonal in one basis: its 2^k states get phases `generator` times the angles of `parameters`."""

    generator: Float[np.ndarray, "outcomes gates"]
    parameters: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class PhaseLayers:
    """The first layer of RY, which rotates the qubits by `first` times the angles of `parameters`, and later layers.

    The later layers alternate: one of RZ and RZZ, then one of RY, and so on.
    """

    first: Float[np.ndarray, "qubits gates"]
    parameters: tuple[int, ...]
    later: tuple[PhaseLayer, ...]


def register_probabilities(circuit: Circuit, angles: Float[Array, "parameters registers"]) -> Tables:
    """Born probabilities (2^k, registers) of a circuit for many columns of angles (radians), in their dtype.

    Memory and time grow as 2^k times layers times registers; for circuits of up to about 10 qubits.

    Raises:
        UserError: for a circuit with gates other than RY, RZ and RZZ, or without an RY.
    """
    layers = phase_layers_of(circuit)
    start = product_state(contract("qg,gr->qr", layers.first.astype(angles.dtype), taken(angles, layers.parameters)))
    if not layers.later:
        return start**2
    # D†: (-i) to the number of ones.
    ones = np.bitwise_count(np.arange(len(start)))[:, None] % 4
    real, imaginary = (start * np.asarray(powers, angles.dtype)[ones] for powers in ((1, 0, -1, 0), (0, -1, 0, 1)))
    for layer in layers.later:
        phases = contract("sg,gr->sr", layer.generator.astype(angles.dtype), taken(angles, layer.parameters))
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
def phase_layers_of(circuit: Circuit) -> PhaseLayers:
    """Alternating layers of RY and of RZ and RZZ, from RY to RY: phases before or after those change no probability."""
    kinds = {"ry": "y", "rz": "z", "rzz": "z"}
    strange = {gate.name for gate in circuit.gates()} - kinds.keys()
    if strange:
        raise UserError(
            f"{shown(circuit)} has {strange.pop()} gates; registers side by side take AllPairs or ChosenPairs"
        )
    runs = [(kind, list(gates)) for kind, gates in groupby(circuit.gates(), key=lambda gate: kinds[gate.name])]
    while runs and runs[0][0] == "z":
        del runs[0]
    while runs and runs[-1][0] == "z":
        del runs[-1]
    if not runs:
        raise UserError(
            f"{shown(circuit)} has no ry gate, so that all its bits are 0; give one that rotates its qubits"
        )
    n = circuit.n_qubits
    begin = runs[0][1]
    signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n - 1, -1, -1)) & 1)
    later = [
        PhaseLayer(
            np.stack([-0.5 * signs[:, list(gate.qubits)].prod(axis=1) for gate in gates], axis=1), parameters_of(gates)
        )
        for _, gates in runs[1:]
    ]
    first = np.array([[float(gate.qubits == (qubit,)) for gate in begin] for qubit in range(n)])
    return PhaseLayers(first, parameters_of(begin), tuple(later))


def parameters_of(gates: Iterable[Gate]) -> tuple[int, ...]:
    """The parameters of gates.

    Raises:
        UserError: for a gate whose angle is not a parameter.
    """
    for gate in gates:
        if gate.angles[0].parameter is None:
            raise UserError(f"the gate {gate}: registers side by side take angles that are parameters")
    return tuple(index for gate in gates for index in gate.parameters)


def taken(angles: Float[Array, "parameters registers"], rows: tuple[int, ...]) -> Float[Array, "gates registers"]:
    """The angles of some gates; consecutive ones are a slice, which takes no copy."""
    consecutive = rows == tuple(range(rows[0], rows[-1] + 1)) if rows else False
    return angles[rows[0] : rows[-1] + 1] if consecutive else angles[np.array(rows, int)]


def mixed(amplitudes: Float[Array, "outcomes registers"]) -> Float[Array, "outcomes registers"]:
    """Amplitudes after a Hadamard gate on every qubit."""
    shape, done = amplitudes.shape, 0
    n = shape[0].bit_length() - 1
    while done < n:
        # Groups of about equal size: a small one would take a pass over memory for little work.
        size = -(-(n - done) // -(-(n - done) // LARGEST_GROUP))
        matrix = jnp.asarray(hadamard(2**size) * 2 ** (-size / 2), amplitudes.dtype)
        amplitudes = contract("ab,lbr->lar", matrix, amplitudes.reshape(2**done, 2**size, -1))
        done += size
    return amplitudes.reshape(shape)
