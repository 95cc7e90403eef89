import numpy as np
import pytest

import inference_oracle
import oracle
from hyperborn.objectives.kernels import Hamming, mmd_squared, mmd_witness, mmd_witness_from_product

N = 4
MIXTURE = ((0.15, 0.8), (1.0, 3.0))
KERNEL = Hamming(*MIXTURE)
MATRIX = inference_oracle.kernel_matrix(N, *MIXTURE)
ALL = oracle.all_bits(N)
MARGINALS = np.array([0.2, 0.5, 0.7, 0.4])


def empirical(bits: np.ndarray) -> np.ndarray:
    return np.bincount(bits @ 2 ** np.arange(N)[::-1], minlength=2**N) / len(bits)


def test_witness_is_the_first_variation_at_the_empirical_distributions() -> None:
    rng = np.random.default_rng(0)
    bits, others = ALL[rng.integers(0, 16, 30)], ALL[rng.integers(0, 9, 20)]
    q, p = empirical(bits), empirical(others)
    found = mmd_witness(ALL, bits, others, KERNEL)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, 2 * MATRIX @ (q - p), rtol=0, atol=1e-14)
    prior = inference_oracle.product_distribution(MARGINALS.tolist())
    np.testing.assert_allclose(
        mmd_witness_from_product(ALL, bits, MARGINALS, KERNEL), 2 * MATRIX @ (q - prior), rtol=0, atol=1e-14
    )
    # MMD² is quadratic: half the witness's mean difference is its value.
    half = 0.5 * (mmd_witness(bits, bits, others, KERNEL).mean() - mmd_witness(others, bits, others, KERNEL).mean())
    assert half == pytest.approx(mmd_squared(bits, others, KERNEL, biased=True).mean, abs=1e-14)
