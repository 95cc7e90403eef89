"""The witness function of MMD² from samples: where q has too much probability, and where too little."""

import numpy as np
from jaxtyping import Float, UInt8

from hyperborn._typing import Bits
from hyperborn.arguments import check_bits
from hyperborn.objectives.kernels.bandwidths import kernel_for
from hyperborn.objectives.kernels.hamming import Hamming
from hyperborn.objectives.kernels.product import product_embedding
from hyperborn.objectives.kernels.sums import kernel_sums


def mmd_witness(
    at: Bits,
    bits: UInt8[np.ndarray, "samples n"],
    others: UInt8[np.ndarray, "others n"],
    kernel: Hamming | None = None,
) -> Float[np.ndarray, " networks"]:
    """2 (E_{w'~q} k(w, w') - E_{w'~p} k(w, w')) of each row w of `at`, from rows of q (`bits`) and p (`others`).

    It is the first variation of MMD²(q, p) at the two empirical distributions, float64, and without bias for that at q
    and p if `at` was drawn apart from both: a row that is in `bits` itself adds 2 k(w, w) / S = 2 / S of its own.
    Without `kernel`, `default_kernel` serves. Memory: that of `kernel_sums`.

    Raises:
        UserError: if the rows are not of the same bits.
    """
    check_bits("at", at, least=1)
    check_bits("bits", bits, at.shape[1], least=1)
    check_bits("others", others, at.shape[1], least=1)
    kernel = kernel_for(kernel, at.shape[1])
    return 2.0 * (kernel_sums(kernel, at, bits) / len(bits) - kernel_sums(kernel, at, others) / len(others))


def mmd_witness_from_product(
    at: Bits,
    bits: UInt8[np.ndarray, "samples n"],
    marginals: Float[np.ndarray, " n"],
    kernel: Hamming | None = None,
) -> Float[np.ndarray, " networks"]:
    """As `mmd_witness`, for a p of independent bits with the given probabilities of 1, whose part is exact.

    Raises:
        UserError: if the rows and the marginals are not of the same bits.
    """
    check_bits("at", at, least=1)
    check_bits("bits", bits, at.shape[1], least=1)
    kernel = kernel_for(kernel, at.shape[1])
    return 2.0 * (kernel_sums(kernel, at, bits) / len(bits) - product_embedding(kernel, marginals, at))
