from math import exp, sqrt

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import objectives_oracle
import oracle
from hyperborn.errors import UserError
from hyperborn.objectives.kernels import Hamming, adaptive_kernel, default_kernel, kernel_of_orders, median_kernel

MIXTURES = st.lists(st.tuples(st.floats(0.01, 0.99), st.floats(0.1, 5.0)), min_size=1, max_size=3).map(
    lambda pairs: tuple(zip(*pairs, strict=True))
)


@given(st.integers(1, 6), MIXTURES)
def test_spectrum_is_that_of_the_explicit_matrix(n: int, mixture: tuple[tuple[float, ...], ...]) -> None:
    bits = oracle.all_bits(n).astype(int)
    walsh = (-1.0) ** (bits @ bits.T)
    spectrum = Hamming(*mixture).spectrum(n)
    rebuilt = walsh @ np.diag(spectrum) @ walsh / 2**n
    np.testing.assert_allclose(rebuilt, objectives_oracle.kernel_matrix(n, *mixture), rtol=0, atol=1e-12)
    assert (spectrum > 0).all()


@given(st.integers(1, 6), MIXTURES)
def test_applied_to_a_table_it_is_the_explicit_matrix(n: int, mixture: tuple[tuple[float, ...], ...]) -> None:
    values = np.random.default_rng(n).normal(size=2**n)
    expected = objectives_oracle.kernel_matrix(n, *mixture) @ values
    with jax.enable_x64(True):
        found = Hamming(*mixture).apply(jnp.asarray(values))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    single = Hamming(*mixture).apply(jnp.asarray(values, jnp.float32))
    assert single.dtype == jnp.float32
    np.testing.assert_allclose(single, expected, rtol=0, atol=1e-4)


@given(st.integers(1, 6), MIXTURES)
def test_by_distance_is_a_row_of_the_matrix(n: int, mixture: tuple[tuple[float, ...], ...]) -> None:
    row = objectives_oracle.kernel_matrix(n, *mixture)[0]
    found = Hamming(*mixture).by_distance(n)
    np.testing.assert_allclose(found[oracle.all_bits(n).sum(axis=1)], row, rtol=1e-12)
    assert found[0] == pytest.approx(1)


def test_equal_weights_are_the_default() -> None:
    np.testing.assert_array_equal(Hamming((0.2, 0.7), (3.0, 3.0)).spectrum(4), Hamming((0.2, 0.7)).spectrum(4))


def test_kappa_makes_the_gaussian_kernel() -> None:
    # Weights -1 and +1 are 2 apart; κ = exp(-d² / (2 σ²)) as the class's text says.
    weights = 2.0 * oracle.all_bits(3) - 1
    squared = ((weights[:, None] - weights[None]) ** 2).sum(axis=2)
    sigma = 1.3
    np.testing.assert_allclose(
        objectives_oracle.kernel_matrix(3, Hamming((exp(-4 / (2 * sigma**2)),)).kappas),
        np.exp(-squared / (2 * sigma**2)),
        rtol=1e-12,
    )


@pytest.mark.parametrize("kappas", [(), (0.0,), (1.0,), (0.5, -0.1), (float("nan"),)])
def test_kappas_lie_between_0_and_1(kappas: tuple[float, ...]) -> None:
    with pytest.raises(UserError, match=r"kappas = .*strictly between 0 and 1"):
        Hamming(kappas)


@pytest.mark.parametrize("weights", [(), (1.0,), (0.0, 0.0), (1.0, -0.5), (1.0, float("inf")), (1.0, 1.0, 1.0)])
def test_weights_are_numbers_from_0_on(weights: tuple[float, ...]) -> None:
    with pytest.raises(UserError, match=r"kernel weights = .* for 2 kappas: give a tuple of one number of at least 0"):
        Hamming((0.2, 0.7), weights)


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
    orders = n * (1 - np.array(adaptive_kernel(n).kappas)) / 2
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
