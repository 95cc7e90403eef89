"""Kernels on bit strings and what is computed with them.

A kernel (`Hamming`) is a mixture of κ^Hamming(w, w'), whose κ are chosen by rules. It has closed forms for independent
bits, is applied to all 2^n networks in O(n 2^n), and is summed over samples in blocks.

================  ======================================  =====================================
MMD² of q from p  p a table of all 2^n, or samples of it  p independent bits, any n
================  ======================================  =====================================
q a table         `hyperborn.objectives.divergences.MMD`   the same, of the table
q samples         `mmd_squared`                           `mmd_squared_from_product`
================  ======================================  =====================================
"""

from hyperborn.objectives.kernels.estimates import (
    mmd_squared,
    mmd_squared_from_product,
    mmd_witness,
    mmd_witness_from_product,
    product_embedding,
    product_mean,
)
from hyperborn.objectives.kernels.hamming import (
    Hamming,
    adaptive_kernel,
    default_kernel,
    kernel_of_orders,
    median_kernel,
)
from hyperborn.objectives.kernels.pairwise import (
    distances_of_probabilities,
    distances_of_product,
    distances_of_samples,
    kernel_sums,
    weighted_kernel_sums,
)

__all__ = [
    "Hamming",
    "adaptive_kernel",
    "default_kernel",
    "distances_of_probabilities",
    "distances_of_product",
    "distances_of_samples",
    "kernel_of_orders",
    "kernel_sums",
    "median_kernel",
    "mmd_squared",
    "mmd_squared_from_product",
    "mmd_witness",
    "mmd_witness_from_product",
    "product_embedding",
    "product_mean",
    "weighted_kernel_sums",
]
