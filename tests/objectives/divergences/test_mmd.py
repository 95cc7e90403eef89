import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import objectives_oracle
import oracle
from hyperborn.errors import UserError
from hyperborn.objectives.divergences import KL, MMD
from hyperborn.objectives.kernels import Hamming, default_kernel

N = 5
MARGINALS = st.lists(st.floats(0.05, 0.95), min_size=N, max_size=N)
SEEDS = st.integers(0, 2**32 - 1)
KAPPAS = (0.25, 0.8)


def random_distribution(seed: int, n: int = N) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(2**n, 0.3))


@given(MARGINALS, SEEDS)
def test_kl_is_the_plain_sum(marginals: list[float], seed: int) -> None:
    p, q = objectives_oracle.product_distribution(marginals), random_distribution(seed)
    with jax.enable_x64(True):
        value, variation = KL().bind(np.log(p)).value_and_first_variation(jnp.asarray(q))
    np.testing.assert_allclose(value, objectives_oracle.divergence_from(q, p), rtol=1e-12)
    np.testing.assert_allclose(variation, np.log(np.maximum(q, 1e-30)) - np.log(p) + 1, rtol=0, atol=1e-12)


@given(MARGINALS, SEEDS)
def test_mmd_is_that_of_the_explicit_kernel(marginals: list[float], seed: int) -> None:
    p, q = objectives_oracle.product_distribution(marginals), random_distribution(seed)
    kernel = objectives_oracle.kernel_matrix(N, KAPPAS)
    with jax.enable_x64(True):
        divergence = MMD(Hamming(KAPPAS)).bind(np.log(p))
        value, variation = divergence.value_and_first_variation(jnp.asarray(q))
    np.testing.assert_allclose(value, objectives_oracle.squared_discrepancy(q, p, kernel), rtol=0, atol=1e-13)
    np.testing.assert_allclose(variation, 2 * kernel @ (q - p), rtol=0, atol=1e-13)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 6, 9])
def test_mmd_in_single_precision(n: int) -> None:
    p, q = objectives_oracle.product_distribution([0.3] * n), random_distribution(0, n)
    kernel = objectives_oracle.kernel_matrix(n, default_kernel(n).kappas)
    divergence = MMD().bind(np.log(p))
    value, variation = divergence.value_and_first_variation(jnp.asarray(q))
    assert value.dtype == variation.dtype == jnp.float32
    np.testing.assert_allclose(value, objectives_oracle.squared_discrepancy(q, p, kernel), rtol=1e-5)
    np.testing.assert_allclose(variation, 2 * kernel @ (q - p), rtol=0, atol=1e-6)


@pytest.mark.parametrize("n", [1, 3, 6, 8])
def test_matched_weight_of_the_uniform_prior_holds_for_every_point_mass(n: int) -> None:
    p = np.full(2**n, 0.5**n)
    kernel = objectives_oracle.kernel_matrix(n, default_kernel(n).kappas)
    weight = MMD().matched_weight(np.log(p))
    for point in np.eye(2**n):
        charge = objectives_oracle.squared_discrepancy(point, p, kernel)
        np.testing.assert_allclose(weight, n * np.log(2) / charge, rtol=1e-10)


@given(MARGINALS)
def test_matched_weight_of_other_priors_holds_on_average(marginals: list[float]) -> None:
    p = objectives_oracle.product_distribution(marginals)
    kernel = objectives_oracle.kernel_matrix(N, KAPPAS)
    found = MMD(Hamming(KAPPAS)).matched_weight(np.log(p))
    np.testing.assert_allclose(found, objectives_oracle.kl_matched_weight(p, kernel), rtol=1e-10)


@pytest.mark.parametrize("marginals", [[0.5] * 6, [0.1, 0.9, 0.3, 0.5, 0.7, 0.02], [0.01] * 5])
def test_median_rule_takes_the_median_distance_of_two_draws_from_p(marginals: list[float]) -> None:
    p = objectives_oracle.product_distribution(marginals)
    bits = oracle.all_bits(len(marginals))
    distances = (bits[:, None] != bits[None]).sum(axis=2)
    shares = [np.sum(np.outer(p, p)[distances <= distance]) for distance in range(len(marginals) + 1)]
    median = max(1, next(distance for distance, share in enumerate(shares) if share >= 0.5))
    kernel = MMD(bandwidth="median").kernel_of(np.log(p))
    np.testing.assert_allclose(kernel.kappas, [np.exp(-1 / (2 * median))], rtol=1e-12)
    matrix = objectives_oracle.kernel_matrix(len(marginals), kernel.kappas)
    q = random_distribution(1, len(marginals))
    with jax.enable_x64(True):
        value = MMD(bandwidth="median").bind(np.log(p)).value_and_first_variation(jnp.asarray(q))[0]
    np.testing.assert_allclose(value, objectives_oracle.squared_discrepancy(q, p, matrix), rtol=1e-10)


def test_weights_of_a_mixture_count() -> None:
    p, q = np.full(2**N, 0.5**N), random_distribution(2)
    kernel = objectives_oracle.kernel_matrix(N, KAPPAS, (1.0, 4.0))
    with jax.enable_x64(True):
        value = MMD(Hamming(KAPPAS, (1.0, 4.0))).bind(np.log(p)).value_and_first_variation(jnp.asarray(q))[0]
    np.testing.assert_allclose(value, objectives_oracle.squared_discrepancy(q, p, kernel), rtol=1e-11)


def test_a_rule_beside_a_kernel_is_refused() -> None:
    with pytest.raises(UserError, match="bandwidth = 'median' beside a kernel, which it would choose: give one of"):
        MMD(Hamming((0.5,)), bandwidth="median")
