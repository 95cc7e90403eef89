"""Folds, and predictions of what was not learnt from."""

from dataclasses import replace
from threading import Event
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logsumexp

import hyperborn as hb
from hyperborn.config import RunConfig, configured
from hyperborn.config.definitions import definition_of
from hyperborn.data import Dataset, Split
from hyperborn.predictive import ClassProbabilities, NormalMixture, Predictions, predictions_of_networks
from hyperborn.selection.cross_fitting import (
    SPREAD,
    Answer,
    HeldOut,
    answer_of,
    concatenated,
    folds_of,
    learning_from,
    losses_of,
    standard_error,
)
from hyperborn.training.interruption import Interrupted


@given(counts=st.lists(st.integers(1, 12), min_size=2, max_size=4), folds=st.integers(2, 6), seed=st.integers(0, 9))
def test_folds_are_stratified_and_their_training_sets_of_one_size(counts: list[int], folds: int, seed: int) -> None:
    y = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    found = folds_of(y, folds, seed)
    held = np.concatenate([fold.held_out for fold in found]) if found else np.zeros(0, int)
    # Every example once, but for those that are alone in their class.
    assert sorted(held) == [row for row in range(len(y)) if counts[y[row]] > 1]
    assert len({len(fold.train) for fold in found}) <= 1
    for fold in found:
        assert not set(fold.train) & set(fold.held_out)
        assert len(y) - len(fold.held_out) - len(fold.train) in (0, 1)
        for label, count in enumerate(counts):
            share = (y[fold.held_out] == label).sum()
            assert share in ((count // folds, -(-count // folds)) if count > 1 else (0,))
            if count == 1:
                assert np.flatnonzero(y == label)[0] in fold.train or len(set(counts)) == 1


def test_folds_of_numbers_hold_each_out_once() -> None:
    y = np.linspace(0, 1, 23)
    found = folds_of(y, 5, 0)
    assert sorted(np.concatenate([fold.held_out for fold in found])) == list(range(23))
    assert {len(fold.train) for fold in found} == {18}
    assert [list(fold.train) for fold in folds_of(y, 5, 1)] != [list(fold.train) for fold in found]


def configuration(**given: Any) -> RunConfig:
    return configured(RunConfig, None, {"data": "moons", "steps": 40} | given)


@pytest.fixture(scope="module")
def moons() -> Dataset:
    return hb.data.load("moons", size=60)


def test_predictions_are_those_of_a_fit_to_the_other_examples(moons: Dataset) -> None:
    train, held = moons.train.rows(np.arange(20)), moons.train.rows(np.arange(20, 30))
    own = learning_from(moons, train)
    definition = definition_of(configuration(hidden=4, posterior="registers", activation="identity"), own, "elbo")
    answer = answer_of(definition, own, held, Event())
    found = answer.average
    assert isinstance(found, ClassProbabilities)
    network, posterior, objective = definition.network, definition.posterior, definition.objective
    fitted = hb.fit(network, own, posterior=posterior, objective=objective, steps=40, progress=False)
    np.testing.assert_allclose(found.probabilities, fitted.predict_proba(held.x, calibrated=False), rtol=0, atol=1e-6)
    # One network is chosen as that of the result is, which has no validation split either.
    alone, expected = answer.alone(), predictions_of_networks(fitted.fitted, held.x, fitted.one_network.bits[None])
    assert isinstance(alone, ClassProbabilities)
    assert isinstance(expected, ClassProbabilities)
    np.testing.assert_allclose(alone.probabilities, expected.probabilities, rtol=0, atol=1e-6)


def test_a_fit_that_is_given_up_ends_before_its_steps_are_done(moons: Dataset) -> None:
    given_up = Event()
    given_up.set()
    definition = definition_of(configuration(hidden=4, posterior="registers", steps=10**9), moons, "elbo")
    with pytest.raises(Interrupted):
        answer_of(definition, moons, moons.test, given_up)


@pytest.mark.parametrize("beta", [1.0, 0.3])
def test_of_one_register_the_posterior_at_its_beta_predicts(moons: Dataset, beta: float) -> None:
    own = learning_from(moons, moons.train)
    definition = definition_of(configuration(hidden="none", posterior="register", beta=beta), own, "elbo")
    answer = answer_of(definition, own, moons.test, Event())
    found = answer.average
    assert isinstance(found, ClassProbabilities)
    # All eight networks of two weights and a bias, by hand.
    weights = np.array([[a, b, c] for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)])

    def logits(x: np.ndarray) -> np.ndarray:
        return weights @ np.column_stack([x, np.ones(len(x))]).T

    signed = np.where(moons.train.y == 1, logits(moons.train.x), -logits(moons.train.x))
    exponents = -np.log1p(np.exp(-signed)).sum(axis=1) / beta
    q = np.exp(exponents - logsumexp(exponents))
    expected = q @ (1 / (1 + np.exp(-logits(moons.test.x))))
    np.testing.assert_allclose(found.probabilities[:, 1], expected, rtol=1e-9)
    # Networks are drawn from the posterior, not from the circuit, which is not trained: 256 draws have all likely ones.
    likely = np.flatnonzero(q > 0.05)
    learnt, average = 1 / (1 + np.exp(-logits(moons.train.x))), q @ (1 / (1 + np.exp(-logits(moons.train.x))))
    distances = -(average * np.log(learnt) + (1 - average) * np.log(1 - learnt)).mean(axis=1)
    best = likely[distances[likely].argmin()]
    alone = answer.alone()
    assert isinstance(alone, ClassProbabilities)
    one = 1 / (1 + np.exp(-logits(moons.test.x)[best]))
    np.testing.assert_allclose(alone.probabilities[:, 1], one, rtol=1e-9)


def held_out(predictions: Predictions, split: Split) -> HeldOut:
    return HeldOut().added(Answer(predictions, lambda: predictions), split)


def test_scores_are_of_all_parts_at_the_calibration_fitted_to_them(moons: Dataset) -> None:
    random = np.random.default_rng(3)
    p = random.dirichlet([1, 1], size=40)
    y = (random.random(40) < p[:, 1]).astype(np.int64)
    held = HeldOut()
    for rows in (slice(0, 25), slice(25, 40)):
        alone = ClassProbabilities(p[rows][:, ::-1].copy())
        answer = Answer(ClassProbabilities(p[rows]), lambda alone=alone: alone)
        held = held.added(answer, Split(np.zeros((len(y[rows]), 1)), y[rows]))
    score = held.score("one", {"beta": 0.1}, moons, alone=True)
    assert held.score("one", {"beta": 0.1}, moons, alone=False).calibration_alone is None

    def price(temperature: float) -> np.ndarray:
        logits = np.log(p) / temperature
        return logsumexp(logits, axis=1) - logits[np.arange(40), y]

    grid = np.exp(np.linspace(-1, 1, 4001))
    penalised = [price(t).sum() + 0.5 * (np.log(t) / SPREAD) ** 2 for t in grid]
    assert score.calibration == pytest.approx(grid[np.argmin(penalised)], rel=1e-3)
    assert score.calibration_alone is not None
    assert score.calibration_alone > 1.1 * score.calibration
    losses = price(score.calibration)
    assert (score.name, score.examples) == ("one", 40)
    assert score.nll == pytest.approx(losses.mean()) == score.scores["nll"]
    assert score.standard_error == pytest.approx(losses.std(ddof=1) / 40**0.5)


def test_an_example_counts_as_often_as_its_weight_says(moons: Dataset) -> None:
    random = np.random.default_rng(3)
    p, y = random.dirichlet([1, 1], size=40), random.integers(0, 2, 40)
    times = random.integers(0, 3, 40)
    x, rows = np.zeros((40, 1)), np.repeat(np.arange(40), times)
    weighted = held_out(ClassProbabilities(p), Split(x, y, times.astype(np.float64)))
    repeated = held_out(ClassProbabilities(p[rows]), Split(x[rows], y[rows]))
    found, expected = (held.score("one", {}, moons, alone=True) for held in (weighted, repeated))
    assert found.nll == pytest.approx(expected.nll, rel=1e-7)
    assert found.calibration == pytest.approx(expected.calibration, rel=1e-6)
    assert found.scores == pytest.approx(expected.scores, rel=1e-6)


def test_the_standard_error_of_a_weighted_mean_is_that_of_repeated_drawings() -> None:
    random = np.random.default_rng(5)
    losses, weights = random.exponential(size=(20_000, 50)), random.integers(1, 6, size=(20_000, 50)).astype(np.float64)
    means = (losses * weights).sum(axis=1) / weights.sum(axis=1)
    errors = [standard_error(own, times) for own, times in zip(losses[:500], weights[:500], strict=True)]
    # The deviation of 20,000 means is known to 0.5 %, and the mean of 500 errors to 1 %; they are low by 2 % for 50.
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(means.std(), rel=0.05)
    assert standard_error(losses[0], None) == pytest.approx(losses[0].std(ddof=1) / 50**0.5)


def test_mixtures_of_different_numbers_of_components_come_one_after_another() -> None:
    random = np.random.default_rng(0)
    two, three = (
        NormalMixture(random.dirichlet(np.ones(k), size=n).T, random.normal(size=(k, n)), 0.5 + random.random((k, n)))
        for k, n in ((2, 4), (3, 5))
    )
    joined = concatenated([two, three])
    assert isinstance(joined, NormalMixture)
    y = random.normal(size=9)
    expected = np.concatenate([two.log_density(y[:4]), three.log_density(y[4:])])
    np.testing.assert_allclose(-losses_of(joined, y), expected, rtol=1e-12)
    np.testing.assert_allclose(joined.deviation, np.concatenate([two.deviation, three.deviation]), rtol=1e-12)


def test_regressions_are_scored_in_the_units_of_the_target() -> None:
    x = np.random.default_rng(1).normal(size=(30, 2))
    data = hb.data.from_arrays(x, 100 + 50 * x[:, 0], task="regression")
    mean, deviation = data.preprocessing.target_scaling.mean, data.preprocessing.target_scaling.deviation
    y = data.train.y
    held = held_out(NormalMixture(*(np.full((1, len(y)), value) for value in (1.0, 0.0, 1.0))), data.train)
    score = held.score("flat", {}, data, alone=True)
    assert score.nll - held.losses.mean() == pytest.approx(np.log(deviation))
    assert score.scores["rmse"] == pytest.approx(np.sqrt(np.mean((deviation * y) ** 2)))
    assert mean == pytest.approx(data.preprocessing.own_labels(y).mean())


def test_what_is_learnt_from_is_all_that_the_data_hold(moons: Dataset) -> None:
    own = learning_from(moons, moons.validation)
    assert (len(own.train), len(own.validation), len(own.test)) == (len(moons.validation), 0, 0)
    assert isinstance(replace(own).train, Split)
