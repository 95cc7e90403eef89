"""How far two independent draws are apart: the distribution of their Hamming distance, for the median rule."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits
from hyperborn.arguments import check_bits, check_marginals, distribution
from hyperborn.bits import index_of
from hyperborn.errors import UserError
from hyperborn.objectives.kernels.sums import LARGEST_TABLE, distance_counts
from hyperborn.walsh import filtered, walsh_hadamard, weights_of_indices


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
