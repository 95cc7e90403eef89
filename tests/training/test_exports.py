"""Exports of results: which networks go out, how they are calibrated, and what is said of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.networks import BinaryMLP, Regression
from hyperborn.predictive import ClassProbabilities, predictions_of_networks
from hyperborn.training import exports
from hyperborn.training.result import Result


@pytest.fixture(scope="module")
def iris() -> Result:
    network = BinaryMLP(4, (6,), 3, scale="learned")
    return hb.fit(network, hb.data.load("iris"), posterior=hb.Registers(network), steps=60, progress=False)


def test_one_network_is_the_chosen_one(iris: Result) -> None:
    one = iris.one_network
    expected = predictions_of_networks(iris.fitted, iris.data.test.x, one.bits[None]).calibrated(one.calibration)
    found = iris.exported().predictions(iris.data.test.x)
    assert isinstance(expected, ClassProbabilities)
    assert isinstance(found, ClassProbabilities)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, rtol=1e-9)


def test_several_networks_are_drawn_and_calibrated_together(iris: Result) -> None:
    bits = iris.sample(5, seed=3)
    part = iris.data.validation
    average = predictions_of_networks(iris.fitted, part.x, bits)
    expected = predictions_of_networks(iris.fitted, iris.data.test.x, bits).calibrated(
        average.fitted_calibration(part.y)
    )
    model = iris.exported(5, seed=3)
    found = model.predictions(iris.data.test.x)
    assert isinstance(expected, ClassProbabilities)
    assert isinstance(found, ClassProbabilities)
    assert model.n_networks == 5
    np.testing.assert_allclose(found.probabilities, expected.probabilities, rtol=1e-9)


def test_without_validation_examples_the_posterior_says_the_calibration(iris: Result) -> None:
    none = iris.data.validation.rows(np.zeros(0, np.int64))
    result = replace(iris, learnt_from=replace(iris.data, validation=none))
    assert result.exported(4).calibration == result.calibration == 1


@pytest.mark.parametrize("networks", [1, 3])
def test_scores_are_those_of_what_was_written(iris: Result, networks: int, tmp_path: Path) -> None:
    found = iris.export_npz(tmp_path / "model.npz", networks=networks)
    predictions = iris.exported(networks).predictions(iris.data.test.x)
    assert found.test == predictions.scores(iris.data.test.y)
    assert found.average == iris.metrics("test")
    assert found.files == ()
    bits = networks * iris.network.n_weights
    assert found.size_in_bytes == -(-bits // 8) + 4 * iris.network.n_side


def test_without_test_examples_others_are_test_vectors(iris: Result, tmp_path: Path) -> None:
    none = iris.data.test.rows(np.zeros(0, np.int64))
    result = replace(iris, learnt_from=replace(iris.data, test=none))
    found = result.export_c(tmp_path / "model", numbers="q15")
    assert found.test == {}
    assert found.difference is None
    assert "#define TEST_ROWS 30" in (tmp_path / "model" / "test_vectors.h").read_text()


def test_fixed_point_says_how_far_it_is(iris: Result, tmp_path: Path) -> None:
    from hyperborn.export.c.fixed_model import FixedModel

    found = iris.export_c(tmp_path / "model", numbers="q15")
    model = iris.exported()
    rows = exports.test_rows(iris)
    values, classes = FixedModel(model, iris.data.train.x).answers(rows)
    exact = model.values_of_rows(rows)
    assert found.difference == pytest.approx(np.abs(values - exact).max(), abs=1e-6)
    assert found.other_classes == (classes != exact.argmax(axis=1)).sum()


def test_a_regression(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    x = random.standard_normal((80, 2))
    data = hb.data.from_arrays(x, 50 + 4 * x[:, 0] + 0.1 * random.standard_normal(80))
    network = Regression(BinaryMLP(2, (4,), scale="learned"), hb.Gaussian("learned"))
    result = hb.fit(network, data, posterior=hb.Registers(network), steps=60, progress=False)
    found = result.export_c(tmp_path / "model", numbers="q15", networks=2)
    assert found.test.keys() == result.metrics("test").keys()
    assert found.other_classes is None
    assert found.difference is not None
    assert found.difference < 0.1
    written = result.exported(2)
    expected = predictions_of_networks(result.fitted, data.test.x, result.sample(2)).calibrated(written.calibration)
    scaling = data.preprocessing.target_scaling
    assert scaling is not None
    np.testing.assert_allclose(written.predictions(data.test.x).best, scaling.restored(expected.best), rtol=1e-9)


def test_a_posterior_of_one_circuit(tmp_path: Path) -> None:
    data = hb.data.load("moons", size=60)
    posterior = hb.Register(hb.circuits.AllPairs(3, depth=1))
    result = hb.fit(BinaryMLP(2, ()), data, posterior=posterior, steps=20, progress=False)
    assert result.export_c(tmp_path / "one").networks == 1
    assert result.export_c(tmp_path / "many", networks=16).networks == 16


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"networks": 0}, "networks=0"),
        ({"networks": 10**6}, "networks=1000000"),
        ({"seed": -1}, "seed=-1"),
    ],
)
def test_arguments_out_of_range(iris: Result, change: dict[str, object], said: str, tmp_path: Path) -> None:
    with pytest.raises(hb.UserError, match=said):
        iris.export_c(tmp_path / "model", **change)
    assert not (tmp_path / "model").exists()
