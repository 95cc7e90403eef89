"""CX and RY gates, group by group, forwards and backwards.

A group's CX gates permute its basis states, and its RY gates rotate its qubits one by one. Its matrix is therefore a
Kronecker product of 2 × 2 rotations with permuted columns.
"""

from functools import reduce

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from hyperborn.simulators.arithmetic import Angles, Backwards, ComplexVector, Vector, contract
from hyperborn.simulators.schedule import GateGroup, Mixing


def initial_statevector(segment: Mixing, angles: Angles) -> ComplexVector:
    """The state after a segment on |0...0>: the product of the first columns of its groups' matrices."""
    real = product(columns_of(segment, angles), angles.dtype)
    return ComplexVector(real, jnp.zeros_like(real))


def initial_gradient(segment: Mixing, angles: Angles, cotangent: ComplexVector) -> Angles:
    """Gradient of the angles of a segment on |0...0>, from the cotangent after it.

    Each group needs the cotangent summed against the columns of the other groups. This takes two passes over it.
    """
    columns = columns_of(segment, angles)
    gradient = jnp.zeros_like(angles)
    remaining = cotangent.real
    for place, group in reversed(list(enumerate(segment.groups))):
        remaining = remaining.reshape(-1, 2**group.size)
        own = contract("r,rb->b", product(columns[:place], angles.dtype), remaining)
        gradient = gradient + by_angle(group, angles, jnp.outer(own, columns[place]), np.arange(2**group.size))
        remaining = contract("rb,b->r", remaining, columns[place])
    return gradient


def apply_mixing(segment: Mixing, angles: Angles, state: ComplexVector) -> ComplexVector:
    """The state after the segment."""
    for matrix in reversed(matrices_of(segment, angles)):
        state = ComplexVector(*(apply(matrix, part) for part in state))
    return state


def undo_mixing(segment: Mixing, angles: Angles, state: ComplexVector, cotangent: ComplexVector) -> Backwards:
    """State and cotangent before the segment, and the gradient of the angles, from state and cotangent after it."""
    gradient = jnp.zeros_like(angles)
    for group, matrix in zip(reversed(segment.groups), reversed(matrices_of(segment, angles)), strict=True):
        state = ComplexVector(*(apply(matrix.T, part) for part in state))
        cotangent = ComplexVector(*(apply(matrix.T, part) for part in cotangent))
        gradient = gradient + group_gradient(group, angles, state, cotangent)
    return state, cotangent, gradient


def apply(matrix: Float[Array, "size size"], vector: Vector) -> Vector:
    """A group's matrix on the last qubits, which become the first ones.

    XLA multiplies fastest on CPUs with this order of axes. After all groups, last to first, every qubit is in its place
    again.
    """
    columns = vector.reshape(-1, matrix.shape[0])
    return contract("ab,rb->ar", matrix, columns).reshape(-1)


def group_gradient(group: GateGroup, angles: Angles, state: ComplexVector, cotangent: ComplexVector) -> Angles:
    """Gradient of the angles of a group on the first qubits, whose gates have just been undone.

    The RY gates commute with their generators, so that only the CX gates transform the generators to the state before
    the group.
    """
    rows = (2**group.size, -1)
    # XLA multiplies rows as long as these fastest.
    overlap = sum(
        contract("ar,br->ab", c.reshape(rows), x.reshape(rows)) for c, x in zip(cotangent, state, strict=True)
    )
    return by_angle(group, angles, jnp.asarray(overlap), permutation_of(group))


def by_angle(
    group: GateGroup, angles: Angles, overlap: Float[Array, "size size"], order: Int[np.ndarray, " size"]
) -> Angles:
    """Gradient of a group's angles from Σ cotangent · stateᵀ over the other qubits, with its basis states in an order.

    d state / d angle = -i/2 Y state with -iY = [[0, -1], [1, 0]] on the angle's qubit.
    """
    qubits = [qubit for qubit, angle in enumerate(group.angles) if angle is not None]
    if not qubits:
        return jnp.zeros_like(angles)
    generators = np.stack([generator(qubit, group.size)[np.ix_(order, order)] for qubit in qubits])
    gradient = contract("qab,ab->q", jnp.asarray(generators, angles.dtype), overlap)
    return jnp.zeros_like(angles).at[np.array([group.angles[qubit] for qubit in qubits])].add(gradient)


def generator(qubit: int, n: int) -> Float[np.ndarray, "size size"]:
    """-i/2 Y on one of n qubits, a real matrix."""
    rotation = np.array([[0.0, -0.5], [0.5, 0.0]])
    return np.kron(np.kron(np.eye(2**qubit), rotation), np.eye(2 ** (n - 1 - qubit)))


def columns_of(segment: Mixing, angles: Angles) -> list[Float[Array, " _"]]:
    """The state of each group's qubits, from |0...0>."""
    return [matrix[:, 0] for matrix in matrices_of(segment, angles)]


def product(columns: list[Float[Array, " _"]], dtype: jnp.dtype) -> Vector:
    """Kronecker product of vectors; [1] of none."""
    return reduce(lambda left, right: jnp.outer(left, right).reshape(-1), columns, jnp.ones(1, dtype))


def matrices_of(segment: Mixing, angles: Angles) -> list[Float[Array, "size size"]]:
    """Each group's orthogonal matrix, of the dtype of the angles (radians)."""
    # Qubits without an RY take the zero that is appended to the angles.
    no_rotation = angles.shape[0]
    halves = jnp.append(angles, 0.0) / 2
    places = np.array([no_rotation if angle is None else angle for group in segment.groups for angle in group.angles])
    cosines, sines = jnp.cos(halves[places]), jnp.sin(halves[places])
    rotations = jnp.stack([cosines, -sines, sines, cosines], -1).reshape(-1, 2, 2)
    return [
        kronecker(rotations[group.first : group.first + group.size])[:, permutation_of(group)]
        for group in segment.groups
    ]


def kronecker(blocks: Float[Array, "qubits 2 2"]) -> Float[Array, "size size"]:
    """Kronecker product of 2 × 2 matrices, as one elementwise product that XLA fuses."""
    n = blocks.shape[0]
    factors = []
    for qubit in range(n):
        shape = [1] * (2 * n)
        shape[qubit] = shape[n + qubit] = 2
        factors.append(blocks[qubit].reshape(shape))
    return reduce(jnp.multiply, factors).reshape(2**n, 2**n)


def permutation_of(group: GateGroup) -> Int[np.ndarray, " size"]:
    """The basis state to which a group's CX gates map each of its basis states."""
    states = np.arange(2**group.size)
    for control, target in group.flips:
        states = states ^ (((states >> (group.size - 1 - control)) & 1) << (group.size - 1 - target))
    return states
