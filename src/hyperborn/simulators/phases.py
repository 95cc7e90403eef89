"""RZ gates, forwards and backwards.

The angles of RZ gates add up, so the 2^n phases are the outer product of two tables: one of the leading half of the
qubits, one of the trailing half.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from hyperborn.simulators.schedule import Phases
from hyperborn.simulators.state import Angles, Backwards, State


def forward(segment: Phases, angles: Angles, state: State) -> State:
    """The state after the segment."""
    return turn(state, *tables_of(segment, angles, state.n_qubits))


def backward(segment: Phases, angles: Angles, state: State, cotangent: State) -> Backwards:
    """State and cotangent before the segment, and the gradient of the angles, from state and cotangent after it."""
    n = state.n_qubits
    middle = n // 2
    # d state / d angle = sign / 2 · (-imaginary, real): each angle's gradient is a signed sum of one vector.
    change = (cotangent.imaginary * state.real - cotangent.real * state.imaginary).reshape(2**middle, -1)
    leading = jnp.asarray(signs(middle), angles.dtype).T @ change.sum(1)
    trailing = jnp.asarray(signs(n - middle), angles.dtype).T @ change.sum(0)
    by_qubit = 0.5 * jnp.concatenate([leading, trailing])
    gradient = jnp.zeros_like(angles).at[np.array(segment.parameters)].add(by_qubit[np.array(segment.qubits)])
    back = [State(table.real, -table.imaginary) for table in tables_of(segment, angles, n)]
    return turn(state, *back), turn(cotangent, *back), gradient


def tables_of(segment: Phases, angles: Angles, n: int) -> tuple[State, State]:
    """Phases of the leading half of the qubits, as a column, and of the trailing half, as a row."""
    halves = jnp.zeros(n, angles.dtype).at[np.array(segment.qubits)].add(angles[np.array(segment.parameters)] / 2)
    middle = n // 2
    leading = jnp.asarray(signs(middle), angles.dtype) @ halves[:middle]
    trailing = jnp.asarray(signs(n - middle), angles.dtype) @ halves[middle:]
    return (
        State(jnp.cos(leading)[:, None], jnp.sin(leading)[:, None]),
        State(jnp.cos(trailing)[None, :], jnp.sin(trailing)[None, :]),
    )


def turn(state: State, leading: State, trailing: State) -> State:
    """Multiply a state by the product of two tables of phases."""
    cosine = leading.real * trailing.real - leading.imaginary * trailing.imaginary
    sine = leading.imaginary * trailing.real + leading.real * trailing.imaginary
    real, imaginary = (part.reshape(cosine.shape) for part in state)
    return State((real * cosine - imaginary * sine).reshape(-1), (real * sine + imaginary * cosine).reshape(-1))


def signs(n: int) -> Float[np.ndarray, "states n"]:
    """-1 where a qubit is 0 and +1 where it is 1, for every basis state of a few qubits."""
    return 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n - 1, -1, -1)) & 1) - 1.0
