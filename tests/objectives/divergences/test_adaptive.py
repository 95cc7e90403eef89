"""The adaptive kernel beside plain matrices, single kernels and finite differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import objectives_oracle
from hyperborn.errors import UserError
from hyperborn.objectives.divergences import MMD, AdaptiveDiscrepancy
from hyperborn.objectives.kernels import adaptive_kernel

ADAPTIVE = MMD(bandwidth="adaptive")
CASES = st.tuples(st.integers(1, 6), st.integers(0, 2**32 - 1))


def pair_of(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Independent bits and a rough distribution."""
    rng = np.random.default_rng(seed)
    p = objectives_oracle.product_distribution(rng.uniform(0.05, 0.95, n).tolist())
    return p, rng.dirichlet(np.full(2**n, 0.3))


def separations(q: np.ndarray, p: np.ndarray) -> np.ndarray:
    kernels = objectives_oracle.normalised_kernels(p, adaptive_kernel(len(p).bit_length() - 1).kappas)
    return np.array([(q - p) @ kernel @ (q - p) for kernel in kernels])


def bound(p: np.ndarray) -> AdaptiveDiscrepancy:
    divergence = ADAPTIVE.bind(np.log(p))
    assert isinstance(divergence, AdaptiveDiscrepancy)
    return divergence


@given(CASES)
def test_value_and_first_variation_are_those_of_plain_matrices(case: tuple[int, int]) -> None:
    p, q = pair_of(*case)
    apart = separations(q, p)
    with jax.enable_x64(True):
        value, variation = bound(p).value_and_first_variation(jnp.asarray(q))
    np.testing.assert_allclose(value, np.sqrt(sum(apart**2)), rtol=1e-11)
    kernels = objectives_oracle.normalised_kernels(p, adaptive_kernel(case[0]).kappas)
    mixed = sum(one / np.sqrt(sum(apart**2)) * kernel for one, kernel in zip(apart, kernels, strict=True))
    np.testing.assert_allclose(variation, 2 * mixed @ (q - p), rtol=0, atol=1e-11)


@given(CASES)
def test_first_variation_is_that_of_finite_differences(case: tuple[int, int]) -> None:
    p, q = pair_of(*case)
    step = 1e-5
    with jax.enable_x64(True):
        divergence = bound(p)
        variation = np.asarray(divergence.value_and_first_variation(jnp.asarray(q))[1])
        for shift in step * np.eye(len(q))[:: max(1, len(q) // 4)]:
            up, down = (divergence.value_and_first_variation(jnp.asarray(q + sign * shift))[0] for sign in (1, -1))
            np.testing.assert_allclose(variation @ shift / step, float(up - down) / (2 * step), rtol=0, atol=1e-6)


@given(CASES)
def test_it_separates_at_least_as_well_as_every_kernel_and_every_mixture(case: tuple[int, int]) -> None:
    p, q = pair_of(*case)
    apart = separations(q, p)
    with jax.enable_x64(True):
        value = float(bound(p).value_and_first_variation(jnp.asarray(q))[0])
    assert value >= apart.max() * (1 - 1e-12)
    mixtures = np.abs(np.random.default_rng(case[1]).normal(size=(50, len(apart))))
    mixtures /= np.linalg.norm(mixtures, axis=1, keepdims=True)
    assert (mixtures @ apart <= value * (1 + 1e-12)).all()


@pytest.mark.parametrize("n", [1, 4, 9])
def test_at_p_value_and_first_variation_are_zero_and_near_it_the_value_is_quadratic(n: int) -> None:
    p, r = pair_of(n, 3)
    for x64 in (False, True):
        with jax.enable_x64(x64):
            divergence = bound(p)
            value, variation = divergence.value_and_first_variation(divergence.p)
        assert float(value) == 0
        assert not np.asarray(variation).any()
    with jax.enable_x64(True):
        whole = float(divergence.value_and_first_variation(jnp.asarray(r))[0])
        for t in (1e-2, 1e-5):
            value, variation = divergence.value_and_first_variation(jnp.asarray(p + t * (r - p)))
            np.testing.assert_allclose(value, t**2 * whole, rtol=1e-6)
            assert np.abs(variation).max() < 100 * t


@pytest.mark.parametrize("n", [1, 4, 9, 14])
def test_single_precision_is_close(n: int) -> None:
    p, q = pair_of(n, 4)
    with jax.enable_x64(True):
        value, variation = bound(p).value_and_first_variation(jnp.asarray(q))
    divergence = bound(p)
    found, found_variation = divergence.value_and_first_variation(jnp.asarray(q))
    assert found.dtype == found_variation.dtype == jnp.float32
    np.testing.assert_allclose(found, value, rtol=1e-5)
    np.testing.assert_allclose(found_variation, variation, rtol=0, atol=1e-6 * np.abs(variation).max())


def test_weights_are_right_where_squares_leave_single_precision() -> None:
    # Differences of 1e-13 on 14 bits: D_i of 1e-24, whose squares float32 holds no more.
    p, q = pair_of(14, 4)
    with jax.enable_x64(True):
        divergence = bound(p)
        expected = np.asarray(divergence.separated(jnp.asarray(q))[2])
    zero = AdaptiveDiscrepancy(
        jnp.zeros(2**14, jnp.float32),
        *(jnp.asarray(half, jnp.float32) for half in (divergence.upper, divergence.lower)),
    )
    difference = jnp.asarray(1e-12 * (q - p), jnp.float32)
    np.testing.assert_allclose(zero.separated(difference)[2], expected, rtol=1e-4)


@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_matched_weight_charges_a_point_mass_what_kl_does(n: int, seed: int) -> None:
    for p in (pair_of(n, seed)[0], np.full(2**n, 0.5**n)):
        points = np.eye(2**n)
        charged = p @ [objectives_oracle.divergence_from(point, p) for point in points]
        mean = p @ [np.sqrt(sum(separations(point, p) ** 2)) for point in points]
        np.testing.assert_allclose(ADAPTIVE.matched_weight(np.log(p)), charged / mean, rtol=1e-10)
        assert 1 - 1e-12 <= mean <= 5
    np.testing.assert_allclose(mean, np.sqrt(5), rtol=1e-10)


@given(CASES)
def test_the_kernel_that_it_chose_can_be_had(case: tuple[int, int]) -> None:
    p, q = pair_of(*case)
    kernel = ADAPTIVE.kernel_of(np.log(p), q)
    apart = separations(q, p)
    assert kernel.kappas == adaptive_kernel(case[0]).kappas
    assert kernel.weights is not None
    kernels = objectives_oracle.normalised_kernels(p, kernel.kappas)
    expected = np.array([one * scaled[0, 0] for one, scaled in zip(apart, kernels, strict=True)])
    np.testing.assert_allclose(kernel.shares, expected / expected.sum(), rtol=1e-9)
    assert ADAPTIVE.kernel_of(np.log(p), np.exp(np.log(p))) == adaptive_kernel(case[0])


def test_without_q_there_is_no_adaptive_kernel() -> None:
    with pytest.raises(UserError, match="the adaptive kernel depends on q: give q"):
        ADAPTIVE.kernel_of(np.log(np.full(4, 0.25)))


def test_one_program_serves_every_p() -> None:
    compiled = jax.jit(AdaptiveDiscrepancy.value_and_first_variation)
    for seed in range(3):
        p, q = pair_of(5, seed)
        compiled(bound(p), jnp.asarray(q, jnp.float32))
    assert compiled._cache_size() == 1
