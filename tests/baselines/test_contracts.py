"""What every baseline must do."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
import oracle
from hyperborn.baselines import (
    BASELINES,
    Baseline,
    BayesBiNN,
    Ensemble,
    MeanField,
    MultilayerPerceptron,
    TrainedMeanField,
)
from hyperborn.baselines.potential import potential_of
from hyperborn.data.dataset import Split
from hyperborn.errors import UserError

Tasks = Callable[..., Any]
SHORT: dict[str, Baseline] = {
    "bayesbinn": BayesBiNN(steps=50),
    "mean-field": MeanField(steps=25, restarts=2),
    "mlp": MultilayerPerceptron(restarts=1, iterations=60),
}
"""Settings that spare time; the others are quick with their own."""

every_baseline = pytest.mark.parametrize(
    "baseline", [SHORT.get(name, kind()) for name, kind in BASELINES.items()], ids=list(BASELINES)
)
sampled_walkers = pytest.mark.parametrize(
    "name", ["greedy-flips", "simulated-annealing", "straight-through", "bop", "bayesbinn", "gibbs"]
)


def check_probabilities(found: Any, examples: int, classes: int) -> None:
    assert type(found) is np.ndarray
    assert found.dtype == np.float64
    assert found.shape == (examples, classes)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)


def test_they_are_registered_by_their_names() -> None:
    names = "exhaustive greedy-flips simulated-annealing straight-through bop bayesbinn mean-field gibbs"
    assert list(BASELINES) == [*names.split(), "logistic-regression", "mlp"]
    assert all(kind.name == name for name, kind in BASELINES.items())
    assert hb.baselines.BASELINES is BASELINES


@every_baseline
def test_predictions_are_probabilities_and_better_than_chance(baseline: Baseline, task: Tasks) -> None:
    net, data = task(examples=60)
    found = baseline.fit(net, data).predict_proba(data.test.x)
    check_probabilities(found, len(data.test), 2)
    assert np.mean(found.argmax(axis=1) == data.test.y) > 0.7
    check_probabilities(baseline.fit(net, data).predict_proba(data.test.x[:0]), 0, 2)


@every_baseline
def test_an_example_counts_as_often_as_its_weight_says(baseline: Baseline, task: Tasks) -> None:
    """Every example is there with either class, and the one that weighs a thousand times as much is learnt."""
    net, data = task(examples=60, hidden=())
    flipped = Split(
        np.concatenate([data.train.x, data.train.x]),
        np.concatenate([1 - data.train.y, data.train.y]),
        np.repeat([1e-3, 1.0], len(data.train)),
    )
    found = baseline.fit(net, replace(data, train=flipped)).predict_proba(data.test.x)
    assert np.mean(found.argmax(axis=1) == data.test.y) > 0.7
    turned = replace(flipped, weights=np.repeat([1.0, 1e-3], len(data.train)))
    found = baseline.fit(net, replace(data, train=turned)).predict_proba(data.test.x)
    assert np.mean(found.argmax(axis=1) == data.test.y) < 0.3


def test_minibatches_of_weighted_examples_are_unbiased(task: Tasks) -> None:
    """The mean over the minibatches of an epoch is the potential on all examples, and that is the plain energy's."""
    net, data = task(examples=30)
    weights = np.linspace(0, 3, 30)
    weighted = replace(data, train=data.train.weighted("weights", weights))
    potential = potential_of(net, weighted, hb.Uniform(), "bop")
    bits = (np.arange(net.n_weights) % 3 > 0).astype(np.uint8)
    spins = jnp.asarray(2.0 * bits - 1)
    batches = jnp.asarray(np.random.default_rng(0).permutation(30).reshape(6, 5))
    found = [potential.of_minibatch(rows).energy(spins) for rows in batches]
    logits = oracle.mlp_logits(bits, data.train.x, net.hidden, 1)
    expected = -(oracle.class_log_probabilities(logits)[np.arange(30), data.train.y] @ weights)
    np.testing.assert_allclose(potential.energy(spins), expected, rtol=1e-5)
    np.testing.assert_allclose(np.mean(found), expected, rtol=1e-5)


def test_the_mlp_refuses_minibatches_of_weighted_examples(task: Tasks) -> None:
    net, data = task(examples=30)
    weighted = replace(data, train=data.train.weighted("weights", np.linspace(0, 3, 30)))
    with pytest.raises(UserError, match=r"batch_size=5: mlp takes weighted examples all at once; leave batch_size out"):
        MultilayerPerceptron(batch_size=5).fit(net, weighted)


@every_baseline
def test_three_classes(baseline: Baseline, task: Tasks) -> None:
    net, data = task("iris", examples=80, hidden=())
    found = baseline.fit(net, data).predict_proba(data.test.x)
    check_probabilities(found, len(data.test), 3)
    assert np.mean(found.argmax(axis=1) == data.test.y) > 0.6


# Before the test below, which is served by the same programs.
@every_baseline
def test_a_second_fit_of_the_same_shapes_compiles_nothing(
    baseline: Baseline, task: Tasks, compilations: list[str]
) -> None:
    net, data = task(values=(0.0, 1.0), hidden=(), examples=37)
    _, others = task("circles", values=(0.0, 1.0), hidden=(), examples=37)
    baseline.fit(net, data, prior=hb.Bernoulli(0.4)).predict_proba(data.test.x)
    # These compile nothing, and mean field shares the programs of these shapes with the tests above.
    if baseline.name not in ("exhaustive", "logistic-regression", "mean-field", "mlp"):
        assert compilations
    compilations.clear()
    baseline.fit(net, others, prior=hb.Bernoulli(0.4), seed=1).predict_proba(data.test.x)
    assert not compilations


@every_baseline
def test_values_other_than_minus_and_plus_one(baseline: Baseline, task: Tasks) -> None:
    net, data = task(values=(0.0, 1.0), hidden=(), examples=37)
    other, _ = task(values=(1.0, 0.0), hidden=(), examples=37)
    found = baseline.fit(net, data).predict_proba(data.test.x)
    check_probabilities(found, len(data.test), 2)
    # The same networks with their bits the other way round; for those that draw, of different draws.
    turned = baseline.fit(other, data).predict_proba(data.test.x)
    assert np.abs(turned - found).max() < 0.1


@every_baseline
def test_the_same_seed_gives_the_same_result(baseline: Baseline, task: Tasks) -> None:
    net, data = task(examples=60)
    once, again = (baseline.fit(net, data, seed=3).predict_proba(data.test.x) for _ in range(2))
    np.testing.assert_array_equal(once, again)


@pytest.mark.parametrize("name", ["bayesbinn", "gibbs", "mlp"])
def test_another_seed_gives_another_result(name: str, task: Tasks) -> None:
    net, data = task(examples=60)
    baseline = SHORT.get(name, BASELINES[name]())
    one, other = (baseline.fit(net, data, seed=seed).predict_proba(data.test.x) for seed in (0, 1))
    assert np.abs(one - other).max() > 1e-9


@every_baseline
def test_only_the_training_split_is_learnt_from(baseline: Baseline, task: Tasks) -> None:
    net, data = task(examples=60)
    poison = Split(np.full_like(data.test.x, 1e6), 1 - data.test.y)
    poisoned = replace(data, test=poison)
    if baseline.name not in ("logistic-regression", "mlp"):
        poisoned = replace(poisoned, validation=poison)
    one, other = (baseline.fit(net, given).predict_proba(data.test.x) for given in (data, poisoned))
    np.testing.assert_array_equal(one, other)


@every_baseline
def test_other_training_data_give_another_result(baseline: Baseline, task: Tasks) -> None:
    net, data = task(examples=60)
    turned = replace(
        data, train=Split(data.train.x, 1 - data.train.y), validation=Split(data.test.x[:0], data.test.y[:0])
    )
    one, other = (baseline.fit(net, given).predict_proba(data.test.x) for given in (data, turned))
    assert np.abs(one - other).max() > 0.1


@sampled_walkers
def test_networks_too_large_to_enumerate(name: str, task: Tasks) -> None:
    net, data = task("digits", examples=40, hidden=())
    assert net.n_weights == 650
    small = {"simulated-annealing": {"chains": 4, "sweeps": 3}, "gibbs": {"chains": 4, "burn_in": 2, "kept": 2}}
    settings = small.get(name, {"starts": 2} if name == "greedy-flips" else {"restarts": 2, "steps": 30})
    learnt = BASELINES[name](**settings).fit(net, data)
    assert isinstance(learnt, Ensemble)
    check_probabilities(learnt.predict_proba(data.test.x), len(data.test), 10)


@every_baseline
def test_a_prior_of_independent_bits_is_taken(baseline: Baseline, task: Tasks) -> None:
    net, data = task(examples=4)
    certain = hb.Bernoulli([1e-6, 1 - 1e-6] * 4 + [1e-6])
    learnt = baseline.fit(net, data, prior=certain)
    if isinstance(learnt, Ensemble):
        np.testing.assert_array_equal(learnt.bits, [[0, 1] * 4 + [0]])
    elif isinstance(learnt, TrainedMeanField):
        found = hb.ExactPosterior(np.zeros(2**9), np.log(learnt.result.probabilities + 1e-300)).marginals
        np.testing.assert_array_equal(np.round(found), [0, 1] * 4 + [0])
    else:  # of full precision, which has no use for it
        same = baseline.fit(net, data).predict_proba(data.test.x)
        np.testing.assert_array_equal(learnt.predict_proba(data.test.x), same)


@sampled_walkers
def test_other_priors_are_refused(name: str, task: Tasks) -> None:
    net, data = task()
    ising = hb.Ising(((0, 1, 0.5),))
    with pytest.raises(UserError, match=f"{name} takes priors of independent bits; give Uniform or Bernoulli"):
        BASELINES[name]().fit(net, data, prior=ising)


@every_baseline
def test_what_does_not_fit_is_refused(baseline: Baseline, task: Tasks) -> None:
    net, data = task(examples=60)
    with pytest.raises(UserError, match=r"the data has 2 features .* the network (takes )?3"):
        baseline.fit(hb.networks.BinaryMLP(3, (1,)), data)
    learnt = baseline.fit(net, data)
    with pytest.raises(UserError, match="the data has 3 features but the network takes 2"):
        learnt.predict_proba(np.zeros((4, 3)))


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("greedy-flips", {"starts": 0}, "starts=0 must be a whole number of at least 1"),
        ("simulated-annealing", {"chains": 1}, "chains=1 must be a whole number of at least 2, because the first"),
        ("simulated-annealing", {"sweeps": 1.5}, "sweeps=1.5 must be a whole number of at least 2"),
        ("simulated-annealing", {"coldest": 0.0}, "coldest=0.0 must be a positive number"),
        ("straight-through", {"learning_rate": -1}, "learning_rate=-1 must be a positive number"),
        ("straight-through", {"steps": 0}, "steps=0 must be"),
        ("bop", {"adaptivity": 1.5}, "adaptivity=1.5 must be a positive number of at most 1"),
        ("bop", {"threshold": float("nan")}, "threshold=nan must be a positive number"),
        ("bayesbinn", {"draws": 0}, "draws=0 must be"),
        ("bayesbinn", {"temperature": "hot"}, "temperature='hot' must be a positive number"),
        ("mean-field", {"restarts": 0}, "restarts=0 must be"),
        ("gibbs", {"kept": 0}, "kept=0 must be"),
        ("logistic-regression", {"penalty": 0}, "penalty=0 must be a positive number"),
        ("mlp", {"iterations": 0}, "iterations=0 must be"),
        ("mlp", {"batch_size": 0}, "batch_size=0 must be a whole number of at least 1"),
        ("mlp", {"learning_rate": 0}, "learning_rate=0 must be a positive number"),
        ("straight-through", {"batch_size": 1.5}, "batch_size=1.5 must be a whole number of at least 1"),
        ("bop", {"batch_size": 0}, "batch_size=0 must be"),
        ("bop", {"restarts": True}, "restarts=True must be"),
        ("bayesbinn", {"side_rate": 0}, "side_rate=0 must be a positive number"),
        ("bayesbinn", {"kl_weight": 0}, "kl_weight=0 must be a positive number"),
        ("bayesbinn", {"kl_weight": None}, "kl_weight=None must be a positive number"),
        ("bayesbinn", {"learning_rate": 2}, "learning_rate=2 must be a positive number of at most 1"),
    ],
)
def test_settings_out_of_range_are_refused(name: str, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as caught:
        BASELINES[name](**settings)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@every_baseline
def test_nothing_is_warned_of(baseline: Baseline, task: Tasks) -> None:
    net, data = task(examples=4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        baseline.fit(net, data)
