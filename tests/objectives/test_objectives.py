import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.errors import UserError
from hyperborn.objectives.objectives import ELBO, MLE, OBJECTIVES, SELBO, Objective, Renyi, SteinPosterior
from hyperborn.posteriors.enumeration import log_evidence

NOT_POSITIVE = [0.0, -1.0, float("inf"), float("nan")]


@pytest.mark.parametrize("beta", NOT_POSITIVE)
def test_beta_is_positive(beta: float) -> None:
    with pytest.raises(UserError, match=rf"beta = {beta}: give a positive number .*MLE"):
        ELBO(beta)
    with pytest.raises(UserError, match=rf"beta = {beta}: give a positive number .*MLE"):
        SELBO(beta=beta)


@pytest.mark.parametrize("weight", NOT_POSITIVE)
def test_weight_is_positive(weight: float) -> None:
    with pytest.raises(UserError, match=rf"SELBO weight = {weight}: give a positive number or 'kl-matched'"):
        SELBO(weight)
    with pytest.raises(UserError, match=rf"SteinPosterior weight = {weight}: give a positive number or 'kl-matched'"):
        SteinPosterior(weight)


@pytest.mark.parametrize("temperature", NOT_POSITIVE)
def test_temperature_is_positive(temperature: float) -> None:
    with pytest.raises(UserError, match=rf"temperature = {temperature}: give a positive number"):
        SteinPosterior(temperature=temperature)


def test_settings_of_the_divergence_inside_are_checked_at_once() -> None:
    with pytest.raises(UserError, match=r"alpha = .* is as good as the Kullback-Leibler divergence"):
        Renyi(1.0)
    with pytest.raises(UserError, match=r"alpha = -1\.0: give a positive number"):
        Renyi(-1.0)
    with pytest.raises(UserError, match="operator = 'gibbs': give 'barker' or 'difference'"):
        SteinPosterior(operator="gibbs")  # pyright: ignore[reportArgumentType]


@given(st.integers(0, 2**32 - 1))
def test_the_renyi_bound_lies_between_the_elbo_and_the_log_evidence_below_one(seed: int) -> None:
    random = np.random.default_rng(seed)
    energies, q = random.gamma(2.0, 3.0, 32), random.dirichlet(np.ones(32))
    log_p = np.log(random.dirichlet(np.ones(32)))
    with jax.enable_x64(True):
        bounds = []
        for objective in (Renyi(0.1), Renyi(0.9), Renyi(0.9999), ELBO(), Renyi(1.5)):
            functional = objective.bind(energies, log_p)
            bounds.append(-float(functional(jnp.asarray(q))) - float(functional.lowest))
    assert (np.diff([log_evidence(energies, log_p), *bounds]) < 0).all()
    np.testing.assert_allclose(bounds[2], bounds[3], rtol=0.02)


@pytest.mark.parametrize(
    ("objective", "temperature"),
    [(MLE(), 0.0), (ELBO(), 1.0), (ELBO(0.3), 0.3), (Renyi(0.5), 1.0), (SteinPosterior(temperature=2.0), 2.0)],
    ids=str,
)
def test_the_lowest_value_is_that_of_the_optimum_and_no_other(objective: Objective, temperature: float) -> None:
    """The optimum is proportional to (p exp(-energy))^(1/T), with p itself instead of its power for the ELBO."""
    random = np.random.default_rng(3)
    energies, log_p = random.gamma(2.0, 3.0, 32), np.log(random.dirichlet(np.ones(32)))
    if temperature:
        prior = log_p / temperature if isinstance(objective, SteinPosterior) else log_p
        log_q = prior - energies / temperature
        best = np.exp(log_q - log_q.max())
        best /= best.sum()
    else:
        best = np.eye(32)[energies.argmin()]
    with jax.enable_x64(True):
        functional = objective.bind(energies, log_p)
        values = [
            float(functional(jnp.asarray(q))) + float(functional.lowest)
            for q in (best, *(0.99 * best + 0.01 * random.dirichlet(np.ones(32), 20)))
        ]
    assert objective.lowest(energies, log_p) == pytest.approx(values[0], abs=1e-9)
    assert min(values[1:]) > values[0] + 1e-9


def test_without_a_formula_the_lowest_value_is_not_known() -> None:
    assert SELBO().lowest(np.zeros(4), np.full(4, np.log(0.25))) is None


def test_objectives_are_registered_by_name() -> None:
    assert {"mle": MLE, "elbo": ELBO, "selbo": SELBO, "renyi": Renyi, "stein": SteinPosterior} == OBJECTIVES
