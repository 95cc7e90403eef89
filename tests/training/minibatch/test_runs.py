"""Runs on minibatches: their numbers, their folders, what they predict and refuse."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
import objectives_oracle
import oracle
import registers_oracle
from hyperborn.data import Dataset
from hyperborn.data.user_files import raw_table
from hyperborn.errors import UserError
from hyperborn.progress import Progress
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.definition import Definition
from hyperborn.training.fit import run
from hyperborn.training.loop import fresh, train
from hyperborn.training.minibatch.regime import MinibatchRegime
from hyperborn.training.minibatch.steps import MinibatchProblem, advance_by_minibatches, look
from hyperborn.training.regime import Resources
from hyperborn.training.result import Result
from hyperborn.training.state import initial_state
from runs import outcome_of, resume, same, start, start_and_stop
from small_registers import MARGINALS, NETWORK, PRIOR, REGISTERS

QUIET = Resources(Progress(enabled=False))


@pytest.fixture(scope="module")
def definition() -> Definition:
    training = {"steps": 60, "batch_size": 8, "restarts": 2, "optimizer": hb.Adam(0.05), "seed": 3}
    aim = {"objective": hb.ELBO(0.5), "estimator": hb.StraightThrough(), "prior": PRIOR}
    return definition_with_defaults(NETWORK, 40, posterior=REGISTERS, **aim, **training)


@pytest.fixture(scope="module")
def finished(definition, data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    path = tmp_path_factory.mktemp("finished") / "run"
    return path, start(path, definition, data)


def test_the_numbers_are_those_of_all_networks(finished: tuple[Path, Result], data: Dataset) -> None:
    result = finished[1]
    numbers, train_split = result.numbers, data.train
    tables = registers_oracle.tables_of(REGISTERS, result.angles)
    q = registers_oracle.joint(tables, 9)
    energies = registers_oracle.energies(train_split.x, train_split.y, 3, result.side)
    kl = objectives_oracle.divergence_from(q, objectives_oracle.product_distribution(MARGINALS))
    entropy = -float(sum(p * np.log(p) for p in q if p > 0))
    assert list(numbers) == list(MinibatchRegime.numbers)
    # The circuits are simulated in single precision.
    assert numbers["kl"] == pytest.approx(kl, rel=1e-5)
    assert numbers["entropy"] == pytest.approx(entropy, rel=1e-5)
    # 16 draws, whose spread is known within about a fifth.
    deviation = np.sqrt(q @ (energies - q @ energies) ** 2 / 16)
    assert abs(numbers["expected_energy"] - q @ energies) < 4 * deviation
    assert numbers["standard_error"] == pytest.approx(deviation, rel=0.8)
    penalty = float((result.side**2).sum()) / 2
    assert numbers["loss"] == pytest.approx(numbers["expected_energy"] + 0.5 * kl + penalty, rel=1e-5)
    assert numbers["elbo"] == pytest.approx(-numbers["expected_energy"] - kl, rel=1e-5)
    assert penalty > 1e-3


def test_training_brings_the_loss_down(definition, data: Dataset) -> None:
    longer = replace(definition, steps=200)
    reports = list(train(longer, MinibatchProblem(longer, longer.energies(data)), fresh(definition)))
    first, last = reports[0].diagnosis, reports[-1].diagnosis
    assert (last.loss < first.loss - 1).all()
    assert reports[-1].position.step == 200


def test_a_run_is_compiled_once(definition, data: Dataset) -> None:
    jax.clear_caches()
    run(replace(definition, steps=53), data, QUIET)
    assert advance_by_minibatches._cache_size() == 1
    assert look._cache_size() == 1


def test_the_same_seed_gives_the_same_result_to_the_last_bit(
    finished: tuple[Path, Result], definition, data: Dataset
) -> None:
    assert same(run(definition, data, QUIET), finished[1])
    assert not same(run(replace(definition, seed=4), data, QUIET), finished[1])


@pytest.mark.parametrize("step", [0, 1, 25, 40])
def test_a_run_stopped_anywhere_ends_the_same(
    finished: tuple[Path, Result], definition, data: Dataset, tmp_path: Path, step: int
) -> None:
    """Inside of an epoch, too: of 24 examples, 8 a step."""
    start_and_stop(tmp_path / "run", definition, data, step)
    with pytest.raises(UserError, match="run is not finished"):
        hb.load(tmp_path / "run")
    assert same(resume(tmp_path / "run"), finished[1])
    assert outcome_of(tmp_path / "run") == outcome_of(finished[0])


def test_a_result_is_read_back_and_predicts_the_same(
    finished: tuple[Path, Result], data: Dataset, tmp_path: Path
) -> None:
    path, result = finished
    loaded = hb.load(path)
    assert same(loaded, result)
    assert loaded.definition == result.definition
    assert loaded.summary == result.summary
    json.dumps(loaded.summary, allow_nan=False)
    np.testing.assert_array_equal(loaded.predict_proba(data.test.x), result.predict_proba(data.test.x))
    result.save(tmp_path / "copy")
    assert same(hb.load(tmp_path / "copy"), result)


def test_predictions_are_the_mean_over_networks_that_were_drawn(finished: tuple[Path, Result], data: Dataset) -> None:
    result = finished[1]
    x = data.test.x
    draws = result.predictor.sample(32, 0)
    logits = np.stack([registers_oracle.logits(bits, x, 3, result.side)[:, 0] for bits in draws])
    expected = (1 / (1 + np.exp(-logits))).mean(axis=0)
    np.testing.assert_allclose(result.predict_proba(x, calibrated=False)[:, 1], expected, rtol=1e-6)
    # Many draws come close to the sum over all networks.
    q = registers_oracle.joint(registers_oracle.tables_of(REGISTERS, result.angles), 9)
    all_logits = np.stack([registers_oracle.logits(bits, x, 3, result.side)[:, 0] for bits in oracle.all_bits(9)])
    ones = 1 / (1 + np.exp(-all_logits))
    exact = q @ ones
    found = result.predict_proba(x, samples=4000, seed=1, calibrated=False)[:, 1]
    error = np.sqrt(q @ (ones - exact) ** 2 / 4000)
    assert (np.abs(found - exact) < 4 * error + 1e-6).all()


def test_raw_rows_are_predicted_as_the_data_were(finished: tuple[Path, Result], data: Dataset) -> None:
    raw = np.random.default_rng(0).normal(size=(5, 2))
    encoded = data.preprocessing.transform(raw_table(raw, data.preprocessing))
    expected = finished[1].predict_proba(encoded)
    np.testing.assert_allclose(finished[1].predict_table(raw), expected, rtol=1e-12)


def test_the_most_probable_network_is_that_of_every_register(finished: tuple[Path, Result]) -> None:
    result = finished[1]
    best = result.most_probable()[0]
    q = registers_oracle.joint(registers_oracle.tables_of(REGISTERS, result.angles), 9)
    assert q[int("".join(map(str, best)), 2)] == pytest.approx(q.max(), rel=1e-5)
    assert result.summary["map"]["bits"] == "".join(map(str, best))
    with pytest.raises(UserError, match="k=2: of registers side by side, only the most probable network is found"):
        result.most_probable(2)


def test_learning_goes_on_from_the_posterior(finished: tuple[Path, Result], definition, data: Dataset) -> None:
    result = finished[1]
    prior = result.as_prior(0.1)
    new = hb.data.load("moons", size=40, seed=5, preprocessing=data.preprocessing)
    found = run(replace(definition, prior=prior, objective=hb.ELBO(), steps=3), new, QUIET)
    q = registers_oracle.joint(registers_oracle.tables_of(REGISTERS, found.angles), 9)
    doubted = [
        (places, 0.9 * table + 0.1 / len(table))
        for places, table in registers_oracle.tables_of(REGISTERS, result.angles)
    ]
    p = registers_oracle.joint(doubted, 9)
    assert found.numbers["kl"] == pytest.approx(objectives_oracle.divergence_from(q, p), abs=1e-4)
    # It starts where the earlier run ended, but for the correlations inside of registers, and the side parameters.
    begun = np.asarray(initial_state(replace(definition, prior=prior, spread=0.0)).params)[0]
    marginals = REGISTERS.marginals(jnp.asarray(begun[: REGISTERS.n_parameters]))
    np.testing.assert_allclose(marginals, 0.9 * REGISTERS.marginals(jnp.asarray(result.angles)) + 0.05, atol=1e-3)
    with pytest.raises(UserError, match="its registers are not those of this run"):
        replace(definition, posterior=hb.Registers(NETWORK, 3), prior=prior)


WRONG = [
    ({"objective": hb.Renyi()}, "the objective renyi needs the energies of all 2^n networks, so one register"),
    ({"objective": hb.SteinPosterior()}, "the objective stein needs the energies of all 2^n networks"),
    ({"prior": hb.Ising(((0, 1, 0.5),))}, "prior = Ising: registers side by side are not independent under it"),
    ({"prior": hb.Empirical(("011010110",), 0.1)}, "prior = Empirical: registers side by side are not independent"),
    ({"optimizer": hb.LBFGS()}, "the optimizer lbfgs searches along lines of an exact loss"),
    ({"posterior": hb.Register(hb.circuits.AllPairs(9, 1))}, "the estimator straight-through draws from Registers"),
    ({"estimator": hb.Exact()}, "the network has 8 side parameters (scale or noise 'learned')"),
]


@pytest.mark.parametrize(("parts", "said"), WRONG, ids=lambda it: str(it)[:40])
def test_parts_that_do_not_fit_are_one_line_before_anything_starts(
    definition, parts: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError) as caught:
        replace(definition, **parts)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_a_batch_is_no_larger_than_the_data(definition, data: Dataset) -> None:
    found = run(replace(definition, batch_size=1000, steps=3), data, QUIET)
    assert same(found, run(replace(definition, batch_size=24, steps=3), data, QUIET))
