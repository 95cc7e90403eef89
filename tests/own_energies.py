"""Energies of eight bits in plain NumPy, for tests: a chain of spins with random fields and couplings."""

import jax.numpy as jnp
import numpy as np

import oracle

N = 8
RANDOM = np.random.default_rng(11)
FIELDS, COUPLINGS = RANDOM.normal(size=N), RANDOM.normal(size=(N, N))
TABLE = np.array(
    [
        sum(FIELDS[i] * row[i] for i in range(N))
        + sum(COUPLINGS[i, j] * row[i] * row[j] for i in range(N) for j in range(i))
        for row in oracle.all_bits(N).astype(float)
    ]
)
"""Of all 2^8 strings (nats), by the plain sum."""

PAIRS = np.tril(COUPLINGS, -1)


def in_numpy(rows: np.ndarray) -> np.ndarray:
    return rows @ FIELDS + np.einsum("ri,ij,rj->r", rows, PAIRS, rows)


def in_jax(rows):
    return rows @ jnp.asarray(FIELDS, rows.dtype) + jnp.einsum(
        "ri,ij,rj->r", rows, jnp.asarray(PAIRS, rows.dtype), rows
    )


def differences(bits: np.ndarray) -> np.ndarray:
    """Of each row, the energy with a 1 in each place minus that with a 0 there."""
    found = np.empty(bits.shape)
    for row, own in zip(bits, found, strict=True):
        for place in range(N):
            one, zero = row.copy(), row.copy()
            one[place], zero[place] = 1, 0
            own[place] = TABLE[int("".join(map(str, one)), 2)] - TABLE[int("".join(map(str, zero)), 2)]
    return found
