"""Functions of one's own inside of compiled steps."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias, final

import jax
import numpy as np
from jaxtyping import Array, Float

from hyperborn.energy.source import WithoutExamples

Host: TypeAlias = Callable[[np.ndarray], np.ndarray]
"""A function of arrays in NumPy."""


@final
@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Traced(WithoutExamples):
    """A function of rows of bits in JAX, with its own derivatives."""

    function: Callable[[Array], Array] = field(metadata={"static": True})

    def energies(self, bits: Float[Array, "samples n"]) -> Float[Array, " samples"]:
        return self.function(bits).astype(bits.dtype)


@final
@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Called(WithoutExamples):
    """A function in NumPy that compiled steps call.

    `values` gives the energies (rows,) of rows of bits, and `differences` (rows, n) those with a 1 in each place minus
    those with a 0 there, which count as their derivatives.
    """

    values: Host = field(metadata={"static": True})
    differences: Host = field(metadata={"static": True})

    def energies(self, bits: Float[Array, "samples n"]) -> Float[Array, " samples"]:
        return called(self.values, self.differences, bits)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def called(values: Host, differences: Host, bits: Float[Array, "samples n"]) -> Float[Array, " samples"]:
    """What a function in NumPy gives for rows of zeros and ones."""
    del differences
    return from_host(values, bits, bits.shape[:1])


def called_forward(values: Host, differences: Host, bits: Array) -> tuple[Array, Array]:
    return called(values, differences, bits), bits


def called_backward(values: Host, differences: Host, bits: Array, cotangent: Float[Array, " samples"]) -> tuple[Array]:
    del values
    return (cotangent[:, None] * from_host(differences, bits, bits.shape),)


called.defvjp(called_forward, called_backward)


def from_host(host: Host, bits: Float[Array, "samples n"], shape: tuple[int, ...]) -> Array:
    """The array of a shape that a function in NumPy gives for rows; under `vmap` it is called once, with all rows."""

    def ask(given: Array) -> np.ndarray:
        rows = np.asarray(given).astype(np.uint8)
        found = host(rows.reshape(-1, rows.shape[-1])).astype(given.dtype)
        return found.reshape(*rows.shape[:-2], *shape)

    return jax.pure_callback(ask, jax.ShapeDtypeStruct(shape, bits.dtype), bits, vmap_method="broadcast_all")
