"""Rotations about Y, and CX gates on neighbours before them, group by group, forwards and backwards.

A group's CX gates permute its basis states, and its RY gates rotate its qubits one by one. Its matrix is therefore a
Kronecker product of 2 × 2 rotations with permuted columns.
"""

from collections.abc import Sequence
from functools import reduce

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from hyperborn.simulators.arithmetic import ComplexVector, Vector, contract
from hyperborn.simulators.schedule import GateGroup

Rotations = Float[Array, " qubits"]


def initial_statevector(groups: Sequence[GateGroup], rotations: Rotations, start: Sequence[int]) -> ComplexVector:
    """The state after rotations (radians) of a basis state: the product of one column of each group's matrix."""
    real = product(columns_of(groups, rotations, start), rotations.dtype)
    return ComplexVector(real, jnp.zeros_like(real))


def initial_gradient(
    groups: Sequence[GateGroup], rotations: Rotations, start: Sequence[int], cotangent: ComplexVector
) -> Rotations:
    """Gradient of the rotations of a basis state, from the cotangent after them.

    Each group needs the cotangent summed against the columns of the other groups. This takes two passes over it.
    """
    columns = columns_of(groups, rotations, start)
    gradient: list[Rotations] = []
    remaining = cotangent.real
    for place, group in reversed(list(enumerate(groups))):
        remaining = remaining.reshape(-1, 2**group.size)
        own = contract("r,rb->b", product(columns[:place], rotations.dtype), remaining)
        overlap = jnp.outer(own, columns[place])
        gradient.insert(0, by_qubit(group, overlap, np.arange(2**group.size)))
        remaining = contract("rb,b->r", remaining, columns[place])
    return jnp.concatenate(gradient)


def apply_mixing(groups: Sequence[GateGroup], rotations: Rotations, state: ComplexVector) -> ComplexVector:
    """The state after the groups' gates."""
    for matrix in reversed(matrices_of(groups, rotations)):
        state = ComplexVector(*(apply(matrix, part) for part in state))
    return state


def undo_mixing(
    groups: Sequence[GateGroup], rotations: Rotations, state: ComplexVector, cotangent: ComplexVector
) -> tuple[ComplexVector, ComplexVector, Rotations]:
    """State and cotangent before the groups' gates, and the gradient of the rotations, from those after them."""
    gradient: list[Rotations] = []
    for group, matrix in zip(reversed(groups), reversed(matrices_of(groups, rotations)), strict=True):
        state = ComplexVector(*(apply(matrix.T, part) for part in state))
        cotangent = ComplexVector(*(apply(matrix.T, part) for part in cotangent))
        gradient.insert(0, group_gradient(group, state, cotangent))
    return state, cotangent, jnp.concatenate(gradient)


def apply(matrix: Float[Array, "size size"], vector: Vector) -> Vector:
    """A group's matrix on the last qubits, which become the first ones.

    XLA multiplies fastest on CPUs with this order of axes. After all groups, last to first, every qubit is in its place
    again.
    """
    columns = vector.reshape(-1, matrix.shape[0])
    return contract("ab,rb->ar", matrix, columns).reshape(-1)


def group_gradient(group: GateGroup, state: ComplexVector, cotangent: ComplexVector) -> Rotations:
    """Gradient of the rotations of a group on the first qubits, whose gates have just been undone.

    The RY gates commute with their generators, so that only the CX gates transform the generators to the state before
    the group.
    """
    rows = (2**group.size, -1)
    # XLA multiplies rows as long as these fastest.
    overlap = sum(
        contract("ar,br->ab", c.reshape(rows), x.reshape(rows)) for c, x in zip(cotangent, state, strict=True)
    )
    return by_qubit(group, jnp.asarray(overlap), flipped_states(group))


def by_qubit(group: GateGroup, overlap: Float[Array, "size size"], order: Int[np.ndarray, " size"]) -> Rotations:
    """Gradient of a group's rotations from Σ cotangent · stateᵀ over the other qubits, with basis states in an order.

    d state / d angle = -i/2 Y state with -iY = [[0, -1], [1, 0]] on the angle's qubit.
    """
    generators = np.stack([generator(qubit, group.size)[np.ix_(order, order)] for qubit in range(group.size)])
    return contract("qab,ab->q", jnp.asarray(generators, overlap.dtype), overlap)


def generator(qubit: int, n: int) -> Float[np.ndarray, "size size"]:
    """-i/2 Y on one of n qubits, a real matrix."""
    rotation = np.array([[0.0, -0.5], [0.5, 0.0]])
    return np.kron(np.kron(np.eye(2**qubit), rotation), np.eye(2 ** (n - 1 - qubit)))


def columns_of(groups: Sequence[GateGroup], rotations: Rotations, start: Sequence[int]) -> list[Float[Array, " _"]]:
    """The state of each group's qubits, from the basis state of these bits."""
    places = [int("".join(map(str, start[group.first : group.first + group.size])), 2) for group in groups]
    return [matrix[:, place] for matrix, place in zip(matrices_of(groups, rotations), places, strict=True)]


def product(columns: Sequence[Float[Array, " _"]], dtype: jnp.dtype) -> Vector:
    """Kronecker product of vectors; [1] of none."""
    return reduce(lambda left, right: jnp.outer(left, right).reshape(-1), columns, jnp.ones(1, dtype))


def matrices_of(groups: Sequence[GateGroup], rotations: Rotations) -> list[Float[Array, "size size"]]:
    """Each group's orthogonal matrix, of the dtype of the rotations (radians)."""
    cosines, sines = jnp.cos(rotations / 2), jnp.sin(rotations / 2)
    blocks = jnp.stack([cosines, -sines, sines, cosines], -1).reshape(-1, 2, 2)
    return [kronecker(blocks[group.first : group.first + group.size])[:, flipped_states(group)] for group in groups]


def kronecker(blocks: Float[Array, "qubits 2 2"]) -> Float[Array, "size size"]:
    """Kronecker product of 2 × 2 matrices, as one elementwise product that XLA fuses."""
    n = blocks.shape[0]
    factors = []
    for qubit in range(n):
        shape = [1] * (2 * n)
        shape[qubit] = shape[n + qubit] = 2
        factors.append(blocks[qubit].reshape(shape))
    return reduce(jnp.multiply, factors).reshape(2**n, 2**n)


def flipped_states(group: GateGroup) -> Int[np.ndarray, " size"]:
    """The basis state to which a group's CX gates map each of its basis states."""
    states = np.arange(2**group.size)
    for control, target in group.flips:
        states = states ^ (((states >> (group.size - 1 - control)) & 1) << (group.size - 1 - target))
    return states
