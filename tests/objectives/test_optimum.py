import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

import objectives_oracle
from hyperborn.errors import UserError
from hyperborn.objectives.divergences import KL, MMD, Adversarial, RenyiDivergence, Stein
from hyperborn.objectives.kernels import Hamming
from hyperborn.objectives.objectives import ELBO, MLE, SELBO, Objective, Renyi, SteinPosterior
from hyperborn.objectives.optimum import certified, minimised, optimum
from hyperborn.priors import Bernoulli

N = 4
SEEDS = st.integers(0, 2**32 - 1)
KAPPAS = (0.3, 0.8)
KERNEL = objectives_oracle.kernel_matrix(N, KAPPAS)

CONVEX: list[Objective] = [
    MLE(),
    ELBO(),
    ELBO(0.3),
    SELBO(),
    SELBO(50.0, MMD(Hamming(KAPPAS))),
    SELBO(divergence=MMD(bandwidth="adaptive")),
    SELBO(2.0, KL()),
    SELBO(divergence=RenyiDivergence(0.3)),
    SELBO(divergence=Stein()),
    SELBO(divergence=Adversarial()),
    Renyi(0.5),
    SteinPosterior(),
]


def problem(seed: int, n: int = N) -> tuple[np.ndarray, np.ndarray]:
    """Energies (nats) and a prior of all 2^n networks."""
    random = np.random.default_rng(seed)
    return random.gamma(2.0, 4.0, 2**n) + 30, random.dirichlet(np.ones(2**n)) * 0.9 + 0.1 / 2**n


def plain_optimum(energies: np.ndarray, p: np.ndarray, weight: float) -> float:
    """The lowest E_q[energy] + weight · MMD²(q, p), as SciPy's sequential quadratic programming finds it."""
    found = minimize(
        lambda q: q @ energies + weight * objectives_oracle.squared_discrepancy(q, p, KERNEL),
        p,
        jac=lambda q: energies + 2 * weight * KERNEL @ (q - p),
        bounds=[(0, 1)] * len(p),
        constraints={"type": "eq", "fun": lambda q: q.sum() - 1, "jac": np.ones_like},
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 1000},
    )
    assert found.success
    return float(found.fun)


@given(SEEDS)
def test_of_mle_it_is_the_lowest_energy(seed: int) -> None:
    energies, p = problem(seed)
    found = optimum(MLE(), energies, np.log(p))
    assert energies.min() - 1e-12 <= found.value <= energies.min() + found.gap + 1e-12
    assert found.gap <= 1e-4


@given(SEEDS, st.floats(0.1, 5.0))
def test_of_the_elbo_it_is_the_tempered_posterior(seed: int, beta: float) -> None:
    energies, p = problem(seed)
    joint = p * np.exp(-energies / beta)
    expected = -beta * np.log(joint.sum())
    for objective in (ELBO(beta), SELBO(beta, KL())):
        found = optimum(objective, energies, np.log(p), tolerance=1e-8)
        assert expected - 1e-11 <= found.value <= expected + found.gap + 1e-11
        # By Pinsker's inequality, |q - posterior|_1 <= √(2 gap / β).
        assert np.abs(found.q - joint / joint.sum()).sum() <= np.sqrt(2e-8 / beta) + 1e-6


@given(SEEDS, st.floats(0.5, 200.0))
def test_of_the_selbo_it_is_that_of_quadratic_programming(seed: int, weight: float) -> None:
    energies, p = problem(seed)
    found = optimum(SELBO(weight, MMD(Hamming(KAPPAS))), energies, np.log(p), tolerance=1e-8)
    value = found.q @ energies + weight * objectives_oracle.squared_discrepancy(found.q, p, KERNEL)
    np.testing.assert_allclose(found.value, value, rtol=1e-13)
    # Karush, Kuhn and Tucker: the first variation is lowest wherever q is not 0.
    variation = energies + 2 * weight * KERNEL @ (found.q - p)
    np.testing.assert_allclose(found.q @ variation - variation.min(), found.gap, rtol=0, atol=1e-11)
    expected = plain_optimum(energies, p, weight)
    assert expected - 1e-6 <= found.value <= expected + 1e-8 + 1e-11


@given(SEEDS)
def test_of_divergences_from_the_posterior_it_is_the_posterior(seed: int) -> None:
    energies, p = problem(seed)
    found = optimum(Renyi(0.5), energies, np.log(p))
    np.testing.assert_allclose(found.value, -np.log(p @ np.exp(-energies)), rtol=0, atol=found.gap + 1e-11)
    found = optimum(SteinPosterior(), energies, np.log(p))
    assert -1e-12 <= found.value <= found.gap + 1e-12 <= 1.1e-4


@pytest.mark.parametrize("objective", CONVEX, ids=str)
def test_no_other_distribution_goes_below_what_is_certified(objective: Objective) -> None:
    energies, p = problem(0, n=5)
    found = optimum(objective, energies, np.log(p))
    assert 0 <= found.gap <= 1e-4
    assert found.q.dtype == np.float64
    assert (found.q >= 0).all()
    np.testing.assert_allclose(found.q.sum(), 1, rtol=1e-13)
    random = np.random.default_rng(1)
    # Anywhere, near the optimum, and point masses.
    others = [*random.dirichlet(np.ones(32), 10), *random.dirichlet(1e4 * found.q + 1e-2, 10), *np.eye(32)]
    with jax.enable_x64(True):
        functional = objective.bind(energies, np.log(p))
        lowest = float(functional.lowest)
        at = jax.jit(certified)
        assert abs(float(at(functional, jnp.asarray(found.q))[0]) + lowest - found.value) < 1e-11
        for other in others:
            value, _, gap = (np.asarray(part) for part in at(functional, jnp.asarray(other)))
            assert value + lowest >= found.value - found.gap - 1e-11
            assert value + lowest - gap <= found.value + 1e-11


@pytest.mark.parametrize("objective", CONVEX, ids=str)
def test_steps_are_few_and_programs_compiled_once(objective: Objective) -> None:
    minimised.clear_cache()
    for seed in (0, 1):
        energies, p = problem(seed, n=9)
        assert optimum(objective, energies, np.log(p)).iterations < 2000
    assert minimised._cache_size() == 1


def test_a_prior_may_be_given_as_such() -> None:
    energies, _ = problem(0)
    given_as_such = optimum(SELBO(), energies, Bernoulli(0.3))
    table = np.log(objectives_oracle.product_distribution([0.3] * N))
    np.testing.assert_allclose(given_as_such.value, optimum(SELBO(), energies, table).value, rtol=1e-12)
    assert optimum(SELBO(), energies).value != given_as_such.value


def test_a_gap_that_is_not_reached_is_refused() -> None:
    energies, p = problem(0, n=9)
    with pytest.raises(UserError, match=r"tolerance = 0\.0001: after 3 steps the gap is .* nats; give more steps"):
        optimum(SELBO(100.0), energies, np.log(p), steps=3)


def test_what_no_gap_can_certify_is_refused() -> None:
    energies, p = problem(0)
    for objective in (Renyi(2.0), SELBO(divergence=RenyiDivergence(2.0))):
        with pytest.raises(UserError, match=r"alpha=2\.0.* is not convex in q"):
            optimum(objective, energies, np.log(p))


@pytest.mark.parametrize("tolerance", [0.0, -1.0, float("nan")])
def test_wrong_arguments_are_refused(tolerance: float) -> None:
    energies, p = problem(0)
    with pytest.raises(UserError, match=rf"tolerance = {tolerance}: give a positive number"):
        optimum(MLE(), energies, np.log(p), tolerance=tolerance)
    with pytest.raises(UserError, match="steps=0 must be a whole number of at least 1"):
        optimum(MLE(), energies, np.log(p), steps=0)
    with pytest.raises(UserError, match=r"energies of shape \(15,\)"):
        optimum(MLE(), energies[1:], np.log(p))
