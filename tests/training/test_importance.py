"""The importance of columns of a result, against plain loops over its own predictions."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hyperborn as hb
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP, Regression
from hyperborn.predictive import NormalMixture
from hyperborn.training import importance as module
from hyperborn.training.result import Result
from own_energies import TABLE

QUICK: dict[str, Any] = {"steps": 40, "restarts": 1, "progress": False}
COLOURS = ["blue", "green", "red"]


def table(rows: int = 60) -> pd.DataFrame:
    random = np.random.default_rng(4)
    size = random.normal(size=rows)
    size[::9] = np.nan
    return pd.DataFrame({"colour": random.choice(COLOURS, rows), "size": size, "noise": random.normal(size=rows)})


@pytest.fixture(scope="module")
def result() -> Result:
    """Red is of the class "yes"; size, which is missing at times, and noise say little."""
    frame = table()
    data = hb.data.from_arrays(frame, np.where(frame["colour"] == "red", "yes", "no"))
    net = BinaryMLP(data.n_features, hidden=())
    return hb.fit(net, data, posterior=hb.Register(hb.circuits.Brickwork(net.n_weights, depth=1)), **QUICK)


@pytest.fixture(scope="module")
def regression() -> Result:
    random = np.random.default_rng(0)
    x = random.normal(size=(40, 2))
    net = Regression(BinaryMLP(2, (), bias=False), hb.Gaussian(0.5))
    register = hb.Register(hb.circuits.Brickwork(2, depth=1))
    data = hb.data.from_arrays(x, 300 + 40 * (x @ [1.0, -1.0] + 0.5 * random.normal(size=40)))
    return hb.fit(net, data, posterior=register, **QUICK)


def moved(x: np.ndarray, taker: int, giver: int, places: list[int]) -> np.ndarray:
    row = x[taker].copy()
    row[places] = x[giver, places]
    return row


def test_columns_of_several_features_are_as_in_a_loop_over_pairs(result: Result) -> None:
    part = result.data.test
    assert result.data.features == ("colour=blue", "colour=green", "colour=red", "size", "size is missing", "noise")
    found = result.feature_importance(repeats=100)
    pairs = [(i, j) for i in range(len(part)) for j in range(len(part)) if i != j]
    own = result.predict_proba(part.x)
    for place, places in enumerate([[0, 1, 2], [3, 4], [5]]):
        x = np.stack([moved(part.x, *pair, places) for pair in pairs])
        after = result.predictions_of_features(x).probabilities  # pyright: ignore[reportAttributeAccessIssue]
        labels = np.array([part.y[i] for i, _ in pairs])
        before = np.stack([own[i] for i, _ in pairs])
        every = np.arange(len(pairs))
        assert found.increase[place] == pytest.approx(
            np.mean(np.log(before[every, labels]) - np.log(after[every, labels])), abs=1e-12
        )
        rights = [(one.argmax(axis=1) == labels).mean() for one in (before, after)]
        assert found.drop[place] == pytest.approx(rights[0] - rights[1], abs=1e-12)
    assert found.columns == ("colour", "size", "noise")
    assert (found.split, found.examples, found.repeats, found.measure) == ("test", 12, 11, "accuracy")
    assert found.networks == 2**result.network.n_weights
    # What decides is found, and what says nothing holds zero.
    assert found.order[0] == 0
    assert found.low[0] > 0
    assert found.low[2] < 0 < found.high[2] or abs(found.increase[2]) < 0.1
    assert (found.network_low <= found.network_high).all()


def test_of_numbers_r2_falls_and_the_units_of_the_target_do_not_matter(regression: Result) -> None:
    part, preprocessing = regression.data.test, regression.data.preprocessing
    y = preprocessing.own_labels(part.y)
    found = regression.feature_importance(repeats=100)
    pairs = [(i, j) for i in range(len(part)) for j in range(len(part)) if i != j]
    takers = [i for i, _ in pairs]
    own = regression.predictions_of_features(part.x[takers])
    for place in range(2):
        after = regression.predictions_of_features(np.stack([moved(part.x, *pair, [place]) for pair in pairs]))
        assert isinstance(own, NormalMixture)
        assert isinstance(after, NormalMixture)
        rise = own.log_density(y[takers]) - after.log_density(y[takers])
        assert found.increase[place] == pytest.approx(rise.mean(), abs=1e-12)
        squares = (y[takers] - after.mean) ** 2 - (y[takers] - own.mean) ** 2
        assert found.drop[place] == pytest.approx(squares.mean() / np.var(y), abs=1e-12)
    assert found.measure == "r2"
    # Permuting makes R² about minus what it was.
    assert found.drop.min() > 0.3


def test_networks_by_themselves_are_those_that_a_seed_draws(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a posterior that is one network, each of the draws has the importance that the average has."""
    alone = replace(result, params=result.params)
    bits = result.most_probable(1)
    monkeypatch.setattr(hb.Register, "sample", lambda *_, **given: np.repeat(bits, given.get("shots", 32), axis=0))
    q = np.zeros(2**result.network.n_weights)
    q[int("".join(map(str, bits[0])), 2)] = 1.0
    alone.__dict__["probabilities"] = q
    found = alone.feature_importance(repeats=3)
    np.testing.assert_allclose(found.network_low, found.increase, atol=1e-9)
    np.testing.assert_allclose(found.network_high, found.increase, atol=1e-9)


def test_it_follows_from_its_seed(result: Result) -> None:
    one, two, other = (result.feature_importance(seed=seed).to_record() for seed in (1, 1, 2))
    assert one == two
    assert one != other


def test_examples_are_drawn_from_a_larger_split(result: Result) -> None:
    found = result.feature_importance("train", examples=7, samples=20)
    assert (found.split, found.examples, found.repeats, found.networks) == ("train", 7, 5, 20)


def test_weights_of_examples_count(result: Result) -> None:
    """Only examples that are red have any weight: whose colour is another's cannot be told from them."""
    part = result.data.test
    red = part.x[:, 2] > 0
    weighted = replace(result, learnt_from=replace(result.data, test=part.weighted("weights", red.astype(float))))
    found = weighted.feature_importance()
    assert found.examples == red.sum()
    assert (found.increase[0], found.increase_error[0]) == (0, 0)
    # A summary does without a test split of which one example counts.
    alone = replace(result, learnt_from=replace(result.data, test=part.weighted("weights", np.eye(len(part))[0])))
    assert alone.summary["importance"]["split"] == "validation"


def without(data: Dataset, *names: str) -> Dataset:
    return replace(data, **{name: data.split(name).rows(np.arange(0)) for name in names})


def test_the_split_is_the_first_of_test_validation_and_training_that_has_examples(result: Result) -> None:
    for names, expected in (((), "test"), (("test",), "validation"), (("test", "validation"), "train")):
        found = replace(result, learnt_from=without(result.data, *names)).feature_importance(repeats=1)
        assert found.split == expected


def test_principal_components_are_columns_of_their_own() -> None:
    x = np.random.default_rng(0).normal(size=(30, 4))
    data = hb.data.from_arrays(x, (x[:, 0] > 0).astype(int), components=2)
    net = BinaryMLP(2, hidden=())
    result = hb.fit(net, data, posterior=hb.Register(hb.circuits.Brickwork(3, depth=1)), **QUICK)
    assert result.feature_importance().columns == ("component_1", "component_2")


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"split": "tset"}, "unknown split 'tset'; the nearest is 'test'"),
        ({"repeats": 0}, "repeats=0 must be"),
        ({"examples": 1}, "examples=1 must be a whole number of at least 2"),
        ({"seed": "x"}, "seed='x' must be"),
        ({"samples": 0}, "samples=0 must be"),
    ],
)
def test_wrong_arguments_are_one_line(result: Result, given: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        result.feature_importance(**given)


def test_what_has_no_examples_has_no_importance(result: Result) -> None:
    empty = replace(result, learnt_from=without(result.data, "validation"))
    with pytest.raises(
        UserError, match="split='validation' has 0 examples that count, and two or more are permuted; give"
    ):
        empty.feature_importance("validation")
    own = hb.fit(hb.Energies(TABLE), posterior=hb.Register(hb.circuits.Brickwork(8, depth=1)), **QUICK)
    with pytest.raises(UserError, match="without a network, data or labels"):
        own.feature_importance()
    assert "importance" not in own.summary


def test_a_summary_has_it_where_it_is_quick(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    found = result.summary["importance"]
    assert found["columns"][0]["name"] == "colour"
    assert (found["split"], found["examples"], found["repeats"], found["networks"]) == ("test", 12, 3, 64)
    assert [row["name"] for row in found["columns"]] == result.summary_importance.to_frame().index.tolist()  # pyright: ignore[reportOptionalMemberAccess]
    image = replace(result, learnt_from=replace(result.data, image_shape=(2, 3)))
    assert image.summary_importance is None
    monkeypatch.setattr(module, "SUMMARY_COLUMNS", 2)
    assert replace(result, steps=1).summary_importance is None
    monkeypatch.setattr(module, "SUMMARY_COLUMNS", 3)
    # 3 columns 3 times under 64 networks and 32 alone, with 7 products an example: so many for 11 examples.
    monkeypatch.setattr(module, "SUMMARY_PRODUCTS", 11 * 3 * 3 * 96 * 7)
    assert replace(result, steps=1).summary_importance is None
    monkeypatch.setattr(module, "FEWEST", 11)
    assert replace(result, steps=1).summary["importance"]["examples"] == 11
