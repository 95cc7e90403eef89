import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import objectives_oracle
from hyperborn.errors import UserError
from hyperborn.objectives.divergences import KL, RenyiDivergence

N = 5
MARGINALS = st.lists(st.floats(0.05, 0.95), min_size=N, max_size=N)
SEEDS = st.integers(0, 2**32 - 1)
ALPHAS = st.one_of(st.floats(0.05, 0.95), st.floats(1.05, 8))


def random_distribution(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(2**N, 0.3))


def value_and_variation(alpha: float, log_p: np.ndarray, q: np.ndarray) -> tuple[float, np.ndarray]:
    with jax.enable_x64(True):
        value, variation = RenyiDivergence(alpha).bind(log_p).value_and_first_variation(jnp.asarray(q))
        return float(value), np.asarray(variation)


@given(MARGINALS, SEEDS, ALPHAS)
def test_it_is_the_plain_sum(marginals: list[float], seed: int, alpha: float) -> None:
    p, q = objectives_oracle.product_distribution(marginals), random_distribution(seed)
    value, _ = value_and_variation(alpha, np.log(p), q)
    np.testing.assert_allclose(value, objectives_oracle.renyi_divergence(q, p, alpha), rtol=1e-10, atol=1e-12)
    assert value > -1e-12
    at_p, variation = value_and_variation(alpha, np.log(p), p)
    np.testing.assert_allclose(at_p, 0, atol=1e-12)
    np.testing.assert_allclose(variation, alpha / (alpha - 1), rtol=1e-10)


@given(MARGINALS, SEEDS)
def test_it_grows_with_alpha_and_has_kl_in_between(marginals: list[float], seed: int) -> None:
    p, q = objectives_oracle.product_distribution(marginals), random_distribution(seed)
    alphas = [0.1, 0.5, 0.99999, 1.00001, 2.0, 5.0]
    values = [value_and_variation(alpha, np.log(p), q)[0] for alpha in alphas]
    kl = objectives_oracle.divergence_from(q, p)
    assert (np.diff([*values[:3], kl, *values[3:]]) > 0).all()
    np.testing.assert_allclose(values[2:4], kl, atol=1e-3)
    # What counts of a first variation are its differences, and those tend to KL's.
    with jax.enable_x64(True):
        expected = np.asarray(KL().bind(np.log(p)).value_and_first_variation(jnp.asarray(q))[1])
    held = q > 1e-6
    found = value_and_variation(0.99999, np.log(p), q)[1]
    np.testing.assert_allclose((found - found[held][0])[held], (expected - expected[held][0])[held], atol=1e-2)


def test_a_factor_of_p_is_a_shift() -> None:
    p, q = objectives_oracle.product_distribution([0.3] * N), random_distribution(1)
    for alpha in (0.5, 3.0):
        near, far = (value_and_variation(alpha, np.log(p) + shift, q) for shift in (0.0, -2000.0))
        np.testing.assert_allclose(far[0], near[0] + 2000, rtol=1e-12)
        np.testing.assert_allclose(far[1], near[1], rtol=1e-9)


@pytest.mark.parametrize("alpha", [0.05, 0.3, 0.5, 0.9, 2.0, 20.0])
def test_networks_that_q_lacks_add_nothing_and_pull_finitely_in_single_precision(alpha: float) -> None:
    p = np.full(2**N, 0.5**N)
    q = np.where(np.arange(2**N) < 4, 0.25, 0.0)
    amplitudes = jnp.sqrt(jnp.asarray(q))
    for log_p in (np.log(p), np.log(p) - 300.0 * (np.arange(2**N) < 4)):
        bound = RenyiDivergence(alpha).bind(log_p)
        value, variation = bound.value_and_first_variation(jnp.asarray(q))
        expected = -log_p[0] - np.log(4)
        np.testing.assert_allclose(value, expected, rtol=1e-5)
        assert np.isfinite(variation).all()
        assert np.isfinite(amplitudes * variation).all()


@pytest.mark.parametrize("alpha", [0.5, 0.7])
def test_from_a_half_on_the_pull_on_an_amplitude_is_bounded(alpha: float) -> None:
    p = np.full(2**N, 0.5**N)
    pulls = []
    for small in (1e-4, 1e-8, 1e-12, 1e-16, 0.0):
        q = np.where(np.arange(2**N) == 0, 1 - 31 * small, small)
        variation = RenyiDivergence(alpha).bind(np.log(p)).value_and_first_variation(jnp.asarray(q))[1]
        pulls.append(abs(float(2 * np.sqrt(small) * variation[1])))
    assert max(pulls) < 4 * alpha / (1 - alpha)
    # With α = 1/2 the pull stays the same however small the amplitude; above, it fades.
    assert pulls[2] == pytest.approx(pulls[1], rel=1e-2) if alpha == 0.5 else pulls[2] < pulls[1] / 5


@pytest.mark.parametrize("alpha", [0.0, -1.0, float("inf"), float("nan")])
def test_alpha_is_positive(alpha: float) -> None:
    with pytest.raises(UserError, match=rf"alpha = {alpha}: give a positive number other than 1"):
        RenyiDivergence(alpha)


def test_alpha_of_one_names_kl() -> None:
    with pytest.raises(
        UserError, match=r"alpha = .* is as good as the Kullback-Leibler divergence: use KL \(or ELBO\)"
    ):
        RenyiDivergence(1.0)
