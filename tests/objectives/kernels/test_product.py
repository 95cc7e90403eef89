from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import inference_oracle
import oracle
from hyperborn.errors import UserError
from hyperborn.objectives.kernels import Hamming, product, product_embedding, product_mean

MARGINALS = st.lists(st.floats(0, 1), min_size=1, max_size=6)
MIXTURE = ((0.15, 0.8), (1.0, 3.0))


@given(MARGINALS)
def test_closed_forms_are_the_enumerated_sums(marginals: list[float]) -> None:
    n = len(marginals)
    p = inference_oracle.product_distribution(marginals)
    kernel = inference_oracle.kernel_matrix(n, *MIXTURE)
    found = product_embedding(Hamming(*MIXTURE), np.array(marginals), oracle.all_bits(n))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, kernel @ p, rtol=1e-12)
    assert product_mean(Hamming(*MIXTURE), np.array(marginals)) == pytest.approx(p @ kernel @ p, rel=1e-12)


def test_many_bits_need_no_enumeration() -> None:
    # Fair bits: every row's embedding is ((1 + κ) / 2)^n.
    n, rows = 2000, 3000
    assert rows * n > product.BLOCK
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
