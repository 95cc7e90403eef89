"""The network that stands for a posterior: chosen among the most probable one and draws, by enumeration of these."""

from dataclasses import replace

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.data.dataset import Dataset, Split
from hyperborn.networks import BinaryMLP, Regression
from hyperborn.training import one_network
from hyperborn.training.one_network import judged_candidates, judging_examples
from hyperborn.training.result import Result
from oracle import class_log_probabilities


@pytest.fixture(scope="module")
def registers() -> Result:
    data = hb.data.load("moons", size=120, seed=1)
    network = BinaryMLP(2, (6,), scale="fan_in")
    return hb.fit(network, data, posterior=hb.Registers(network), steps=60, progress=False)


@pytest.fixture(scope="module")
def exact() -> Result:
    data = hb.data.load("moons", size=120, seed=1)
    return hb.fit(
        BinaryMLP(2, (), scale="none"),
        data,
        posterior=hb.Register(hb.circuits.AllPairs(3, depth=2)),
        steps=40,
        progress=False,
    )


def nll_by_hand(result: Result, networks: np.ndarray, part: Split) -> np.ndarray:
    """Mean NLL of each network, from its logits."""
    losses = []
    for logits in result.fitted(networks, part.x):
        log = class_log_probabilities(logits)[np.arange(len(part)), part.y]
        losses.append(-np.average(log, weights=part.weights))
    return np.asarray(losses)


@pytest.mark.parametrize("kind", ["registers", "exact"])
def test_the_best_of_all_candidates_is_taken(kind: str, request: pytest.FixtureRequest) -> None:
    result = request.getfixturevalue(kind)
    networks = np.concatenate([result.most_probable(1), result.sample(256)])
    losses = nll_by_hand(result, networks, result.data.validation)
    one = result.one_network
    assert one.nll == pytest.approx(losses.min(), rel=1e-9)
    assert nll_by_hand(result, one.bits[None], result.data.validation)[0] == pytest.approx(losses.min(), rel=1e-9)
    assert one.chosen_by == "validation"
    assert one.candidates == len(np.unique(networks, axis=0))
    assert one.is_most_probable == np.array_equal(one.bits, networks[0])
    assert losses.min() <= losses[0]


def test_it_is_calibrated_on_validation_examples(registers: Result) -> None:
    part, one = registers.data.validation, registers.one_network
    alone = registers.network_predictions(one.bits[None], part.x)
    assert one.calibration == alone.fitted_calibration(part.y)


def test_it_is_the_same_each_time(registers: Result) -> None:
    again = replace(registers)
    np.testing.assert_array_equal(again.one_network.bits, registers.one_network.bits)


def without_validation(data: Dataset) -> Dataset:
    return replace(data, validation=data.validation.rows(np.zeros(0, np.int64)))


def test_without_validation_examples_those_learnt_from_choose(registers: Result) -> None:
    result = replace(registers, learnt_from=without_validation(registers.data))
    one = result.one_network
    networks = np.concatenate([result.most_probable(1), result.sample(256)])
    assert one.chosen_by == "train"
    assert one.nll == pytest.approx(nll_by_hand(result, networks, result.data.train).min(), rel=1e-9)
    assert one.calibration == 1


def test_examples_count_as_often_as_their_weights_say(registers: Result) -> None:
    part = registers.data.validation
    weights = np.zeros(len(part))
    weights[3:9] = [1.0, 0.0, 5.0, 2.0, 0.0, 1.0]
    weighted = replace(registers.data, validation=part.weighted("weights", weights))
    result = replace(registers, learnt_from=weighted)
    networks = np.concatenate([result.most_probable(1), result.sample(256)])
    kept = np.flatnonzero(weights)
    few = Split(part.x[kept], part.y[kept], weights[kept])
    assert result.one_network.nll == pytest.approx(nll_by_hand(result, networks, few).min(), rel=1e-9)


def test_the_most_probable_network_is_taken_among_equals(exact: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_network, "nll_of_networks", lambda *given: np.ones((len(given[3]), len(given[1]))))
    assert replace(exact).one_network.is_most_probable


def test_losses_that_are_no_numbers_are_never_best(exact: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    def losses(network: object, x: np.ndarray, y: np.ndarray, bits: np.ndarray) -> np.ndarray:
        del network, y
        found = np.full((len(bits), len(x)), np.nan)
        found[-1] = 2.0
        return found

    monkeypatch.setattr(one_network, "nll_of_networks", losses)
    one = replace(exact).one_network
    assert one.nll == 2.0
    assert not one.is_most_probable


def test_large_networks_are_chosen_with_bounded_work(registers: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_network, "MOST_PRODUCTS", 1)
    monkeypatch.setattr(one_network, "FEWEST_EXAMPLES", 10)
    asked: list[tuple[int, int]] = []
    known = one_network.nll_of_networks

    def losses(network: object, x: np.ndarray, y: np.ndarray, bits: np.ndarray) -> np.ndarray:
        asked.append((len(bits), len(x)))
        return known(network, x, y, bits)

    monkeypatch.setattr(one_network, "nll_of_networks", losses)
    candidates, found = judged_candidates(registers.fitted, registers.predictor, registers.data.validation)
    assert asked == [(len(candidates), 10)]
    assert len(found) == len(candidates) <= 1 + one_network.FEWEST_DRAWS


def test_numbers_are_judged_by_their_density() -> None:
    random = np.random.default_rng(0)
    x = random.standard_normal((80, 2))
    data = hb.data.from_arrays(x, x[:, 0] - 0.5 * x[:, 1] + 0.1 * random.standard_normal(80))
    network = Regression(BinaryMLP(2, (4,), scale="fan_in"), hb.Gaussian("bits"))
    result = hb.fit(network, data, posterior=hb.Registers(network), steps=60, progress=False)
    part, networks = data.validation, np.concatenate([result.most_probable(1), result.sample(256)])
    outputs = result.fitted(networks, part.x)
    noise = np.exp(outputs[:, :, 1])
    nll = 0.5 * ((part.y - outputs[:, :, 0]) / noise) ** 2 + np.log(noise * np.sqrt(2 * np.pi))
    assert result.one_network.nll == pytest.approx(nll.mean(axis=1).min(), rel=1e-9)
    name, judged = judging_examples(data)
    assert name == "validation"
    assert judged is data.validation
