"""Networks drawn from registers, in JAX, and their bits in the order of the weights."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from hyperborn._typing import RandomKey
from hyperborn.bits import bits_of
from hyperborn.posteriors.registers import Registers
from hyperborn.simulators.side_by_side import Tables

LEAST = 1e-20
"""Probabilities below this count as this in a logarithm; the Born probability of an outcome may be 0."""


def log_probabilities(table: Tables) -> Tables:
    """Logarithms of probabilities (nats)."""
    return jnp.log(jnp.maximum(table, LEAST))


def patterns_of(outcomes: int) -> Float[np.ndarray, "outcomes bits"]:
    """Bits of all outcomes of a register."""
    return bits_of(np.arange(outcomes), outcomes.bit_length() - 1).astype(np.float32)


def draw_outcomes(tables: Sequence[Tables], samples: int, *, key: RandomKey) -> tuple[Int[Array, "samples _"], ...]:
    """Outcomes of every register of each group, drawn independently, by one uniform number each."""
    keys = jax.random.split(key, len(tables))

    def drawn(table: Tables, key: RandomKey) -> Int[Array, "samples registers"]:
        steps = jnp.cumsum(table, axis=0)
        uniform = steps[-1][None] * jax.random.uniform(key, (samples, table.shape[1]), table.dtype)
        below = (steps[None] <= uniform[:, None]).sum(axis=1)
        return jnp.minimum(below, len(table) - 1)

    return tuple(drawn(table, key) for table, key in zip(tables, keys, strict=True))


def bits_of_outcomes(
    registers: Registers, outcomes: Sequence[Int[Array, "samples _"]], dtype: np.dtype
) -> Float[Array, "samples n"]:
    """Bits of the networks that the outcomes make."""
    parts = [hard_bits(chosen, group.size, dtype) for group, chosen in zip(registers.groups, outcomes, strict=True)]
    return assembled(registers, parts)


def hard_bits(
    outcomes: Int[Array, "samples registers"], size: int, dtype: np.dtype
) -> Float[Array, "samples bits registers"]:
    """Bits of outcomes of registers of so many bits."""
    return ((outcomes[:, None] >> np.arange(size - 1, -1, -1)[None, :, None]) & 1).astype(dtype)


def assembled(registers: Registers, parts: Sequence[Float[Array, "samples _ _"]]) -> Float[Array, "samples n"]:
    """Values of the registers' bits, one array (samples, bits, registers) a group, in the order of the weights."""
    flat = jnp.concatenate([part.reshape(part.shape[0], -1) for part in parts], axis=1)
    return permuted(flat, registers)


def permute(values: Float[Array, "samples n"], registers: Registers) -> Float[Array, "samples n"]:
    return values[:, registers.order]


def permute_forward(values: Float[Array, "samples n"], registers: Registers) -> tuple[Float[Array, "samples n"], None]:
    return permute(values, registers), None


def permute_backward(
    registers: Registers, _: None, cotangent: Float[Array, "samples n"]
) -> tuple[Float[Array, "samples n"]]:
    # A permutation is undone by gathering, too; JAX would add up, one number after the other.
    return (cotangent[:, np.argsort(registers.order).astype(np.int32)],)


permuted = jax.custom_vjp(permute, nondiff_argnums=(1,))
permuted.defvjp(permute_forward, permute_backward)
