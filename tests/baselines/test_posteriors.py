"""Methods that learn a distribution over networks, against the exact posterior."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
import objectives_oracle
from hyperborn.baselines import BayesBiNN, Ensemble, Gibbs, MeanField
from hyperborn.baselines.baseline import ensemble_of_draws
from hyperborn.baselines.bayesbinn import FULL_BATCH, MINIBATCH, Bayesian, learn_posterior, spin_variance
from hyperborn.baselines.descent import descent_settings
from hyperborn.baselines.potential import Potential, potential_of
from hyperborn.data.dataset import Split


def plain_posterior(energies: np.ndarray, marginals: np.ndarray) -> np.ndarray:
    joint = objectives_oracle.product_distribution(marginals.tolist()) * np.exp(-(energies - energies.min()))
    return joint / joint.sum()


@pytest.mark.parametrize("prior", [hb.Uniform(), hb.Bernoulli(0.3)], ids=repr)
def test_gibbs_frequencies_are_those_of_the_posterior(prior: hb.Uniform, task: Any, plain_energies: Any) -> None:
    """Chains are independent: each one's mean counts as one draw, 2,000 chains, within 4.5 standard errors, seed 4."""
    net, data = task("moons", examples=8, hidden=(1,))
    n = net.n_weights
    posterior = plain_posterior(plain_energies(net, data), prior.marginals(n))
    chains, kept = 2000, 10
    sampler = Gibbs(chains=chains, burn_in=30, kept=kept)
    draws = sampler.draws(net, data, prior=prior, seed=4)
    assert draws.shape == (chains * kept, n)
    assert draws.dtype == np.uint8
    places = (draws @ (1 << np.arange(n - 1, -1, -1))).reshape(chains, kept)
    shares = (places[:, :, None] == np.arange(2**n)).mean(axis=1)
    errors = shares.std(axis=0, ddof=1) / np.sqrt(chains)
    often = posterior > 1e-3
    assert often.sum() > 10
    assert (np.abs(shares.mean(axis=0) - posterior) < 4.5 * errors)[often].all()
    assert posterior[~often].sum() == pytest.approx(shares.mean(axis=0)[~often].sum(), abs=0.01)


def test_gibbs_predicts_as_the_exact_posterior(task: Any) -> None:
    net, data = task("circles", examples=40, hidden=(2,))
    exact = hb.ExactPosterior(hb.energies(net, data.train)).predictive(net, data.test.x)
    # The standard error is that between eight independent runs.
    runs = np.array([Gibbs().fit(net, data, seed=seed).predict_proba(data.test.x)[:, 1] for seed in range(8)])
    error = runs.std(axis=0, ddof=1) / np.sqrt(8)
    assert (np.abs(runs.mean(axis=0) - exact[:, 1]) < 6 * error + 0.005).all()
    assert np.abs(runs - exact[:, 1]).mean() < 0.02


def test_draws_count_as_often_as_they_were_drawn() -> None:
    net = hb.networks.BinaryMLP(2, ())
    draws = np.array([[1, 0, 1], [0, 0, 1], [1, 0, 1], [1, 0, 1]], np.uint8)
    x = np.random.default_rng(0).normal(size=(5, 2))
    found = ensemble_of_draws(net, draws)
    assert len(found.bits) == 2
    np.testing.assert_allclose(found.predict_proba(x), Ensemble(net, draws).predict_proba(x), rtol=1e-12)


def test_bayesbinn_learns_the_prior_where_data_say_nothing() -> None:
    """Features of 0 leave the bias alone to be learnt, and one label of each class leaves it at its prior."""
    net = hb.networks.BinaryMLP(3, ())
    data = hb.data.from_arrays(np.zeros((10, 3)), [0, 1] * 5, validation=0.2, test=0.2, standardize=False)
    marginals = [0.2, 0.9, 0.6, 0.5]
    found = BayesBiNN().fit(net, data, prior=hb.Bernoulli(marginals)).marginals
    assert found is not None
    # The first three have gradients of exactly 0: λ goes to λ_0 geometrically.
    np.testing.assert_allclose(found[:3], marginals[:3], atol=0.02)


def test_bayesbinn_gradient_of_a_linear_energy() -> None:
    """With λ given, E[s c] is c d/dμ E[relaxed weight], by numerical integration over u; 5 standard errors."""
    slopes, natural, temperature = np.array([0.7, -1.2, 0.3]), np.array([0.0, 0.8, -1.5]), 0.3
    rule = Bayesian(20_000, learning_rate=0.01, temperature=temperature, kl_weight=1.0, floor=0.0, largest=8.0)
    keys = jax.random.split(jax.random.key(0), 16)

    proposals = [rule.propose(jnp.asarray(natural, jnp.float32), key) for key in keys]
    found = np.array([np.asarray(factors, float).mean(axis=0) * slopes for _, factors in proposals])
    assert all(np.abs(spins).max() <= 1 for spins, _ in proposals)
    u = (np.arange(400_000) + 0.5) / 400_000

    def relaxed(lambdas: np.ndarray) -> np.ndarray:
        return np.tanh((lambdas[:, None] + 0.5 * np.log(u / (1 - u))) / temperature).mean(axis=1)

    step = 1e-4
    slope = (relaxed(natural + step) - relaxed(natural - step)) / (np.tanh(natural + step) - np.tanh(natural - step))
    error = found.std(axis=0, ddof=1) / np.sqrt(16)
    assert (np.abs(found.mean(axis=0) - slopes * slope) < 5 * error).all()
    # The colder, the nearer to c itself: by a quarter at most here.
    assert (np.abs(slope - 1) < 0.25).all()


def test_the_spread_of_a_weight_keeps_its_digits() -> None:
    natural = np.array([-7.5, -1.0, 0.0, 2.0, 8.0])
    np.testing.assert_allclose(spin_variance(jnp.asarray(natural, jnp.float32)), 1 / np.cosh(natural) ** 2, rtol=1e-5)


def test_bayesbinn_draws_from_what_it_learns(task: Any) -> None:
    net, data = task(examples=20)
    settings = BayesBiNN(draws=20_000)
    potential = potential_of(net, data, hb.Uniform(), settings.name)
    assert isinstance(potential, Potential)
    descent, own = descent_settings(settings, 20, full_batch=FULL_BATCH, minibatch=MINIBATCH)
    assert own.pop("draws") == 20_000
    start = own.pop("spread")
    rule = Bayesian(**own, kl_weight=1.0)
    natural, _, draws = learn_posterior(np.uint32(1), potential, rule=rule, settings=descent, draws=20_000, start=start)
    ones = settings.fit(net, data, seed=1).marginals
    assert ones is not None
    np.testing.assert_allclose(ones, 1 / (1 + np.exp(-2 * np.asarray(natural, float))), rtol=1e-6)
    error = np.sqrt(ones * (1 - ones) / 20_000)
    assert (np.abs(np.asarray(draws).mean(axis=0) - ones) < 5 * error + 1e-4).all()


def test_the_weight_of_bayesbinn_s_kl_tempers_the_likelihood(task: Any) -> None:
    """At a weight of 2 the posterior is that of half the energy: with data twice over, that of the data."""
    net, data = task("moons", examples=15, hidden=())
    twice = replace(data, train=Split(np.tile(data.train.x, (2, 1)), np.tile(data.train.y, 2)))
    # The same seed draws the same noise, and both take the same steps.
    one = BayesBiNN(restarts=1).fit(net, data).marginals
    other = BayesBiNN(restarts=1, kl_weight=2.0).fit(net, twice).marginals
    assert one is not None
    assert other is not None
    np.testing.assert_allclose(other, one, atol=2e-3)
    alone = BayesBiNN(restarts=1).fit(net, twice).marginals
    assert np.abs(alone - one).max() > 0.03


@pytest.mark.parametrize("prior", [hb.Uniform(), hb.Bernoulli(0.3)], ids=repr)
def test_bayesbinn_comes_near_the_best_product_distribution(prior: hb.Uniform, task: Any) -> None:
    """Of networks without a hidden layer, whose best product distribution is met from any start."""
    net, data = task("iris", examples=30, hidden=())
    energies = hb.energies(net, data.train)
    exact = hb.ExactPosterior(energies, prior.log_probabilities(net))
    best = MeanField(steps=300).fit(net, data, prior=prior).result.numbers["elbo_gap"]
    found = BayesBiNN().fit(net, data, prior=prior).marginals
    assert found is not None
    gap = exact.compared(objectives_oracle.product_distribution(found.tolist()))["elbo_gap"]
    assert -1e-3 < gap - best < 1.0


def test_mean_field_is_as_good_as_coordinate_ascent(task: Any, plain_energies: Any) -> None:
    """Coordinate ascent from 30 starts, by enumeration: each weight's odds given the others are exact in turn."""
    net, data = task("moons", examples=20)
    energies, n = plain_energies(net, data), net.n_weights
    states = np.arange(2**n)
    bits = (states[:, None] >> np.arange(n - 1, -1, -1)) & 1
    random, gaps = np.random.default_rng(0), []
    log_evidence = np.log(np.exp(-(energies - energies.min())).mean()) - energies.min()
    for _ in range(30):
        ones = random.uniform(0.2, 0.8, n)
        for _ in range(60):
            for i in range(n):
                others = np.delete(np.where(bits == 1, ones, 1 - ones), i, axis=1).prod(axis=1)
                odds = (others * energies) @ (1.0 - 2.0 * bits[:, i])
                ones[i] = 1 / (1 + np.exp(-odds))
        ones = np.clip(ones, 1e-12, 1 - 1e-12)
        q = np.where(bits == 1, ones, 1 - ones).prod(axis=1)
        entropy = -(ones * np.log(ones) + (1 - ones) * np.log(1 - ones)).sum()
        gaps.append(log_evidence + q @ energies - entropy + n * np.log(2))
    found = MeanField().fit(net, data).result.numbers["elbo_gap"]
    assert found < min(gaps) + 0.1
