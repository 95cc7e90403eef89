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
