"""Baselines of large networks: minibatches and side parameters."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
import oracle
from hyperborn.baselines import BASELINES, BayesBiNN, Bop, MultilayerPerceptron, StraightThroughAdam, descent
from hyperborn.baselines.baseline import Baseline
from hyperborn.baselines.bop import Flips, train_by_flips
from hyperborn.baselines.descent import DescentSettings, at_once, descend
from hyperborn.baselines.potential import potential_of
from hyperborn.baselines.straight_through import Latent, train_latent_weights
from hyperborn.data import Dataset
from hyperborn.data.dataset import Split
from hyperborn.networks import BinaryMLP, Fitted
from hyperborn.training.minibatch.epochs import Epochs

KINDS: tuple[type[Baseline], ...] = (StraightThroughAdam, Bop, BayesBiNN)
every_method = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def padded(examples: int, batch_size: int | None) -> Epochs:
    return Epochs.of(examples, batch_size, incomplete="pad")


def scaled(data: Dataset, hidden: tuple[int, ...] = (8,)) -> BinaryMLP:
    """A network with side parameters."""
    return BinaryMLP(data.n_features, hidden, data.n_classes, activation="tanh", bias=False, scale="learned")


def energies_with_side(net: BinaryMLP, bits: np.ndarray, side: np.ndarray, split: Split) -> float:
    """NLL of one network of one hidden layer, tanh and learned scales, written out."""
    inputs, hidden, outputs = net.n_features, net.hidden[0], net.n_outputs
    weights = 2.0 * bits - 1
    first, second = weights[: inputs * hidden].reshape(inputs, hidden), weights[inputs * hidden :].reshape(hidden, -1)
    gain, shift, last = side[:hidden], side[hidden : 2 * hidden], side[2 * hidden :]
    sums = np.tanh(split.x @ first / np.sqrt(inputs) * np.exp(gain) + shift)
    return oracle.nll(sums @ second / np.sqrt(hidden) * np.exp(last[0]) + last[1 : 1 + outputs], split.y)


def test_batches_estimate_the_energy_of_all_examples_without_bias(task: Any) -> None:
    """The energies of batches, weighted with their sizes, make that of all examples; so do their gradients."""
    net, data = task(examples=11)
    potential = potential_of(net, data, hb.Bernoulli(0.3), "bop")
    order = padded(11, 4).order(jax.random.key(0))
    spins = jnp.where(jnp.arange(9) % 2 == 0, 1.0, -1.0)
    shares = np.asarray((order < 11).sum(axis=1)) / 11
    assert sorted((11 * shares).round().astype(int)) == [3, 4, 4]
    parts = [potential.of_minibatch(rows) for rows in order]
    expected = oracle.nll(oracle.mlp_logits(np.array([1, 0] * 4 + [1]), data.train.x, (2,), 1), data.train.y)
    assert sum(shares * [float(part.energy(spins)) for part in parts]) == pytest.approx(expected, rel=1e-5)
    gradients = np.array([jax.grad(part.energy)(spins) for part in parts])
    np.testing.assert_allclose(shares @ gradients, np.asarray(jax.grad(potential.energy)(spins)), rtol=1e-4, atol=1e-4)
    # The prior is not of the data, and counts once.
    assert float(parts[0].penalty(spins)) == float(potential.penalty(spins))


@every_method
def test_a_batch_of_all_examples_is_no_minibatch(kind: Any, task: Any) -> None:
    net, data = task(examples=30)
    whole, given = (kind(steps=40, restarts=2, batch_size=size).fit(net, data) for size in (None, 30))
    larger = kind(steps=40, restarts=2, batch_size=1000).fit(net, data)
    for other in (given, larger):
        np.testing.assert_array_equal(whole.bits, other.bits)
        np.testing.assert_array_equal(whole.predict_proba(data.test.x), other.predict_proba(data.test.x))
    parts = kind(steps=40, restarts=2, batch_size=4).fit(net, data, seed=1)
    assert parts.bits.dtype == np.uint8


def test_minibatches_of_copies_are_all_examples(task: Any) -> None:
    """Where every example is the same, every batch has the gradient of all: the steps are those of the whole data."""
    net, data = task(examples=1)
    copies = replace(data, train=Split(np.tile(data.train.x, (12, 1)), np.tile(data.train.y, 12)))
    potential = potential_of(net, copies, hb.Uniform(), "straight-through")
    starts = jax.random.uniform(jax.random.key(0), (2, 9), minval=-1.0)
    ends = []
    for size in (None, 4):
        # Rates fall in both, as they do with minibatches.
        rule = Latent(0.05)
        object.__setattr__(rule, "cools", True)
        settings = DescentSettings(2, 25, padded(12, size), 0.01)
        ends.append(descend(rule, settings, potential, starts, key=jax.random.key(1)))
    np.testing.assert_allclose(ends[0].state[0], ends[1].state[0], atol=1e-5)


@every_method
def test_side_parameters_are_learnt(kind: Any) -> None:
    """Labels that features say nothing about: only the shift of the output, a side parameter, can tell their shares."""
    x = np.zeros((200, 3))
    data = hb.data.from_arrays(x, ([1] * 4 + [0]) * 40, validation=0.2, test=0.2, standardize=False)
    net = scaled(data, (2,))
    share = data.train.y.mean()
    for size in (None, 16):
        given = {"restarts": 1, "samples": 2} if kind is BayesBiNN else {"restarts": 1}
        learnt = kind(batch_size=size, steps=600, **given).fit(net, data)
        assert isinstance(learnt.network, Fitted)
        assert learnt.network.network == net
        assert learnt.network.side.dtype == np.float64
        found = learnt.predict_proba(data.test.x)[:, 1]
        np.testing.assert_allclose(found, share, atol=0.04)
    assert abs(0.5 - share) > 0.2


@every_method
def test_digits_are_told_apart_from_minibatches_with_side_parameters(kind: Any, task: Any) -> None:
    _, data = task("digits", examples=400)
    net = scaled(data, (16,))
    baseline = kind(batch_size=32, steps=260)
    learnt = baseline.fit(net, data)
    found = learnt.predict_proba(data.test.x)
    assert np.mean(found.argmax(axis=1) == data.test.y) > 0.7
    # With what was learnt beside the weights, they predict better than without.
    nll = hb.predictive.mean_nll(found, data.test.y)
    bare = replace(learnt, network=net).predict_proba(data.test.x)
    assert nll < hb.predictive.mean_nll(bare, data.test.y) - 0.05
    np.testing.assert_array_equal(found, baseline.fit(net, data).predict_proba(data.test.x))
    assert np.abs(found - baseline.fit(net, data, seed=1).predict_proba(data.test.x)).max() > 1e-3


@pytest.mark.parametrize("kind", [StraightThroughAdam, Bop], ids=lambda kind: kind.name)
def test_of_several_restarts_the_lowest_potential_counts_its_side_parameters_too(kind: Any, task: Any) -> None:
    _, data = task("moons", examples=40)
    net = scaled(data, (3,))
    potential = potential_of(net, data, hb.Uniform(), kind.name)
    descent_settings = DescentSettings(restarts=5, steps=30, epochs=padded(40, 8), side_rate=0.05)
    rule = Latent(0.1) if kind is StraightThroughAdam else Flips(0.1, 1e-3)
    train = {"bop": train_by_flips, "straight-through": train_latent_weights}[kind.name]
    found = train(np.uint32(3), potential, rule=rule, settings=descent_settings)
    bits, sides = np.asarray(found.spins) > 0, np.asarray(found.side, float)
    potentials = [
        energies_with_side(net, row, side, data.train) + 0.5 * side @ side
        for row, side in zip(bits, sides, strict=True)
    ]
    best = int(np.argmin(potentials))
    settings = {"learning_rate": 0.1} if kind is StraightThroughAdam else {"adaptivity": 0.1, "threshold": 1e-3}
    learnt = kind(restarts=5, steps=30, batch_size=8, side_rate=0.05, **settings).fit(net, data, seed=3)
    np.testing.assert_array_equal(learnt.bits, bits[[best]])
    np.testing.assert_array_equal(learnt.network.side, sides[best])
    assert max(potentials) > min(potentials) + 0.1


def test_the_network_met_with_all_examples_is_the_best_with_its_own_side_parameters(task: Any) -> None:
    """Bop with a threshold of almost nothing flips about: the last network is not the best one it met."""
    _, data = task("circles", examples=40)
    net = scaled(data, (3,))
    potential = potential_of(net, data, hb.Uniform(), "bop")
    starts = potential.draw_prior(3, key=jax.random.key(5))
    rule = Flips(0.5, 1e-9)
    values = []
    for steps in (1, 5, 40):
        settings = DescentSettings(restarts=3, steps=steps, epochs=padded(40, None), side_rate=0.05)
        met = descend(rule, settings, potential, starts, key=jax.random.key(0)).networks
        values.append(np.asarray(met.values))
        for row, side, value in zip(met.spins, met.side, met.values, strict=True):
            side = np.asarray(side, float)
            plain = energies_with_side(net, np.asarray(row) > 0, side, data.train) + 0.5 * side @ side
            assert plain == pytest.approx(float(value), rel=1e-4)
    assert (values[0] >= values[1]).all()
    assert (values[1] > values[2]).any()


def test_restarts_run_side_by_side_as_far_as_memory_allows(task: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    net, data = task(examples=30)
    potential = potential_of(net, data, hb.Uniform(), "bop")
    settings, rule = DescentSettings(6, 10, padded(30, 8), 0.01), Flips(0.1, 1e-3)
    starts = potential.draw_prior(6, key=jax.random.key(5))
    assert at_once(rule, settings, potential) == 6
    together = descend(rule, settings, potential, starts, key=jax.random.key(0))
    one = 4 * (2 * net.working_floats * 8 + 12 * 9)
    for most, number in ((1, 1), (2, 2), (5, 3)):
        monkeypatch.setattr(descent, "MEMORY", most * one)
        assert at_once(rule, settings, potential) == number
        parted = descend(rule, settings, potential, starts, key=jax.random.key(0))
        np.testing.assert_array_equal(parted.networks.spins, together.networks.spins)
    monkeypatch.setattr(descent, "MEMORY", 1)
    assert at_once(rule, settings, potential) == 1


def test_gradients_pass_straight_through_sign_activations(task: Any) -> None:
    net, data = task("circles", hidden=(4, 3), activation="sign", scale="fan_in")
    potential = potential_of(net, data, hb.Uniform(), "straight-through")
    starts = jax.random.uniform(jax.random.key(0), (1, net.n_weights), minval=-1.0)
    settings = DescentSettings(1, 20, padded(30, None), 0.01)
    ends = descend(Latent(0.01), settings, potential, starts, key=jax.random.key(1)).state[0]
    moved = np.abs(np.asarray(ends - starts))[0]
    for name in ("W1", "W2", "W3"):
        assert np.mean(moved[net[name]] > 0.01) > 0.5, name


def test_a_perceptron_of_minibatches_minimises_the_same_loss(task: Any) -> None:
    """Its penalty is that of all examples: as many epochs as it takes come near what L-BFGS finds."""
    net, data = task("moons", examples=100, hidden=())
    data = replace(data, validation=Split(data.validation.x[:0], data.validation.y[:0]))
    for penalty in (0.5, 20.0):
        whole, parts = (
            MultilayerPerceptron(penalty=penalty, batch_size=size, iterations=300, learning_rate=0.01).fit(net, data)
            for size in (None, 10)
        )
        one, other = (learnt.predict_proba(data.test.x) for learnt in (whole, parts))
        assert other.dtype == np.float64
        np.testing.assert_allclose(one, other, atol=0.02)
        assert parts.model.n_iter_ == 300
    assert MultilayerPerceptron(batch_size=10).fit(net, data).model.n_iter_ == 40
    same = MultilayerPerceptron(batch_size=100).fit(net, data).predict_proba(data.test.x)
    np.testing.assert_array_equal(same, MultilayerPerceptron().fit(net, data).predict_proba(data.test.x))


def test_all_that_follow_gradients_are_tried() -> None:
    taking = {name for name, kind in BASELINES.items() if "batch_size" in kind.__dataclass_fields__}
    assert taking == {kind.name for kind in KINDS} | {"mlp"}
