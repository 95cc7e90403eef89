"""Arithmetic of the simulators: complex vectors as two real ones, products, cosines and sines.

CX and RY are real. They act on real and imaginary parts alike, which costs half of complex arithmetic. The gradient of
a real function with respect to the state is transformed by the same orthogonal matrices as the state.
"""

from functools import partial
from math import factorial, pi
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jax.lax import Precision
from jaxtyping import Array, Float

Angles: TypeAlias = Float[Array, " parameters"]
Vector: TypeAlias = Float[Array, " states"]

TERMS = {"float32": 7, "float64": 12}
"""Terms of the Taylor series on [-π/2, π/2]: the next term is below a tenth of the last digit."""

contract = partial(jnp.einsum, precision=Precision.HIGHEST)
"""`einsum` in the full precision of its dtype, which accelerators give only on request."""


class ComplexVector(NamedTuple):
    """Amplitudes of all 2^n basis states, the gradient with respect to them, or phase factors."""

    real: Array
    imaginary: Array

    @property
    def n_qubits(self) -> int:
        return self.real.shape[-1].bit_length() - 1


Backwards: TypeAlias = tuple[ComplexVector, ComplexVector, Angles]
"""State and cotangent before a segment, and the gradient of its angles."""


@jax.custom_jvp
def cosine_and_sine(phases: Float[Array, "..."]) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    """Cosine and sine of phases (radians), as exact as the rounding of the phases allows.

    XLA's functions took 13 times as long on CPUs, at 2^18 phases in float32: they reduce even huge arguments exactly.
    The phases of a circuit are only a few times 2π.
    """
    cycles = phases / (2 * pi)
    half = cycles - jnp.round(cycles)
    square = half * half
    terms = TERMS[phases.dtype.name]
    cosine = series(square, [(-1) ** k * pi ** (2 * k) / factorial(2 * k) for k in range(terms)])
    sine = half * series(square, [(-1) ** k * pi ** (2 * k + 1) / factorial(2 * k + 1) for k in range(terms)])
    # These are of half the reduced phase: the double-angle formulas give those of the phase.
    return cosine * cosine - sine * sine, 2 * cosine * sine


@cosine_and_sine.defjvp
def derivative(primals: tuple, tangents: tuple) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Each is the derivative of the other up to its sign, so that the series need not be differentiated."""
    cosine, sine = cosine_and_sine(*primals)
    return (cosine, sine), (-sine * tangents[0], cosine * tangents[0])


def series(x: Float[Array, "..."], coefficients: list[float]) -> Float[Array, "..."]:
    """Σ_k coefficients[k] x^k, by Horner's rule."""
    total = jnp.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = total * x + coefficient
    return total
