"""Methods that look for one best network, against plain enumeration."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
import objectives_oracle
import oracle
from hyperborn.baselines import (
    BASELINES,
    Bop,
    Exhaustive,
    GreedyFlips,
    SimulatedAnnealing,
    StraightThroughAdam,
    bop,
    straight_through,
)
from hyperborn.baselines.descent import DescentSettings
from hyperborn.baselines.greedy import descend_by_flips
from hyperborn.baselines.potential import bits_of_spins, potential_of
from hyperborn.training.minibatch.epochs import Epochs

PRIOR = hb.Bernoulli([0.1, 0.9, 0.3, 0.5, 0.6, 0.2, 0.8, 0.4, 0.7])


def log_prior(marginals: np.ndarray) -> np.ndarray:
    return np.log(objectives_oracle.product_distribution(marginals.tolist()))


@pytest.mark.parametrize("prior", [hb.Uniform(), PRIOR, hb.Ising(((0, 3, 2.0), (5, 8, -3.0)), 0.1)], ids=repr)
def test_exhaustive_search_finds_the_most_probable_network(prior: hb.Uniform, task: Any, plain_energies: Any) -> None:
    net, data = task(examples=12)
    potentials = plain_energies(net, data) - prior.log_probabilities(9)
    learnt = Exhaustive().fit(net, data, prior=prior)
    np.testing.assert_array_equal(learnt.bits, oracle.all_bits(9)[[potentials.argmin()]])
    # One network's probabilities, nothing averaged.
    logits = oracle.mlp_logits(learnt.bits[0], data.test.x, (2,), 1)
    expected = np.exp(oracle.class_log_probabilities(logits))
    np.testing.assert_allclose(learnt.predict_proba(data.test.x), expected, rtol=1e-12)


def test_of_equally_good_networks_the_first_is_taken(task: Any, plain_energies: Any) -> None:
    # The two hidden units can change places, so every network with different units has a twin.
    net, data = task(examples=20)
    energies = plain_energies(net, data)
    best = np.flatnonzero(energies < energies.min() + 1e-9)
    assert len(best) > 1
    np.testing.assert_array_equal(Exhaustive().fit(net, data).bits, oracle.all_bits(9)[best[:1]])


@pytest.mark.parametrize("prior", [hb.Uniform(), PRIOR], ids=repr)
def test_greedy_descent_ends_where_no_flip_is_better(prior: hb.Uniform, task: Any, plain_energies: Any) -> None:
    net, data = task("circles", examples=40)
    potentials = plain_energies(net, data) - log_prior(prior.marginals(9))
    potential = potential_of(net, data, prior, "greedy-flips")
    ends = bits_of_spins(descend_by_flips(np.uint32(5), potential, starts=200))
    assert ends.shape == (200, 9)
    places = ends @ (1 << np.arange(8, -1, -1))
    flipped = places[:, None] ^ (1 << np.arange(9))
    # To the rounding of float32.
    assert (potentials[flipped] >= potentials[places][:, None] - 1e-4).all()
    # There are several such ends, the best among them.
    assert len({round(value, 6) for value in potentials[places]}) > 1
    kept = GreedyFlips(starts=200).fit(net, data, prior=prior, seed=5).bits
    assert potentials[kept[0] @ (1 << np.arange(8, -1, -1))] == potentials[places].min()


SEARCHES = [GreedyFlips(), SimulatedAnnealing(), StraightThroughAdam(), Bop()]


@pytest.mark.parametrize("hidden", [(2,), ()], ids=["hidden", "linear"])
@pytest.mark.parametrize("prior", [hb.Uniform(), hb.Bernoulli(0.2)], ids=repr)
@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: search.name)
def test_searches_find_the_optimum_of_small_tasks(
    search: Any, prior: hb.Uniform, hidden: tuple[int, ...], task: Any, plain_energies: Any
) -> None:
    for name, examples in (("moons", 20), ("circles", 60)):
        net, data = task(name, examples=examples, hidden=hidden)
        potentials = plain_energies(net, data) - log_prior(prior.marginals(net.n_weights))
        for seed in range(5):
            found = search.fit(net, data, prior=prior, seed=seed)
            assert found.bits.shape == (1, net.n_weights)
            assert found.bits.dtype == np.uint8
            place = found.bits[0] @ (1 << np.arange(net.n_weights - 1, -1, -1))
            assert potentials[place] == pytest.approx(potentials.min(), abs=1e-9), (name, seed)


@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: search.name)
def test_searches_come_close_on_thirteen_weights(search: Any, task: Any) -> None:
    """Mean energy above the optimum over ten seeds, against that of the best of as many random networks."""
    net, data = task("circles", examples=100, hidden=(3,))
    energies = hb.energies(net, data.train)
    above = [
        float(hb.energy.energy(net, data.train, search.fit(net, data, seed=seed).bits)[0]) - energies.min()
        for seed in range(10)
    ]
    assert min(above) > -1e-9
    assert np.mean(above) < 0.1


def test_one_start_alone_can_be_trapped(task: Any) -> None:
    """The starts do the work: a single one does not always reach the optimum, so the tests above can fail."""
    net, data = task("circles", examples=60)
    best = hb.energies(net, data.train).min()
    for search in (GreedyFlips(starts=1), StraightThroughAdam(restarts=1, steps=20), Bop(restarts=1, steps=20)):
        found = [hb.energy.energy(net, data.train, search.fit(net, data, seed=seed).bits)[0] for seed in range(20)]
        assert max(found) > best + 0.1


@pytest.mark.parametrize("name", ["straight-through", "bop"])
def test_gradient_steps_are_those_of_the_formula(name: str, task: Any) -> None:
    """One restart of few steps on a linear network, with the gradients written out; the best network met counts."""
    net, data = task("moons", examples=25, hidden=(), values=(-1.0, 2.0))
    steps = 12
    x, y = np.c_[data.train.x, np.ones(25)], data.train.y

    def value_and_gradient(spins: np.ndarray) -> tuple[float, np.ndarray]:
        logits = x @ (0.5 + 1.5 * spins)
        wrong = 1 / (1 + np.exp(-logits)) - y
        return float(np.logaddexp(0, np.where(y == 1, -logits, logits)).sum()), 1.5 * x.T @ wrong

    potential = potential_of(net, data, hb.Uniform(), name)
    epochs = Epochs.of(25, None, incomplete="pad")
    settings = DescentSettings(restarts=1, steps=steps, epochs=epochs, side_rate=0.01)
    if name == "bop":
        found = bop.train_by_flips(np.uint32(2), potential, rule=bop.Flips(0.3, 0.02), settings=settings)
        spins = np.asarray(potential.draw_prior(1, key=jax.random.key(2)), float)[0]
        momentum, met = np.zeros(3), []
        for _ in range(steps):
            value, gradient = value_and_gradient(spins)
            met.append((value, spins))
            momentum = 0.7 * momentum + 0.3 * gradient / 25
            spins = np.where((np.abs(momentum) > 0.02) & (np.sign(momentum) == spins), -spins, spins)
    else:
        rule = straight_through.Latent(0.1)
        found = straight_through.train_latent_weights(np.uint32(2), potential, rule=rule, settings=settings)
        latent = np.asarray(jax.random.uniform(jax.random.key(2), (1, 3), minval=-1.0, maxval=1.0), float)[0]
        first, second, met = np.zeros(3), np.zeros(3), []
        for step in range(1, steps + 1):
            spins = np.where(latent >= 0, 1.0, -1.0)
            value, gradient = value_and_gradient(spins)
            met.append((value, spins))
            first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
            update = (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
            latent = np.clip(latent - 0.1 * update, -1, 1)
    best = min(met, key=lambda one: one[0])[1]
    np.testing.assert_array_equal(np.asarray(found.spins)[0], best)
    assert float(found.values[0]) == pytest.approx(min(value for value, _ in met), rel=1e-5)
    assert len({tuple(spins) for _, spins in met}) > 1


def test_the_potential_is_energy_minus_log_prior_up_to_a_constant(task: Any, plain_energies: Any) -> None:
    for net, data in (task(values=(-3.0, 0.5)), task("iris", hidden=(), values=(0.0, 1.0))):
        marginals = np.linspace(0.1, 0.9, net.n_weights)
        potential = potential_of(net, data, hb.Bernoulli(marginals.tolist()), "gibbs")
        bits = oracle.all_bits(net.n_weights)[::37]
        expected = (plain_energies(net, data) - log_prior(marginals))[::37]
        found = np.array([float(potential(jnp.asarray(2.0 * row - 1, jnp.float32))) for row in bits])
        np.testing.assert_allclose(found - found[0], expected - expected[0], atol=3e-4)


def test_every_search_is_tried() -> None:
    assert {search.name for search in SEARCHES} | {"exhaustive"} <= set(BASELINES)
