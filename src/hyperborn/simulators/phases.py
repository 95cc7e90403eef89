"""RZ gates, forwards and backwards.

The angles of RZ gates add up, so the 2^n phases are the outer product of two tables: one of the leading half of the
qubits, one of the trailing half.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn.simulators.schedule import Phases
from hyperborn.simulators.state import Angles, Backwards, State, contract


def forward(segment: Phases, angles: Angles, state: State) -> State:
    """The state after the segment."""
    return turn(state, rotations_of(segment, angles, state.n_qubits))


def backward(segment: Phases, angles: Angles, state: State, cotangent: State) -> Backwards:
    """State and cotangent before the segment, and the gradient of the angles, from state and cotangent after it."""
    n = state.n_qubits
    middle = n // 2
    # d state / d angle = sign / 2 · (-imaginary, real): each angle's gradient is a signed sum of one vector.
    change = (cotangent.imaginary * state.real - cotangent.real * state.imaginary).reshape(2**middle, -1)
    # Products with ones, not sums: XLA's sums on CPUs add one number at a time.
    rows, columns = (jnp.ones(size, angles.dtype) for size in change.shape)
    leading = contract("aq,a->q", signs_of(middle, angles), contract("ab,b->a", change, columns))
    trailing = contract("bq,b->q", signs_of(n - middle, angles), contract("a,ab->b", rows, change))
    by_qubit = 0.5 * jnp.concatenate([leading, trailing])
    gradient = jnp.zeros_like(angles).at[np.array(segment.parameters)].add(by_qubit[np.array(segment.qubits)])
    rotations = rotations_of(segment, angles, n)
    back = State(rotations.real, -rotations.imaginary)
    return turn(state, back), turn(cotangent, back), gradient


def rotations_of(segment: Phases, angles: Angles, n: int) -> State:
    """Cosine and sine of all 2^n phases (radians).

    They are matrix products of the two halves' tables, cos(a + b) = cos a cos b - sin a sin b, because XLA would fuse
    a product of broadcast tables with their cosines and evaluate those 2^n times.
    """
    halves = jnp.zeros(n, angles.dtype).at[np.array(segment.qubits)].add(angles[np.array(segment.parameters)] / 2)
    middle = n // 2
    leading = contract("aq,q->a", signs_of(middle, angles), halves[:middle])
    trailing = contract("bq,q->b", signs_of(n - middle, angles), halves[middle:])
    cosine, sine = jnp.cos(trailing), jnp.sin(trailing)
    columns = jnp.stack([jnp.cos(leading), jnp.sin(leading)], 1)
    return State(
        *(contract("ak,kb->ab", columns, jnp.stack(rows)).reshape(-1) for rows in ((cosine, -sine), (sine, cosine)))
    )


def turn(state: State, rotations: State) -> State:
    """Multiply a state by phases, given as their cosines and sines."""
    cosine, sine = rotations
    return State(
        state.real * cosine - state.imaginary * sine,
        state.real * sine + state.imaginary * cosine,
    )


def signs_of(n: int, angles: Angles) -> Float[Array, "states n"]:
    """-1 where a qubit is 0 and +1 where it is 1, for every basis state of a few qubits, in the dtype of the angles."""
    states = np.arange(2**n)[:, None]
    return jnp.asarray(2.0 * ((states >> np.arange(n - 1, -1, -1)) & 1) - 1.0, angles.dtype)
