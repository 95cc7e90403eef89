from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import objectives_oracle
import oracle
from hyperborn.errors import UserError
from hyperborn.objectives.kernels import (
    Hamming,
    default_kernel,
    estimates,
    mmd_squared,
    mmd_squared_from_product,
    mmd_witness,
    mmd_witness_from_product,
    product_embedding,
    product_mean,
)
from hyperborn.stats import Estimate

N = 5
MIXTURE = ((0.15, 0.8), (1.0, 3.0))
KERNEL = Hamming(*MIXTURE)
MATRIX = objectives_oracle.kernel_matrix(N, *MIXTURE)
MARGINALS = np.array([0.2, 0.5, 0.7, 0.4, 0.6])
P = objectives_oracle.product_distribution(MARGINALS.tolist())
Q = np.random.default_rng(0).dirichlet(np.full(2**N, 0.5))


def draws(p: np.ndarray, rows: int, seed: int) -> np.ndarray:
    return oracle.all_bits(N)[np.random.default_rng(seed).choice(2**N, size=rows, p=p)]


def plain(bits: np.ndarray, others: np.ndarray | None, biased: bool) -> float:
    """The estimate from matrices of all pairs; without others from the marginals, enumerated."""

    def within(rows: np.ndarray) -> float:
        kernel = objectives_oracle.kernel_between(rows, rows, *MIXTURE)
        return kernel.mean() if biased else kernel[~np.eye(len(rows), dtype=bool)].mean()

    if others is None:
        across = objectives_oracle.kernel_between(bits, oracle.all_bits(N), *MIXTURE) @ P
        return float(within(bits) - 2 * across.mean() + P @ MATRIX @ P)
    across = objectives_oracle.kernel_between(bits, others, *MIXTURE)
    return float(within(bits) - 2 * across.mean() + within(others))


def jackknife(left_out: list[float]) -> float:
    return (len(left_out) - 1) * np.var(left_out)


@pytest.mark.parametrize("biased", [False, True])
def test_estimates_and_errors_are_the_plain_ones(biased: bool) -> None:
    bits, others = draws(Q, 13, 1), draws(P, 9, 2)
    left = jackknife([plain(np.delete(bits, row, 0), others, biased) for row in range(13)])
    right = jackknife([plain(bits, np.delete(others, row, 0), biased) for row in range(9)])
    found = mmd_squared(bits, others, KERNEL, biased=biased)
    assert found.mean == pytest.approx(plain(bits, others, biased), abs=1e-14)
    assert found.standard_error == pytest.approx(np.sqrt(left + right), rel=1e-10)
    assert found.n == 22

    alone = jackknife([plain(np.delete(bits, row, 0), None, biased) for row in range(13)])
    found = mmd_squared_from_product(bits, MARGINALS, KERNEL, biased=biased)
    assert found.mean == pytest.approx(plain(bits, None, biased), abs=1e-14)
    assert found.standard_error == pytest.approx(np.sqrt(alone), rel=1e-10)
    assert found.n == 13


def test_the_biased_estimate_is_mmd_of_the_empirical_distributions() -> None:
    bits, others = draws(Q, 40, 1), draws(P, 30, 2)
    places = 2 ** np.arange(N)[::-1]
    q, p = (np.bincount(rows @ places, minlength=2**N) / len(rows) for rows in (bits, others))
    expected = objectives_oracle.squared_discrepancy(q, p, MATRIX)
    assert mmd_squared(bits, others, KERNEL, biased=True).mean == pytest.approx(expected, abs=1e-14)
    assert mmd_squared(bits, bits, KERNEL, biased=True).mean == pytest.approx(0, abs=1e-14)


def two_samples(q: np.ndarray, seed: int) -> Estimate:
    return mmd_squared(draws(q, 60, 2 * seed), draws(P, 80, 2 * seed + 1), KERNEL)


def one_sample(q: np.ndarray, seed: int) -> Estimate:
    return mmd_squared_from_product(draws(q, 60, seed), MARGINALS, KERNEL)


SEEDS = 1000


@pytest.mark.parametrize("estimate", [two_samples, one_sample])
@pytest.mark.parametrize(("q", "ratio"), [(Q, 1.0), (P, 2.0)], ids=["apart", "same"])
def test_unbiased_and_with_the_error_that_is_stated(
    estimate: Callable[[np.ndarray, int], Estimate], q: np.ndarray, ratio: float
) -> None:
    """Over 1000 seeds (0 to 999): the mean within 4 of its errors, the jackknife's variance 1 or 2 times the true one.

    The spread of 1000 values has a relative variance of (kurtosis - 1) / 1000: 10 % at a kurtosis of 11 (that of a
    skewed, degenerate estimate is below), so 25 % is more than 2 errors even then.
    """
    found = [estimate(q, seed) for seed in range(SEEDS)]
    means = np.array([one.mean for one in found])
    variances = np.array([one.standard_error for one in found], float) ** 2
    error = means.std(ddof=1) / np.sqrt(SEEDS)
    assert abs(means.mean() - objectives_oracle.squared_discrepancy(q, P, MATRIX)) < 4 * error
    assert variances.mean() / means.var(ddof=1) == pytest.approx(ratio, rel=0.25)
    assert (means < 0).any() == (q is P)


def test_the_biased_estimate_is_too_high_by_what_the_docstring_says() -> None:
    # 400 seeds from 0 on; 4 standard errors of the mean.
    found = np.array(
        [mmd_squared_from_product(draws(P, 20, seed), MARGINALS, KERNEL, biased=True).mean for seed in range(400)]
    )
    expected = (1 - P @ MATRIX @ P) / 20
    assert abs(found.mean() - expected) < 4 * found.std(ddof=1) / 20
    assert (found >= 0).all()


def test_many_bits_use_the_default_kernel_unless_told() -> None:
    rng = np.random.default_rng(0)
    bits, others = (rng.integers(0, 2, (300, 200), dtype=np.uint8) for _ in range(2))
    kernel = default_kernel(200)
    assert mmd_squared(bits, others) == mmd_squared(bits, others, kernel)
    marginals = np.full(200, 0.5)
    found = mmd_squared_from_product(bits, marginals)
    assert found == mmd_squared_from_product(bits, marginals, kernel)
    assert found.standard_error is not None
    assert abs(found.mean) < 4 * found.standard_error
    lower = mmd_squared_from_product(bits, np.full(200, 0.4))
    assert lower.standard_error is not None
    assert lower.mean > 4 * lower.standard_error


def test_too_few_rows_have_no_error_or_no_estimate() -> None:
    two, one = draws(Q, 2, 0), draws(Q, 1, 0)
    assert mmd_squared(two, two).standard_error is None
    assert mmd_squared(two, two, biased=True).standard_error is not None
    assert mmd_squared_from_product(one, MARGINALS, biased=True).standard_error is None
    assert mmd_squared(one, draws(Q, 9, 0), biased=True).standard_error is None
    with pytest.raises(UserError, match="others of 1 row have no unbiased MMD²: give at least 2 rows, or biased=True"):
        mmd_squared(two, one)
    with pytest.raises(UserError, match="bits of 1 row have no unbiased MMD²"):
        mmd_squared_from_product(one, MARGINALS)


@pytest.mark.parametrize(
    "wrong", [np.full((3, N), 2, np.uint8), np.zeros((0, N), np.uint8), np.zeros((3, 0), np.uint8)]
)
def test_rows_are_bits(wrong: np.ndarray) -> None:
    with pytest.raises(UserError, match=r"bits = uint8 of shape .*: give rows of bits"):
        mmd_squared(wrong, wrong)


def test_certain_bits_and_the_least_kappa_by_hand() -> None:
    """Rows 10, 11, 01 against bits (always 1, fair), where k is 1 of equal rows and nearly 0 of others.

    No two rows are equal; they have the chances 1/2, 1/2 and 0 under p; two draws from p agree with 1/2.
    """
    bits = np.array([[1, 0], [1, 1], [0, 1]], np.uint8)
    found = mmd_squared_from_product(bits, np.array([1.0, 0.5]), Hamming((np.exp(-50.0),)))
    assert found.mean == pytest.approx(-1 / 6, rel=1e-12)
    # Without the first, the second or the third row it is 0, 0 or -1/2.
    spread = np.array([0, 0, -1 / 2]) + 1 / 6
    assert found.standard_error == pytest.approx(np.sqrt(2 / 3 * (spread**2).sum()), rel=1e-12)


SOME_MARGINALS = st.lists(st.floats(0, 1), min_size=1, max_size=6)


@given(SOME_MARGINALS)
def test_closed_forms_are_the_enumerated_sums(marginals: list[float]) -> None:
    n = len(marginals)
    p = objectives_oracle.product_distribution(marginals)
    kernel = objectives_oracle.kernel_matrix(n, *MIXTURE)
    found = product_embedding(Hamming(*MIXTURE), np.array(marginals), oracle.all_bits(n))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, kernel @ p, rtol=1e-12)
    assert product_mean(Hamming(*MIXTURE), np.array(marginals)) == pytest.approx(p @ kernel @ p, rel=1e-12)


def test_many_bits_need_no_enumeration() -> None:
    # Fair bits: every row's embedding is ((1 + κ) / 2)^n.
    n, rows = 2000, 3000
    assert rows * n > estimates.BLOCK
    bits = np.random.default_rng(0).integers(0, 2, (rows, n), dtype=np.uint8)
    expected = ((1 + 0.99) / 2) ** n
    np.testing.assert_allclose(product_embedding(Hamming((0.99,)), np.full(n, 0.5), bits), expected, rtol=1e-9)
    assert product_mean(Hamming((0.99,)), np.full(n, 0.5)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("marginals", [[0.5, 1.1], [-0.1, 0.5], [float("nan"), 0.5]])
def test_marginals_are_probabilities(marginals: list[float]) -> None:
    with pytest.raises(UserError, match=r"marginals = .*one probability from 0 to 1"):
        product_embedding(Hamming((0.5,)), np.array(marginals), np.zeros((1, 2), np.uint8))


@pytest.mark.parametrize("kappa", [5e-324, 1e-300, 1e-20, 0.5, 1 - 1e-16])
def test_products_of_small_factors_keep_their_digits(kappa: float) -> None:
    """Against fractions: marginals of 0, of 1 and near either, where κ or a marginal is far below the rounding of 1."""
    marginals = [0.0, 1.0, 1e-25, 1.0 - 1e-16, 0.5]
    bits = oracle.all_bits(5)
    found = product_embedding(Hamming((kappa,)), np.array(marginals), bits)
    assert np.isfinite(found).all()
    for row, value in zip(bits, found, strict=True):
        exact = Fraction(1)
        for bit, marginal in zip(row, map(Fraction, marginals), strict=True):
            agrees = marginal if bit else 1 - marginal
            exact *= agrees + Fraction(kappa) * (1 - agrees)
        # Logarithms of size 745 are known to 1e-13; what is below 1e-300 has lost digits itself.
        assert value == pytest.approx(float(exact), rel=1e-12, abs=1e-300)


ALL = oracle.all_bits(N)


def empirical(bits: np.ndarray) -> np.ndarray:
    return np.bincount(bits @ 2 ** np.arange(N)[::-1], minlength=2**N) / len(bits)


def test_witness_is_the_first_variation_at_the_empirical_distributions() -> None:
    rng = np.random.default_rng(0)
    bits, others = ALL[rng.integers(0, 16, 30)], ALL[rng.integers(0, 9, 20)]
    q, p = empirical(bits), empirical(others)
    found = mmd_witness(ALL, bits, others, KERNEL)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, 2 * MATRIX @ (q - p), rtol=0, atol=1e-14)
    prior = objectives_oracle.product_distribution(MARGINALS.tolist())
    np.testing.assert_allclose(
        mmd_witness_from_product(ALL, bits, MARGINALS, KERNEL), 2 * MATRIX @ (q - prior), rtol=0, atol=1e-14
    )
    # MMD² is quadratic: half the witness's mean difference is its value.
    half = 0.5 * (mmd_witness(bits, bits, others, KERNEL).mean() - mmd_witness(others, bits, others, KERNEL).mean())
    assert half == pytest.approx(mmd_squared(bits, others, KERNEL, biased=True).mean, abs=1e-14)
