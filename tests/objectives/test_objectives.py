import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hyperborn.errors import UserError
from hyperborn.objectives.objectives import ELBO, MLE, OBJECTIVES, SELBO, Renyi, SteinPosterior
from hyperborn.posteriors.evidence import log_evidence

NOT_POSITIVE = [0.0, -1.0, float("inf"), float("nan")]


@pytest.mark.parametrize("beta", NOT_POSITIVE)
def test_beta_is_positive(beta: float) -> None:
    with pytest.raises(UserError, match=rf"beta = {beta}: give a positive number .*MLE"):
        ELBO(beta)


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


@settings(deadline=None, max_examples=20)
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


def test_objectives_are_registered_by_name() -> None:
    assert {"mle": MLE, "elbo": ELBO, "selbo": SELBO, "renyi": Renyi, "stein": SteinPosterior} == OBJECTIVES
