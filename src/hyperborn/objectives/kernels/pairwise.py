"""Sums over pairs of networks: of a kernel over samples, in bounded memory, and of Hamming distances."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt8

from hyperborn._typing import Bits
from hyperborn.arguments import check_bits, check_marginals, distribution
from hyperborn.bits import LARGEST_TABLE, distinct_rows, index_of
from hyperborn.errors import UserError
from hyperborn.objectives.kernels.hamming import Hamming
from hyperborn.printable import shown
from hyperborn.walsh import filtered, walsh_hadamard, weights_of_indices

ROWS, COLUMNS = 512, 4096
"""Pairs of rows compared at once: 2^21, of 16 bytes each. COLUMNS is a multiple of ROWS."""

SMALLEST, COARSE = 64, 8
"""Smaller samples get smaller blocks: of 64 rows, 512, ...; a program is compiled for each size."""


def kernel_sums(kernel: Hamming, bits: Bits, others: UInt8[np.ndarray, "others n"]) -> Float[np.ndarray, " networks"]:
    """Σ_j k(bits_i, others_j) for every row i, float64; see `weighted_kernel_sums`.

    Raises:
        UserError: if the rows are not of the same bits.
    """
    check_bits("bits", bits, least=1)
    check_bits("others", others, bits.shape[1], least=1)
    if is_table_smaller(bits, others):
        return tabulated_sums(kernel, bits, others, np.ones(len(others)))
    rows, places, _ = distinct_rows(bits)
    columns, _, counts = distinct_rows(others)
    return streamed_sums(kernel, rows, columns, counts.astype(np.float64))[places]


def weighted_kernel_sums(
    kernel: Hamming, bits: Bits, others: UInt8[np.ndarray, "others n"], weights: Float[np.ndarray, " others"]
) -> Float[np.ndarray, " networks"]:
    """Σ_j weights_j k(bits_i, others_j) for every row i, float64; give every row once, for speed.

    Where all 2^n networks are fewer than the pairs (n at most 20) the kernel is applied to the table of the others'
    weights, in O(rows + n 2^n) and some tens of MiB. Else the rows are compared pair by pair, in blocks that hold about
    40 MiB, plus 20 KiB a bit, whatever the number of rows.

    Raises:
        UserError: if the rows are not of the same bits, or there is not one finite weight for each of the others.
    """
    check_bits("bits", bits, least=1)
    check_bits("others", others, bits.shape[1], least=1)
    if weights.shape != (len(others),) or not np.isfinite(weights).all():
        raise UserError(f"weights = {shown(weights)}: give an array of one finite number for each of the others")
    sums = tabulated_sums if is_table_smaller(bits, others) else streamed_sums
    return sums(kernel, bits, others, weights)


def is_table_smaller(bits: Bits, others: UInt8[np.ndarray, "others n"]) -> bool:
    """Whether all 2^n networks are fewer than the pairs."""
    n = bits.shape[1]
    return n <= LARGEST_TABLE and n * 2**n <= len(bits) * len(others)


def tabulated_sums(
    kernel: Hamming, bits: Bits, others: UInt8[np.ndarray, "others n"], weights: Float[np.ndarray, " others"]
) -> Float[np.ndarray, " networks"]:
    table = np.bincount(index_of(others), weights, minlength=2 ** bits.shape[1])
    with jax.enable_x64(True):
        sums = np.asarray(smoothed(table, kernel.spectrum(bits.shape[1]) / 2 ** bits.shape[1]))
    return sums[index_of(bits)]


@jax.jit
def smoothed(table: Float[Array, " states"], spectrum: Float[Array, " states"]) -> Float[Array, " states"]:
    return filtered(table, spectrum)


def streamed_sums(
    kernel: Hamming, bits: Bits, others: UInt8[np.ndarray, "others n"], weights: Float[np.ndarray, " others"]
) -> Float[np.ndarray, " networks"]:
    table = kernel.by_distance(bits.shape[1])
    sums = np.zeros(len(bits))
    with jax.enable_x64(True):
        height, width = block_height(len(bits), ROWS), block_height(len(others), COLUMNS)
        for column in range(0, len(others), width):
            block = padded(others[column : column + width], width)
            column_weights = padded(weights[column : column + width], width)
            for row in range(0, len(bits), height):
                part = bits[row : row + height]
                found = block_sums(table, padded(part, height), block, column_weights)
                sums[row : row + height] += np.asarray(found)[: len(part)]
    return sums


def block_height(rows: int, most: int) -> int:
    """The number of rows of a block for so many rows: one of a few numbers, and at most `most`."""
    size = SMALLEST
    while size < min(rows, most):
        size *= COARSE
    return min(size, most)


def distance_counts(bits: Bits) -> Float[np.ndarray, " distances"]:
    """Number of ordered pairs of rows, a row with itself included, at each Hamming distance 0, 1, ..., n."""
    found = np.zeros(bits.shape[1] + 1)
    for column in range(0, len(bits), COLUMNS):
        columns = bits[column : column + COLUMNS]
        block = padded(columns, COLUMNS)
        for row in range(0, column + len(columns), ROWS):
            rows = bits[row : row + ROWS]
            distances = np.asarray(block_distances(padded(rows, ROWS), block))[: len(rows), : len(columns)]
            # Blocks before the column's own count for their mirror images as well.
            found += np.bincount(distances.ravel(), minlength=len(found)) * (2 if row < column else 1)
    return found


def padded(array: np.ndarray, length: int) -> np.ndarray:
    """The array with zeros appended up to the length, so that all blocks share one compiled program."""
    return np.concatenate([array, np.zeros((length - len(array), *array.shape[1:]), array.dtype)])


@jax.jit
def block_distances(rows: UInt8[Array, "rows n"], columns: UInt8[Array, "columns n"]) -> Int[Array, "rows columns"]:
    """Hamming distances, as (n - the inner product of signs) / 2: float32 holds these numbers exactly."""
    left, right = 1 - 2 * rows.astype(jnp.float32), 1 - 2 * columns.astype(jnp.float32)
    return ((rows.shape[1] - left @ right.T) * 0.5).astype(jnp.int32)


@jax.jit
def block_sums(
    table: Float[Array, " distances"],
    rows: UInt8[Array, "rows n"],
    columns: UInt8[Array, "columns n"],
    weights: Float[Array, " columns"],
) -> Float[Array, " rows"]:
    # The distances are within the table by construction.
    return table.at[block_distances(rows, columns)].get(mode="promise_in_bounds") @ weights


def distances_of_probabilities(p: Float[np.ndarray, " states"]) -> Float[np.ndarray, " distances"]:
    """Probability of each distance 0, 1, ..., n between two draws from p over all 2^n networks, in O(n 2^n).

    The probability of the difference z is p's correlation with itself, Σ_w p(w) p(w ⊕ z), a product in the Walsh basis.

    Raises:
        UserError: if p is no distribution over all networks.
    """
    p = distribution("p", p)
    n = p.size.bit_length() - 1
    with jax.enable_x64(True):
        transformed = walsh_hadamard(jnp.asarray(p))
        differences = np.asarray(filtered(jnp.asarray(p), transformed / 2**n))
    # Rounding leaves some of the impossible differences just below zero.
    return np.bincount(weights_of_indices(n), np.maximum(differences, 0.0), minlength=n + 1)


def distances_of_product(marginals: Float[np.ndarray, " n"]) -> Float[np.ndarray, " distances"]:
    """Probability of each distance 0, 1, ..., n between two draws of independent bits, in O(n²).

    Bit i differs with probability 2 m_i (1 - m_i); the distance is the sum of these.

    Raises:
        UserError: if a marginal is outside of [0, 1].
    """
    check_marginals(marginals)
    distances = np.ones(1)
    for differs in 2 * marginals * (1 - marginals):
        distances = np.convolve(distances, [1 - differs, differs])
    return distances


def distances_of_samples(bits: Bits) -> Float[np.ndarray, " distances"]:
    """Share of each distance 0, 1, ..., n among all pairs of different rows.

    Up to 20 bits by Walsh transforms, in O(rows + n 2^n); else pair by pair in the blocks of `kernel_sums`.

    Raises:
        UserError: if there are fewer than two rows.
    """
    check_bits("bits", bits, least=1)
    size, n = bits.shape
    if size < 2:
        raise UserError("1 row of bits has no distances: give at least 2")
    if n <= LARGEST_TABLE:
        shares = distances_of_probabilities(np.bincount(index_of(bits), minlength=2**n) / size)
        counts = np.rint(shares * size**2)
    else:
        counts = distance_counts(bits)
    counts[0] -= size
    return counts / (size * (size - 1))
