"""Kernels on bit strings and what is computed with them.

A kernel (`Hamming`) is a mixture of κ^Hamming(w, w'); rules choose its κ; it has closed forms for independent bits, is
applied to all 2^n networks in O(n 2^n), and is summed over samples in blocks.

================  ======================================  =====================================
MMD² of q from p  p a table of all 2^n, or samples of it  p independent bits, any n
================  ======================================  =====================================
q a table         `hyperborn.objectives.divergences.MMD`   the same, of the table
q samples         `mmd_squared`                           `mmd_squared_from_product`
================  ======================================  =====================================
"""

from hyperborn.objectives.kernels.bandwidths import default_kernel, kernel_of_orders, ladder, median_kernel
from hyperborn.objectives.kernels.distances import (
    distances_of_probabilities,
    distances_of_product,
    distances_of_samples,
)
from hyperborn.objectives.kernels.estimates import mmd_squared, mmd_squared_from_product
from hyperborn.objectives.kernels.hamming import Hamming
from hyperborn.objectives.kernels.product import product_embedding, product_mean
from hyperborn.objectives.kernels.sums import kernel_sums, weighted_kernel_sums
from hyperborn.objectives.kernels.witness import mmd_witness, mmd_witness_from_product

__all__ = [
    "Hamming",
    "default_kernel",
    "distances_of_probabilities",
    "distances_of_product",
    "distances_of_samples",
    "kernel_of_orders",
    "kernel_sums",
    "ladder",
    "median_kernel",
    "mmd_squared",
    "mmd_squared_from_product",
    "mmd_witness",
    "mmd_witness_from_product",
    "product_embedding",
    "product_mean",
    "weighted_kernel_sums",
]
