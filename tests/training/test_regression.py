"""Regressions end to end: the exact posterior, a run with its numbers, its folder, and runs from shots."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import hyperborn as hb
import my_parts
import oracle
import regression_oracle
from hyperborn.backends import Statevector
from hyperborn.data import Dataset, Split
from hyperborn.energy import energy
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP, Regression
from hyperborn.predictive import NormalMixture
from hyperborn.predictive.mixture_averages import exact_mixture, mixture_of_networks
from hyperborn.storage import read_metrics
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.result import Result
from runs import resume, same, start, start_and_stop
from tiny_run import tiny_definition

LEVELS = (0.25, 0.5, 1.0, 2.0)
NETWORK = Regression(BinaryMLP(2, (), bias=False, output_scales=(0.25, 0.5)), hb.Gaussian("bits", LEVELS))


@pytest.fixture(scope="module")
def data() -> Dataset:
    random = np.random.default_rng(0)
    x = random.normal(size=(60, 2))
    return hb.data.from_arrays(x, 300 + 40 * (x @ [1.0, -1.0] + 0.5 * random.normal(size=60)))


@pytest.fixture(scope="module")
def result(data: Dataset) -> Result:
    register = hb.Register(hb.circuits.AllPairs(NETWORK.n_weights, depth=2))
    return hb.fit(NETWORK, data, posterior=register, steps=200, restarts=1, progress=False)


def of_all(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Energies (networks,), means (networks, examples) and noise (networks,), network by network."""
    rows = [
        regression_oracle.means_and_noise(row, x, (), LEVELS, bias=False, output_scales=(0.25, 0.5))
        for row in oracle.all_bits(5)
    ]
    energies = [regression_oracle.normal_nll(mean, noise, y) for mean, noise in rows]
    return np.array(energies), np.stack([mean for mean, _ in rows]), np.array([noise for _, noise in rows])


def test_the_posterior_and_its_predictions_are_those_of_enumeration(result: Result, data: Dataset) -> None:
    energies, _, _ = of_all(data.train.x, data.train.y)
    weights = np.exp(energies.min() - energies)
    exact = hb.ExactPosterior(hb.energies(NETWORK, data.train))
    np.testing.assert_allclose(exact.probabilities, weights / weights.sum(), rtol=1e-9, atol=1e-300)
    log_evidence = np.log(weights.sum()) - energies.min() - 5 * np.log(2)
    assert exact.log_evidence == pytest.approx(log_evidence, rel=1e-12)
    assert result.numbers["log_evidence"] == pytest.approx(log_evidence, rel=1e-9)
    assert 0 <= result.numbers["elbo_gap"] < 0.5

    _, means, noise = of_all(data.test.x, data.test.y)
    q, scaling = result.probabilities, data.preprocessing.target_scaling
    assert scaling is not None
    found = result.predictions(data.test.x, calibrated=False)
    assert isinstance(found, NormalMixture)
    own, own_noise = scaling.mean + scaling.deviation * means, scaling.deviation * noise[:, None]
    np.testing.assert_allclose(found.mean, q @ own, rtol=1e-7)
    density = q @ regression_oracle.normal_density(own, own_noise, scaling.restored(data.test.y))
    assert result.metrics(calibrated=False)["nll"] == pytest.approx(-np.log(density).mean(), rel=1e-7)
    np.testing.assert_allclose(exact_mixture(NETWORK, data.test.x, exact.probabilities).mean,
                               exact.probabilities @ means, rtol=1e-10)  # fmt: skip


def test_all_that_is_reported_is_in_the_units_of_the_target(result: Result, data: Dataset) -> None:
    summary = result.summary
    assert summary["target"] == {
        "name": "target",
        "mean": pytest.approx(300, abs=20),
        "deviation": pytest.approx(60, rel=0.2),
    }
    for split in ("train", "validation", "test"):
        assert list(summary[split]) == ["rmse", "mae", "nll", "r2", "coverage_50", "coverage_90"]
        assert list(summary["linear"][split]) == list(summary[split])
        assert 15 < summary[split]["rmse"] < 60
    assert summary["map"]["test_rmse"] > 15
    assert "temperature" not in summary
    assert summary["deviation_factor"] == result.calibration
    np.testing.assert_array_equal(result.predict(data.test.x), result.predictions(data.test.x).best)
    assert abs(result.predict(data.test.x).mean() - 300) < 60
    raw = data.preprocessing
    assert raw.target_scaling is not None
    draws = result.predictions(data.test.x, samples=2000, seed=1).best
    assert np.abs(draws - result.predict(data.test.x)).max() < 10
    rows = np.array([[0.0, 0.0], [1.0, -1.0]])
    np.testing.assert_allclose(result.predictions_of_table(rows).best, result.predict(raw.apply(rows)), rtol=1e-12)


def test_other_units_of_the_target_change_no_posterior(result: Result, data: Dataset) -> None:
    scaling = data.preprocessing.target_scaling
    assert scaling is not None
    again = Split(data.train.x, scaling.standardised(scaling.restored(data.train.y)))
    np.testing.assert_allclose(hb.energies(NETWORK, again), hb.energies(NETWORK, data.train), rtol=1e-12)
    assert result.metrics()["r2"] > 0.5


def test_a_folder_gives_the_result_back(result: Result, data: Dataset, tmp_path: Path) -> None:
    result.save(tmp_path / "run")
    found = hb.load(tmp_path / "run")
    assert found.definition == result.definition
    assert found.summary == result.summary
    assert found.data.preprocessing.target_scaling == data.preprocessing.target_scaling
    np.testing.assert_array_equal(found.data.train.y, data.train.y)


def test_a_stopped_run_goes_on_to_the_same_result(result: Result, data: Dataset, tmp_path: Path) -> None:
    start_and_stop(tmp_path / "run", result.definition, data)
    assert same(resume(tmp_path / "run"), result)


def test_a_likelihood_of_ones_own_is_logged_under_its_score(data: Dataset, tmp_path: Path) -> None:
    network = Regression(BinaryMLP(2, (), bias=False), my_parts.Renamed())
    register = hb.Register(hb.circuits.ProductState(network.n_weights))
    definition = definition_with_defaults(network, len(data.train), posterior=register, steps=50, plateau=None)
    whole = start(tmp_path / "whole", definition, data)
    scores = [record["train_miss"] for record in read_metrics(tmp_path / "whole" / "metrics.jsonl")]
    assert len(scores) == 3
    assert min(scores) > 0
    assert same(hb.load(tmp_path / "whole"), whole)
    start_and_stop(tmp_path / "run", definition, data, 30)
    assert same(resume(tmp_path / "run"), whole)


def test_classes_are_not_asked_of_numbers(result: Result, data: Dataset) -> None:
    with pytest.raises(UserError, match="a regression, which has no classes"):
        result.predict_proba(data.test.x)
    with pytest.raises(UserError, match="a regression, which has no classes"):
        result.network_probabilities(result.most_probable(), data.test.x)
    with pytest.raises(UserError, match="a regression, which has no classes; take calibration, a factor of"):
        _ = result.temperature


def test_network_and_data_must_be_of_one_task(data: Dataset) -> None:
    definition = tiny_definition()
    with pytest.raises(UserError, match=r"a number as its target, the network predicts classes; give hb.networks.Regr"):
        definition.check(data)
    other = tiny_definition(network=Regression(BinaryMLP(2, (2,)), hb.Gaussian(0.3)))
    with pytest.raises(UserError, match="the data has 2 classes, the network predicts a number"):
        other.check(hb.data.load("moons", size=40))


def test_noise_that_is_learned_needs_registers(data: Dataset) -> None:
    network = Regression(BinaryMLP(2, ()), hb.Gaussian("learned"))
    with pytest.raises(UserError, match=r"1 side parameters \(scale or noise 'learned'\), which the estimator exact"):
        hb.fit(network, data, posterior=hb.Register(hb.circuits.ProductState(3)), progress=False)
    shots = hb.ShotRegister(hb.circuits.ProductState(3), Statevector())
    with pytest.raises(UserError, match=r"1 side parameters \(scale or noise 'learned'\), which shots do not train"):
        hb.fit(network, data, posterior=shots, progress=False)


def test_shots_train_a_regression(data: Dataset) -> None:
    """SPSA from 200 shots a point, seed 0: the energy falls far below that of the uniform distribution."""
    posterior = hb.ShotRegister(hb.circuits.ProductState(5), Statevector())
    result = hb.fit(
        NETWORK, data, posterior=posterior, objective=hb.MLE(), estimator=hb.SPSA(200), steps=40, progress=False
    )
    energies, _, _ = of_all(data.train.x, data.train.y)
    assert result.numbers["expected_energy"] < energies.mean() - 0.5 * (energies.mean() - energies.min())
    outcomes = result.outcomes
    assert outcomes is not None
    _, means, _ = of_all(data.test.x, data.test.y)
    expected = outcomes.weights @ means[outcomes.bits @ (1 << np.arange(4, -1, -1))]
    scaling = data.preprocessing.target_scaling
    assert scaling is not None
    np.testing.assert_allclose(result.predict(data.test.x), scaling.restored(expected), rtol=1e-10)


def test_intervals_of_the_posterior_cover_the_truth() -> None:
    """200 data sets of 20 training and 20 test examples, seed 6, each from a network of the prior: the model is right.

    Coverage is then right on average over data sets; their standard error is taken over data sets, as examples of one
    share a posterior. Within 4 of them of 50 and 90 %.
    """
    random = np.random.default_rng(6)
    net = Regression(BinaryMLP(3, ()), hb.Gaussian("bits", LEVELS))
    covered, every = [], oracle.all_bits(6)
    for _ in range(200):
        x, bits = random.normal(size=(40, 3)), random.integers(0, 2, (1, 6), dtype=np.uint8)
        outputs = net(bits, x)[0]
        y = outputs[:, 0] + np.exp(outputs[:, 1]) * random.normal(size=40)
        # Fewer calls than by enumeration, whose types are checked in tests.
        energies = energy(net, SimpleNamespace(x=x[:20], y=y[:20]), every)
        scores = mixture_of_networks(net, x[20:], every, np.exp(energies.min() - energies)).scores(y[20:])
        covered.append([scores["coverage_50"], scores["coverage_90"]])
    found = np.array(covered)
    errors = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0) - [0.5, 0.9]) < 4 * errors).all()
    assert (errors < 0.02).all()
