from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import inference_oracle
import oracle
from hyperborn.errors import UserError
from hyperborn.inference.kernels import Hamming, default_kernel, kernel_of_orders

KAPPAS = st.lists(st.floats(0.01, 0.99), min_size=1, max_size=3).map(tuple)


@settings(deadline=None)
@given(st.integers(1, 6), KAPPAS)
def test_spectrum_is_that_of_the_explicit_matrix(n: int, kappas: tuple[float, ...]) -> None:
    bits = oracle.all_bits(n).astype(int)
    walsh = (-1.0) ** (bits @ bits.T)
    spectrum = Hamming(kappas).spectrum(n)
    rebuilt = walsh @ np.diag(spectrum) @ walsh / 2**n
    np.testing.assert_allclose(rebuilt, inference_oracle.kernel_matrix(n, kappas), rtol=0, atol=1e-12)
    assert (spectrum > 0).all()


def test_kappa_makes_the_gaussian_kernel() -> None:
    # Weights -1 and +1 are 2 apart; κ = exp(-d² / (2 σ²)) as the class's text says.
    weights = 2.0 * oracle.all_bits(3) - 1
    squared = ((weights[:, None] - weights[None]) ** 2).sum(axis=2)
    sigma = 1.3
    np.testing.assert_allclose(
        inference_oracle.kernel_matrix(3, Hamming((exp(-4 / (2 * sigma**2)),)).kappas),
        np.exp(-squared / (2 * sigma**2)),
        rtol=1e-12,
    )


@settings(deadline=None)
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


@pytest.mark.parametrize("kappas", [(), (0.0,), (1.0,), (0.5, -0.1), (float("nan"),)])
def test_kappas_lie_between_0_and_1(kappas: tuple[float, ...]) -> None:
    with pytest.raises(UserError, match=r"kappas = .*strictly between 0 and 1"):
        Hamming(kappas)


@pytest.mark.parametrize("order", [0.0, 3.0, -1.0, float("nan")])
def test_orders_lie_below_half_the_bits(order: float) -> None:
    with pytest.raises(UserError, match=r"for 6 bits: give numbers between 0 and 3"):
        kernel_of_orders(6, (1.0, order))
