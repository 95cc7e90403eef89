"""RZ and RZZ gates, forwards and backwards.

The phase of a basis state is a quadratic form of the signs of its bits. With the qubits split into two halves, it is a
function of the leading half, plus one of the trailing half, plus a coupling of the halves. All 2^n phases are then one
product of two small matrices. Without pairs there is no coupling, and only 2 · 2^(n/2) cosines and sines are needed.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn.simulators.arithmetic import ComplexVector, contract, cosine_and_sine

Phases = Float[Array, " qubits"]
"""Angles of RZ, qubit by qubit (radians)."""
Couplings = Float[Array, "qubits qubits"]
"""Angles of RZZ of pairs of qubits, in the upper triangle (radians)."""


def apply_phases(phases: Phases, couplings: Couplings | None, state: ComplexVector) -> ComplexVector:
    """The state after RZ on every qubit and RZZ on every pair."""
    return multiplied(state, rotations_of(phases, couplings))


def undo_phases(
    phases: Phases, couplings: Couplings | None, state: ComplexVector, cotangent: ComplexVector
) -> tuple[ComplexVector, ComplexVector, Phases, Couplings | None]:
    """State and cotangent before the gates, and the gradients of their angles, from state and cotangent after them."""
    n = state.n_qubits
    # d state / d phase = i · state, so that each angle's gradient is a signed sum over one vector.
    change = cotangent.imaginary * state.real - cotangent.real * state.imaginary
    gradients = phase_gradients(change.reshape(2 ** (n // 2), -1), pairs=couplings is not None)
    rotations = rotations_of(phases, couplings)
    back = ComplexVector(rotations.real, -rotations.imaginary)
    return multiplied(state, back), multiplied(cotangent, back), *gradients


def phase_gradients(change: Float[Array, "leading trailing"], *, pairs: bool) -> tuple[Phases, Couplings | None]:
    """Gradients of the angles from that of all 2^n phases."""
    rows, columns = (signs_of(size.bit_length() - 1, change.dtype) for size in change.shape)
    # Products with ones instead of sums: XLA's sums on CPUs add one number at a time.
    leading = contract("ab,b->a", change, jnp.ones(len(columns), change.dtype))
    trailing = contract("a,ab->b", jnp.ones(len(rows), change.dtype), change)
    by_qubit = jnp.concatenate([contract("aq,a->q", rows, leading), contract("bq,b->q", columns, trailing)])
    if not pairs:
        return 0.5 * by_qubit, None
    across = contract("bi,bj->ij", contract("ab,ai->bi", change, rows), columns)
    by_pair = jnp.block(
        [
            [contract("ai,aj->ij", rows * leading[:, None], rows), across],
            [jnp.zeros_like(across.T), contract("bi,bj->ij", columns * trailing[:, None], columns)],
        ]
    )
    return 0.5 * by_qubit, -0.5 * jnp.triu(by_pair, 1)


def rotations_of(phases: Phases, couplings: Couplings | None) -> ComplexVector:
    """Cosine and sine of all 2^n phases."""
    n = len(phases)
    middle, halves = n // 2, phases / 2
    rows, columns = signs_of(middle, phases.dtype), signs_of(n - middle, phases.dtype)
    leading = contract("aq,q->a", rows, halves[:middle])
    trailing = contract("bq,q->b", columns, halves[middle:])
    if couplings is None:
        return outer(leading, trailing)
    half = couplings / -2
    leading = leading + contract("ai,ij,aj->a", rows, half[:middle, :middle], rows)
    trailing = trailing + contract("bi,ij,bj->b", columns, half[middle:, middle:], columns)
    across = contract("ai,ij->aj", rows, half[:middle, middle:])
    # One matrix product adds up all three.
    left = jnp.concatenate([across, leading[:, None], jnp.ones_like(leading)[:, None]], 1)
    right = jnp.concatenate([columns, jnp.ones_like(trailing)[:, None], trailing[:, None]], 1)
    return ComplexVector(*cosine_and_sine(contract("ak,bk->ab", left, right).reshape(-1)))


def outer(leading: Float[Array, " a"], trailing: Float[Array, " b"]) -> ComplexVector:
    """Cosine and sine of all sums of a leading and a trailing phase (radians), as matrix products of small tables.

    cos(a + b) = cos a cos b - sin a sin b. XLA would fuse a product of broadcast tables with the cosines, and evaluate
    these 2^n times.
    """
    cosine, sine = jnp.cos(trailing), jnp.sin(trailing)
    columns = jnp.stack([jnp.cos(leading), jnp.sin(leading)], 1)
    return ComplexVector(
        *(contract("ak,kb->ab", columns, jnp.stack(rows)).reshape(-1) for rows in ((cosine, -sine), (sine, cosine)))
    )


def multiplied(state: ComplexVector, rotations: ComplexVector) -> ComplexVector:
    """A state multiplied by phase factors, given as their cosines and sines."""
    cosine, sine = rotations
    return ComplexVector(
        state.real * cosine - state.imaginary * sine,
        state.real * sine + state.imaginary * cosine,
    )


def signs_of(n: int, dtype: jnp.dtype) -> Float[Array, "states n"]:
    """-1 where a qubit is 0 and +1 where it is 1, for every basis state of a few qubits."""
    states = np.arange(2**n)[:, None]
    return jnp.asarray(2.0 * ((states >> np.arange(n - 1, -1, -1)) & 1) - 1.0, dtype)
