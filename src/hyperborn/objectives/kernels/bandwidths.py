"""Rules that choose the κ of a kernel."""

from math import exp, sqrt

import numpy as np
from jaxtyping import Float

from hyperborn.arguments import check_kind
from hyperborn.errors import UserError, is_number, whole_number
from hyperborn.objectives.kernels.hamming import Hamming

RUNGS = 5
"""How many κ the adaptive kernel mixes."""


def kernel_of_orders(n: int, orders: tuple[float, ...]) -> Hamming:
    """Mixture whose κ put the mean operator weight n (1 - κ) / 2 at the given orders.

    The mean operator weight says how many bits' products MMD² mostly compares: 1 the marginals, 2 pairs, and so on.

    Raises:
        UserError: if an order is not strictly between 0 and n/2.
    """
    whole_number("n", n, 1)
    given = orders if isinstance(orders, tuple) else (orders,)
    wrong = [order for order in given if not (is_number(order) and 0 < order < n / 2)]
    if wrong:
        raise UserError(f"kernel orders {wrong} for {n} bits: give numbers between 0 and {n / 2:g}")
    return Hamming(tuple(1.0 - 2.0 * order / n for order in given))


def default_kernel(n: int) -> Hamming:
    """From two-body terms up to n/4-body terms, in three steps of equal ratio (n/4 alone below 8 bits)."""
    whole_number("n", n, 1)
    largest = n / 4
    smallest = min(2.0, largest)
    if smallest == largest:
        return kernel_of_orders(n, (largest,))
    return kernel_of_orders(n, (smallest, sqrt(smallest * largest), largest))


def kernel_for(kernel: Hamming | None, n: int) -> Hamming:
    """The kernel, or `default_kernel` for n bits if there is none.

    Raises:
        UserError: for what is no kernel.
    """
    if kernel is None:
        return default_kernel(n)
    check_kind("kernel", kernel, (Hamming,), "a kernel such as Hamming((0.5,)), or None")
    return kernel


def ladder(n: int) -> Hamming:
    """The κ among which the adaptive kernel chooses: five orders in equal ratios from 1 body (n/4 below 4) to 0.45 n.

    At the lowest MMD² compares little more than marginals; at the highest κ = 0.1, nearly network by network.
    """
    whole_number("n", n, 1)
    return kernel_of_orders(n, tuple(np.geomspace(min(1.0, n / 4), 0.45 * n, RUNGS).tolist()))


def median_kernel(distances: Float[np.ndarray, " distances"]) -> Hamming:
    """The median rule, for the probabilities of the Hamming distances 0, 1, ..., n of two independent draws.

    The Gaussian kernel with σ² the median squared distance d² · Hamming of weights d apart: κ = exp(-1 / (2 median)),
    whatever d is; a median of 0 counts as 1. With independent fair bits the median is about n/2 and κ about 1 - 1/n:
    a mean operator weight of 1/2, so MMD² then sees little more than the marginals. The rule: arXiv 1707.07269;
    operator weights: arXiv 2503.02934.
    """
    total = np.cumsum(distances)
    median = int(np.searchsorted(total, total[-1] / 2))
    return Hamming((exp(-0.5 / max(median, 1)),))
