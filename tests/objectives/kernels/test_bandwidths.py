from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle
from hyperborn.errors import UserError
from hyperborn.objectives.kernels import Hamming, default_kernel, kernel_of_orders, ladder, median_kernel


@given(st.integers(1, 12), st.lists(st.floats(0.01, 0.49), min_size=1, max_size=3))
def test_orders_are_mean_operator_weights(n: int, shares: list[float]) -> None:
    orders = tuple(share * n for share in shares)
    kernel = kernel_of_orders(n, orders)
    weights = oracle.all_bits(n).sum(axis=1)
    for order, kappa in zip(orders, kernel.kappas, strict=True):
        spectrum = Hamming((kappa,)).spectrum(n)
        np.testing.assert_allclose(spectrum @ weights / spectrum.sum(), order, rtol=1e-9)


@pytest.mark.parametrize(
    ("n", "orders"),
    [(1, (0.25,)), (4, (1.0,)), (8, (2.0,)), (9, (2.0, sqrt(4.5), 2.25)), (16, (2.0, sqrt(8), 4.0))],
)
def test_default_kernel_reaches_from_two_to_a_quarter_of_the_bits(n: int, orders: tuple[float, ...]) -> None:
    kappas = default_kernel(n).kappas
    np.testing.assert_allclose([n * (1 - kappa) / 2 for kappa in kappas], orders, rtol=1e-12)


@pytest.mark.parametrize("order", [0.0, 3.0, -1.0, float("nan")])
def test_orders_lie_below_half_the_bits(order: float) -> None:
    with pytest.raises(UserError, match=r"for 6 bits: give numbers between 0 and 3"):
        kernel_of_orders(6, (1.0, order))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 9, 24, 1000])
def test_the_ladder_goes_from_one_body_to_nearly_all(n: int) -> None:
    orders = n * (1 - np.array(ladder(n).kappas)) / 2
    np.testing.assert_allclose(orders[[0, -1]], [min(1, n / 4), 0.45 * n], rtol=1e-9)
    np.testing.assert_allclose(np.diff(np.log(orders)), np.log(orders[-1] / orders[0]) / 4, rtol=1e-9)


@pytest.mark.parametrize(
    ("distances", "median"),
    [([0.2, 0.2, 0.6], 2), ([0.2, 0.4, 0.4], 1), ([0.1, 0.4, 0.3, 0.2], 1), ([0.9, 0.1], 1), ([1.0], 1)],
)
def test_median_kernel_is_the_gaussian_of_the_median_squared_distance(distances: list[float], median: int) -> None:
    # Values 2 apart: squared distances are 4 Hamming, and so is σ².
    sigma_squared = 4 * median
    (kappa,) = median_kernel(np.array(distances)).kappas
    assert kappa == pytest.approx(exp(-4 / (2 * sigma_squared)), rel=1e-12)
