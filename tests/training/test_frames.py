"""A result as data frames: the numbers of its other methods, under names that say what they are."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hyperborn as hb
import oracle
from hyperborn.backends import Statevector
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP, Regression
from hyperborn.predictive import NormalMixture
from hyperborn.training.frames import names_of_weights
from hyperborn.training.result import Result
from own_energies import TABLE

QUICK: dict[str, Any] = {"steps": 20, "restarts": 1, "progress": False}


@pytest.fixture(scope="module")
def result(define, data: Dataset) -> Result:
    return hb.fit(define().network, data, posterior=define().posterior, prior=hb.Bernoulli(0.4), **QUICK)


@pytest.fixture(scope="module")
def registers(data: Dataset) -> Result:
    net = BinaryMLP(2, hidden=(2,))
    return hb.fit(net, data, posterior=hb.Registers(net, 2, depth=1), **QUICK)


def test_metrics_are_those_of_the_result_beside_simpler_ones(result: Result) -> None:
    frame = result.to_frame()
    assert frame.columns.tolist() == ["split", "predictions", "accuracy", "nll", "brier", "ece", "auc"]
    rows = {(row["split"], row["predictions"]): row for row in frame.to_dict("records")}
    ways = ["average", "linear", "constant"]
    named = [(name, way) for name in ("train", "validation") for way in ways]
    assert list(rows) == [*named, *(("test", way) for way in ("average", "one_network", "linear", "constant"))]
    for name in ("train", "validation", "test"):
        row = rows[name, "average"]
        assert {key: row[key] for key in result.metrics(name)} == result.metrics(name)
        assert rows[name, "linear"]["nll"] == result.summary["linear"][name]["nll"]
    assert rows["test", "one_network"]["accuracy"] == result.summary["one_network"]["test"]["accuracy"]


def test_predictions_of_a_split_are_a_row_an_example(result: Result) -> None:
    frame, part = result.to_frame("predictions", split="validation"), result.data.validation
    probabilities = result.predict_proba(part.x)
    zero, one = result.data.classes
    assert frame.columns.tolist() == ["true", "prediction", f"probability_{zero}", f"probability_{one}", "nll"]
    np.testing.assert_array_equal(frame[f"probability_{one}"], probabilities[:, 1])
    assert frame["true"].tolist() == [result.data.classes[label] for label in part.y]
    assert frame["prediction"].tolist() == [result.data.classes[label] for label in probabilities.argmax(axis=1)]
    assert frame["nll"].mean() == pytest.approx(result.metrics("validation")["nll"], rel=1e-12)
    assert len(result.to_frame("predictions")) == len(result.data.test)


def test_weights_of_examples_stand_beside_them(result: Result) -> None:
    weights = np.arange(1.0, 1.0 + len(result.data.test))
    data = replace(result.data, test=result.data.test.weighted("weights", weights))
    frame = replace(result, learnt_from=data).to_frame("predictions")
    assert frame["weight"].tolist() == weights.tolist()


def test_predictions_of_a_table_have_no_labels(result: Result) -> None:
    first, second = (column.name for column in result.data.preprocessing.columns)
    raw = pd.DataFrame({second: [0.5, 1.0], first: [-1.0, 2.0]})
    frame = result.to_frame("predictions", table=raw)
    assert [name.partition("_")[0] for name in frame.columns] == ["prediction", "probability", "probability"]
    np.testing.assert_array_equal(frame.iloc[:, 1:], result.predict_table(raw))


def test_predictions_of_numbers_are_in_the_units_of_the_target() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(40, 2))
    data = hb.data.from_arrays(x, 300 + 40 * x[:, 0])
    net = Regression(BinaryMLP(2, (), bias=False), hb.Gaussian(0.5))
    result = hb.fit(net, data, posterior=hb.Register(hb.circuits.Brickwork(2, depth=1)), **QUICK)
    frame, found = result.to_frame("predictions"), result.predictions(data.test.x)
    bounds = ["low_50", "high_50", "low_90", "high_90"]
    assert frame.columns.tolist() == ["true", "mean", "standard_deviation", *bounds, "nll"]
    assert isinstance(found, NormalMixture)
    np.testing.assert_array_equal(frame["mean"], found.mean)
    np.testing.assert_array_equal(frame[["low_90", "high_90"]].T, found.interval(0.9))
    np.testing.assert_allclose(frame["true"], data.preprocessing.own_labels(data.test.y))
    assert 200 < frame["true"].mean() < 400
    assert frame["nll"].mean() == pytest.approx(result.metrics("test")["nll"], rel=1e-12)
    assert "rmse" in result.to_frame().columns


def test_the_most_probable_networks_are_beside_their_exact_posterior(result: Result) -> None:
    frame = result.to_frame("networks", count=5)
    names = [f"W1[{i}, {j}]" for i in range(2) for j in range(2)] + ["b1[0]", "b1[1]", "W2[0, 0]", "W2[1, 0]", "b2[0]"]
    assert frame.columns.tolist() == ["energy", "log_q", "q", "posterior", *names]
    bits = result.most_probable(5)
    np.testing.assert_array_equal(frame[names], bits)
    order = np.sort(result.probabilities)[::-1]
    np.testing.assert_allclose(frame["q"], order[:5], rtol=1e-5)
    np.testing.assert_allclose(np.log(frame["q"]), frame["log_q"])
    every = oracle.all_bits(9)
    x, y = result.data.train.x, result.data.train.y
    energies = np.array([oracle.nll(oracle.mlp_logits(row, x, (2,), 1), y) for row in every])
    ones = every.sum(axis=1)
    joint = 0.4**ones * 0.6 ** (9 - ones) * np.exp(-energies)
    places = bits @ (1 << np.arange(8, -1, -1))
    np.testing.assert_allclose(frame["energy"], energies[places], rtol=1e-10)
    np.testing.assert_allclose(frame["posterior"], (joint / joint.sum())[places], rtol=1e-8)
    assert len(result.to_frame("networks")) == 10


def test_networks_are_drawn_with_a_seed(result: Result) -> None:
    frame = result.to_frame("networks", count=30, seed=3)
    drawn = result.sample(30, seed=3)
    assert sorted(map(tuple, frame.iloc[:, 4:].to_numpy().tolist())) == sorted(map(tuple, drawn.tolist()))
    assert (np.diff(frame["log_q"]) <= 0).all()


def test_of_registers_the_most_probable_one_is_first_and_others_are_drawn(registers: Result) -> None:
    frame = registers.to_frame("networks", count=4)
    assert "posterior" not in frame
    np.testing.assert_array_equal(frame.iloc[:1, 3:], registers.most_probable(1))
    assert (np.diff(frame["log_q"]) <= 0).all()
    assert len(registers.to_frame("networks", count=1)) == 1
    np.testing.assert_allclose(frame["energy"], registers.energies(frame.iloc[:, 3:].to_numpy(np.uint8)))


def test_networks_of_shots_have_their_share(result: Result) -> None:
    measured = result.on(Statevector(), 200)
    frame = measured.to_frame("networks", count=3)
    outcomes = measured.outcomes
    assert outcomes is not None
    np.testing.assert_allclose(frame["share"], np.sort(outcomes.weights)[::-1][:3])
    assert frame["share"].between(0, 1).all()


def test_energies_of_ones_own_have_bits() -> None:
    own = hb.fit(hb.Energies(TABLE), posterior=hb.Register(hb.circuits.Brickwork(8, depth=1)), **QUICK)
    frame = own.to_frame("networks", count=2)
    assert frame.columns.tolist() == ["energy", "log_q", "q", "posterior", *(f"bit[{i}]" for i in range(8))]
    expected = np.exp(-TABLE) / np.exp(-TABLE).sum()
    np.testing.assert_allclose(frame["posterior"], expected[own.most_probable(2) @ (1 << np.arange(7, -1, -1))])
    for what in ("metrics", "predictions"):
        with pytest.raises(UserError, match="without a network, data or labels"):
            own.to_frame(what)


def test_every_weight_has_its_own_name() -> None:
    for net in (BinaryMLP(3, (2, 2), output_scales=(1.0, 2.0)), hb.networks.BinaryConvNet(16, channels=(2,))):
        names = names_of_weights(net)
        assert len(names) == len(set(names)) == net.n_weights


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"what": "weights"}, "what='weights' is unknown; choose one of metrics, predictions, networks"),
        ({"split": "test"}, r"split goes with to_frame\('predictions'\), and 'metrics' was asked for; leave it out"),
        ({"what": "predictions", "seed": 1}, r"seed goes with to_frame\('networks'\), and 'predictions' was asked"),
        ({"what": "predictions", "split": "test", "table": [[0.0, 0.0]]}, "and a table was given; leave one out"),
        ({"what": "networks", "count": 0}, "count=0 must be a whole number of at least 1"),
        ({"what": "networks", "count": 1000}, "k=1000 must be a whole number from 1 to 512"),
        ({"what": "networks", "seed": -1}, "seed=-1 must be"),
    ],
)
def test_wrong_arguments_are_one_line(result: Result, given: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said) as raised:
        result.to_frame(**given)
    assert "\n" not in str(raised.value)
