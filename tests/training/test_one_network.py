"""The network that stands for a posterior: the nearest to the average, by enumeration of the candidates."""

from dataclasses import replace

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.networks import BinaryMLP, Regression
from hyperborn.predictive import NormalMixture
from hyperborn.training import one_network
from hyperborn.training.one_network import examples_of, judged_candidates
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


def distances_by_hand(result: Result, networks: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Cross entropy of each network with the average's predictions, for each example, from its logits."""
    average = result.predict_proba(x, calibrated=False) if len(x) else np.zeros((0, 2))
    return np.stack([-(average * class_log_probabilities(logits)).sum(axis=1) for logits in result.fitted(networks, x)])


def known_examples(result: Result) -> np.ndarray:
    return np.concatenate([result.data.train.x, result.data.validation.x])


@pytest.mark.parametrize("kind", ["registers", "exact"])
def test_the_nearest_of_all_candidates_is_taken(kind: str, request: pytest.FixtureRequest) -> None:
    result = request.getfixturevalue(kind)
    networks = np.concatenate([result.most_probable(1), result.sample(256)])
    distances = distances_by_hand(result, networks, known_examples(result)).mean(axis=1)
    one = result.one_network
    assert one.cross_entropy == pytest.approx(distances.min(), rel=1e-9)
    own = distances_by_hand(result, one.bits[None], known_examples(result)).mean()
    assert own == pytest.approx(distances.min(), rel=1e-9)
    assert one.candidates == len(np.unique(networks, axis=0))
    assert one.is_most_probable == np.array_equal(one.bits, networks[0])
    assert distances.min() <= distances[0]


def test_it_is_calibrated_on_validation_examples(registers: Result) -> None:
    part, one = registers.data.validation, registers.one_network
    alone = registers.network_predictions(one.bits[None], part.x)
    assert one.calibration == alone.fitted_calibration(part.y)


def test_it_is_the_same_each_time(registers: Result) -> None:
    again = replace(registers)
    np.testing.assert_array_equal(again.one_network.bits, registers.one_network.bits)
    assert again.one_network.to_record() == registers.one_network.to_record()


def test_without_validation_examples_those_learnt_from_choose(registers: Result) -> None:
    none = registers.data.validation.rows(np.zeros(0, np.int64))
    result = replace(registers, learnt_from=replace(registers.data, validation=none))
    networks = np.concatenate([result.most_probable(1), result.sample(256)])
    distances = distances_by_hand(result, networks, result.data.train.x).mean(axis=1)
    assert result.one_network.cross_entropy == pytest.approx(distances.min(), rel=1e-9)
    assert result.one_network.calibration == 1


def test_examples_count_as_often_as_their_weights_say(registers: Result) -> None:
    part, train = registers.data.validation, registers.data.train
    weights = np.zeros(len(part))
    weights[3:9] = [1.0, 0.0, 5.0, 2.0, 0.0, 1.0]
    weighted = replace(registers.data, validation=part.weighted("weights", weights))
    result = replace(registers, learnt_from=weighted)
    networks = np.concatenate([result.most_probable(1), result.sample(256)])
    every = np.concatenate([np.ones(len(train)), weights])
    distances = np.average(distances_by_hand(result, networks, known_examples(result)), axis=1, weights=every)
    assert result.one_network.cross_entropy == pytest.approx(distances.min(), rel=1e-9)


def test_the_most_probable_network_is_taken_among_equals(exact: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_network, "cross_entropies", lambda *given: np.ones((len(given[3]), len(given[1]))))
    assert replace(exact).one_network.is_most_probable


def test_distances_that_are_no_numbers_are_never_least(exact: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    def distances(network: object, x: np.ndarray, average: object, bits: np.ndarray) -> np.ndarray:
        del network, average
        found = np.full((len(bits), len(x)), np.nan)
        found[-1] = 2.0
        return found

    monkeypatch.setattr(one_network, "cross_entropies", distances)
    one = replace(exact).one_network
    assert one.cross_entropy == pytest.approx(2.0)
    assert not one.is_most_probable


def test_large_networks_are_chosen_with_bounded_work(registers: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_network, "FEWEST_EXAMPLES", 10)
    asked: list[tuple[int, int]] = []
    known = one_network.cross_entropies

    def distances(network: object, x: np.ndarray, average: object, bits: np.ndarray) -> np.ndarray:
        asked.append((len(bits), len(x)))
        return known(network, x, average, bits)

    monkeypatch.setattr(one_network, "cross_entropies", distances)
    parts = (registers.data.train, registers.data.validation)
    candidates, found = judged_candidates(registers.fitted, registers.predictor, parts, 1.0)
    assert asked == [(len(candidates), 10)]
    assert len(found) == len(candidates) <= 1 + one_network.FEWEST_DRAWS


def test_a_few_examples_of_many_are_from_all_parts(registers: Result) -> None:
    parts = (registers.data.train, registers.data.validation)
    x, weights = examples_of(parts, 20)
    assert len(x) == 20
    assert (weights == 1).all()
    share = len(parts[1]) / (len(parts[0]) + len(parts[1]))
    own = sum((row == parts[1].x).all(axis=1).any() for row in x)
    assert abs(own / 20 - share) < 0.1


def test_numbers_are_judged_by_the_average_s_mean_and_deviation() -> None:
    random = np.random.default_rng(0)
    x = random.standard_normal((80, 2))
    data = hb.data.from_arrays(x, x[:, 0] - 0.5 * x[:, 1] + 0.1 * random.standard_normal(80))
    network = Regression(BinaryMLP(2, (4,), scale="fan_in"), hb.Gaussian("bits"))
    result = hb.fit(network, data, posterior=hb.Registers(network), steps=60, progress=False)
    networks, known = np.concatenate([result.most_probable(1), result.sample(256)]), known_examples(result)
    average, outputs = result.predictive(known), result.fitted(networks, known)
    assert isinstance(average, NormalMixture)
    noise = np.exp(outputs[:, :, 1])
    squares = (average.mean - outputs[:, :, 0]) ** 2 + average.deviation**2
    distances = (0.5 * squares / noise**2 + np.log(noise * np.sqrt(2 * np.pi))).mean(axis=1)
    assert result.one_network.cross_entropy == pytest.approx(distances.min(), rel=1e-9)
