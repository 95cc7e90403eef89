"""A state as two real vectors.

CX and RY are real, so they act on real and imaginary parts alike, at half the cost of complex arithmetic; and the
gradient of a real function with respect to the state is transported by the same orthogonal matrices as the state.
"""

from functools import partial
from typing import NamedTuple, TypeAlias

import jax.numpy as jnp
from jax.lax import Precision
from jaxtyping import Array, Float

Angles: TypeAlias = Float[Array, " parameters"]
Vector: TypeAlias = Float[Array, " states"]

contract = partial(jnp.einsum, precision=Precision.HIGHEST)
"""`einsum` in the full precision of its dtype, which accelerators give only when asked."""


class State(NamedTuple):
    """Amplitudes of all 2^n basis states, or the gradient with respect to them."""

    real: Array
    imaginary: Array

    @property
    def n_qubits(self) -> int:
        return self.real.shape[-1].bit_length() - 1


Backwards: TypeAlias = tuple[State, State, Angles]
"""State and cotangent before a segment, and the gradient of its angles."""
