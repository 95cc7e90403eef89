import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import logsumexp

import objectives_oracle
from hyperborn.errors import UserError
from hyperborn.objectives.divergences import Adversarial

SEEDS = st.integers(0, 2**32 - 1)


def random_pair(seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.dirichlet(np.full(2**n, 0.3)), random.dirichlet(np.full(2**n, 2.0))


def value_and_logit(divergence: Adversarial, log_p: np.ndarray, q: np.ndarray) -> tuple[float, np.ndarray]:
    with jax.enable_x64(True):
        value, variation = divergence.bind(log_p).value_and_first_variation(jnp.asarray(q))
        return float(value), np.asarray(variation)


@given(SEEDS, st.integers(1, 6), st.integers(1, 7), st.sampled_from([1e-2, 0.3]))
def test_the_classifier_is_the_best_that_scipy_finds(seed: int, n: int, order: int, ridge: float) -> None:
    q, p = random_pair(seed, n)
    products = objectives_oracle.sign_products(n, order)

    def tilted(c: np.ndarray) -> np.ndarray:
        exponents = np.log(p) + products @ c
        return np.exp(exponents - logsumexp(exponents))

    def loss(c: np.ndarray) -> float:
        return float(logsumexp(np.log(p) + products @ c) - q @ products @ c + ridge / 2 * c @ c)

    def gradient(c: np.ndarray) -> np.ndarray:
        return products.T @ (tilted(c) - q) + ridge * c

    def curvature(c: np.ndarray) -> np.ndarray:
        centred = products - tilted(c) @ products
        return centred.T @ (tilted(c)[:, None] * centred) + ridge * np.eye(len(c))

    start = np.zeros(products.shape[1])
    best = minimize(loss, start, jac=gradient, hess=curvature, method="trust-exact", options={"gtol": 1e-9})
    value, logit = value_and_logit(Adversarial(order, ridge), np.log(p), q)
    np.testing.assert_allclose(value, -best.fun, rtol=0, atol=1e-9)
    expected = products @ best.x - logsumexp(np.log(p) + products @ best.x)
    np.testing.assert_allclose(logit, expected, rtol=0, atol=1e-6)
    # Every classifier with another coefficient does worse.
    coefficients = products.T @ logit / 2**n
    np.testing.assert_allclose(gradient(coefficients), 0, atol=1e-9)
    assert loss(coefficients + 1e-3) > -value


@given(SEEDS, st.integers(1, 6))
def test_with_all_products_and_hardly_a_ridge_it_is_kl_and_its_logit_the_log_ratio(seed: int, n: int) -> None:
    random = np.random.default_rng(seed)
    q, p = random.dirichlet(np.full(2**n, 3.0), size=2)
    value, logit = value_and_logit(Adversarial(n, 1e-9), np.log(p), q)
    np.testing.assert_allclose(value, objectives_oracle.divergence_from(q, p), rtol=0, atol=1e-5)
    np.testing.assert_allclose(logit, np.log(q / p), rtol=0, atol=2e-3)


@given(SEEDS, st.integers(1, 4))
def test_it_grows_with_the_order_from_zero_to_kl(seed: int, n: int) -> None:
    q, p = random_pair(seed, n)
    values = [value_and_logit(Adversarial(order), np.log(p), q)[0] for order in range(1, n + 2)]
    ordered = [0.0, *values, objectives_oracle.divergence_from(q, p)]
    assert (np.diff(ordered) > -1e-9).all()
    assert values[-1] == pytest.approx(values[-2], abs=1e-12) if n > 1 else values[0] > 0
    at_p, logit = value_and_logit(Adversarial(), np.log(p), p)
    np.testing.assert_allclose(at_p, 0, atol=1e-12)
    np.testing.assert_allclose(logit, 0, atol=1e-10)


def test_products_of_two_bits_see_what_single_bits_cannot() -> None:
    # Two bits that agree, against independent ones: the marginals are the same.
    q, log_p = np.array([0.5, 0.0, 0.0, 0.5]), np.full(4, np.log(0.25))
    assert value_and_logit(Adversarial(1), log_p, q)[0] == pytest.approx(0.0, abs=1e-12)
    assert value_and_logit(Adversarial(2, 1e-4), log_p, q)[0] == pytest.approx(np.log(2), abs=0.01)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("n", [1, 3, 6])
def test_a_point_mass_pays_a_little_less_than_kl(n: int, order: int) -> None:
    p = objectives_oracle.product_distribution([0.3] * n)
    for index in (0, 2**n - 1):
        point = np.eye(2**n)[index]
        value, logit = value_and_logit(Adversarial(order), np.log(p), point)
        assert np.isfinite(logit).all()
        assert 0.9 * -np.log(p[index]) < value < -np.log(p[index])
        single, variation = Adversarial(order).bind(np.log(p)).value_and_first_variation(jnp.asarray(point))
        np.testing.assert_allclose(single, value, rtol=1e-5)
        # In single precision a coefficient is right to rounding over the ridge.
        np.testing.assert_allclose(variation, logit, rtol=1e-3, atol=1e-2)


def test_a_factor_of_p_makes_no_difference() -> None:
    q, p = random_pair(0, 4)
    near, far = (value_and_logit(Adversarial(), np.log(p) + shift, q) for shift in (0.0, 900.0))
    np.testing.assert_allclose(far[0], near[0], rtol=1e-9)
    np.testing.assert_allclose(far[1], near[1], rtol=0, atol=1e-9)


def test_several_at_once_are_what_they_are_alone() -> None:
    pairs = [random_pair(seed, 5)[0] for seed in range(3)] + [np.eye(32)[7]]
    with jax.enable_x64(True):
        bound = Adversarial().bind(np.full(32, -5 * np.log(2)))
        values, logits = jax.jit(jax.vmap(bound.value_and_first_variation))(jnp.asarray(pairs))
        for place, q in enumerate(pairs):
            value, logit = bound.value_and_first_variation(jnp.asarray(q))
            np.testing.assert_allclose(values[place], value, rtol=1e-10)
            np.testing.assert_allclose(logits[place], logit, rtol=0, atol=1e-8)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"order": 0}, "order=0 must be a whole number of at least 1"),
        ({"order": 1.5}, r"order=1\.5 must be a whole number"),
        ({"ridge": 0.0}, r"ridge = 0\.0: give a positive number"),
        ({"ridge": float("nan")}, "ridge = nan: give a positive number"),
    ],
)
def test_settings_out_of_range_are_named(given: dict, said: str) -> None:
    with pytest.raises(UserError, match=said):
        Adversarial(**given)


def test_too_many_products_are_refused() -> None:
    assert Adversarial(order=10).bind(np.zeros(2**10)).features.shape == (1023,)
    with pytest.raises(UserError, match=r"order = 5 makes 1,585 products of 12 bits, over the limit of 1,024 .*lower"):
        Adversarial(order=5).bind(np.zeros(2**12))
