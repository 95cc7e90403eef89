"""The Walsh-Hadamard transform of a function on all 2^n bit strings, in O(n 2^n)."""

import jax.numpy as jnp
import numpy as np
from jax.lax import Precision
from jaxtyping import Array, Float, Int

LARGEST_GROUP = 4
"""Bits transformed by one product of matrices."""


def walsh_hadamard(values: Float[Array, " states"]) -> Float[Array, " states"]:
    """Sums of (-1)^(s·w) values[w] over all w, for every s, in index order; applied twice it multiplies by 2^n."""
    n = values.shape[0].bit_length() - 1
    done = 0
    while done < n:
        size = 2 ** min(LARGEST_GROUP, n - done)
        signs = jnp.asarray(hadamard(size), values.dtype)
        columns = values.reshape(-1, size)
        values = jnp.einsum("ab,rb->ar", signs, columns, precision=Precision.HIGHEST).reshape(-1)
        done += min(LARGEST_GROUP, n - done)
    return values


def filtered(values: Float[Array, " states"], spectrum: Float[Array, " states"]) -> Float[Array, " states"]:
    """H (spectrum · H values) with H the transform: an operator with eigenvalues 2^n spectrum in the Walsh basis."""
    return walsh_hadamard(spectrum * walsh_hadamard(values))


def hadamard(size: int) -> Float[np.ndarray, "{size} {size}"]:
    """Matrix of (-1)^(s·w)."""
    rows = np.arange(size)
    return 1.0 - 2.0 * (np.bitwise_count(rows[:, None] & rows[None, :]) & 1)


def weights_of_indices(n: int) -> Int[np.ndarray, " states"]:
    """Number of ones in every index of n bits."""
    return np.bitwise_count(np.arange(2**n, dtype=np.uint64)).astype(np.int64)
