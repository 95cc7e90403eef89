"""Runs on weighted examples: what they learn, what they are scored by, and what a run folder keeps."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.backends import Statevector
from hyperborn.data import Dataset, Split
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from own_energies import in_numpy
from runs import resume, start_and_stop
from tiny_run import tiny_definition

NET = BinaryMLP(2, (2,))
QUICK: dict[str, Any] = {"steps": 30, "restarts": 1, "progress": False}


def times_of(data: Dataset) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 4, len(data.train))


def repeated(data: Dataset, times: np.ndarray) -> Dataset:
    rows = np.repeat(np.arange(len(times)), times)
    return replace(data, train=Split(data.train.x[rows], data.train.y[rows]))


def test_on_one_register_a_weight_of_two_is_the_example_twice(data: Dataset) -> None:
    times = times_of(data)
    weighted = hb.fit(NET, data, sample_weight=times, **QUICK)
    twice, plain = hb.fit(NET, repeated(data, times), **QUICK), hb.fit(NET, data, **QUICK)
    assert weighted.data.train.weights is not None
    np.testing.assert_array_equal(weighted.data.train.weights, times)
    # The energies are the same to rounding, and so is all that follows from them in single precision.
    assert weighted.numbers["log_evidence"] == pytest.approx(twice.numbers["log_evidence"], rel=1e-12)
    assert weighted.numbers["loss"] == pytest.approx(twice.numbers["loss"], rel=1e-4)
    np.testing.assert_allclose(weighted.probabilities, twice.probabilities, atol=1e-4)
    assert np.abs(weighted.probabilities - plain.probabilities).max() > 1e-2
    assert weighted.metrics("train") == pytest.approx(twice.metrics("train"), rel=1e-3)


@pytest.mark.parametrize("batch_size", [8, 128], ids=["minibatches", "all at once"])
def test_registers_learn_from_the_examples_that_weigh_more(data: Dataset, batch_size: int) -> None:
    """Every example is there with either class, and the one that weighs more is learnt."""
    x, y = np.concatenate([data.train.x] * 2), np.concatenate([data.train.y, 1 - data.train.y])
    doubled = replace(data, train=Split(x, y))
    registers = hb.Registers(NET, 2, depth=1)
    for heavy in (0, 1):
        weights = np.repeat([1.0, 1e-3] if heavy == 0 else [1e-3, 1.0], len(data.train))
        result = hb.fit(
            NET, doubled, sample_weight=weights, posterior=registers, objective=hb.ELBO(beta=0.1),
            batch_size=batch_size, steps=300, restarts=1, progress=False,
        )  # fmt: skip
        accuracy = result.metrics("test", calibrated=False)["accuracy"]
        assert accuracy > 0.7 if heavy == 0 else accuracy < 0.3


def test_shots_are_of_weighted_energies(data: Dataset) -> None:
    """The loss that SPSA follows is of the same energies: twice the weights, twice the energy of each network."""
    posterior = hb.ShotRegister(hb.circuits.Brickwork(9, depth=1), Statevector())
    settings: dict[str, Any] = {"posterior": posterior, "objective": hb.MLE(), "steps": 1, "progress": False}
    single = hb.fit(NET, data, estimator=hb.SPSA(shots=50), **settings)
    double = hb.fit(NET, data, sample_weight=np.full(len(data.train), 2), estimator=hb.SPSA(shots=50), **settings)
    bits = np.eye(9, dtype=np.uint8)
    np.testing.assert_allclose(double.energies(bits), 2 * single.energies(bits), rtol=1e-12)


def test_scores_and_calibration_are_of_the_weights_of_their_split(data: Dataset) -> None:
    result = hb.fit(NET, data, **QUICK)
    held_out, tested = (np.arange(len(data.split(name))) % 3 for name in ("validation", "test"))
    weighted = replace(
        data,
        validation=data.validation.weighted("weights", held_out),
        test=data.test.weighted("weights", tested),
    )
    as_rows = replace(
        data,
        validation=Split(*(np.repeat(part, held_out, axis=0) for part in (data.validation.x, data.validation.y))),
        test=Split(*(np.repeat(part, tested, axis=0) for part in (data.test.x, data.test.y))),
    )
    found, expected = replace(result, learnt_from=weighted), replace(result, learnt_from=as_rows)
    assert found.temperature == pytest.approx(expected.temperature, rel=1e-6)
    assert found.temperature != pytest.approx(result.temperature, rel=1e-6)
    for split in ("validation", "test"):
        assert found.metrics(split) == pytest.approx(expected.metrics(split), rel=1e-6)
        one = found.network_metrics(result.most_probable(1), split)
        assert one == pytest.approx(expected.network_metrics(result.most_probable(1), split), rel=1e-6)


def test_weights_are_kept_in_the_run_folder(data: Dataset, tmp_path: Path) -> None:
    times = times_of(data)
    weighted = replace(data, train=data.train.weighted("weights", times))
    result = hb.fit(NET, data, sample_weight=times, **QUICK)
    result.save(tmp_path / "saved")
    again = hb.load(tmp_path / "saved")
    assert again.data.train.weights is not None
    np.testing.assert_array_equal(again.data.train.weights, times)
    assert again.metrics("train") == result.metrics("train")
    definition = tiny_definition()
    start_and_stop(tmp_path / "stopped", definition, weighted)
    resumed = resume(tmp_path / "stopped")
    assert resumed.numbers["log_evidence"] == pytest.approx(
        hb.ExactPosterior(hb.energies(definition.network, weighted.train)).log_evidence, rel=1e-12
    )


def test_the_weights_of_a_split_and_those_of_fit_are_multiplied(data: Dataset) -> None:
    times = times_of(data)
    weighted = replace(data, train=data.train.weighted("weights", times))
    result = hb.fit(NET, weighted, sample_weight=np.full(len(times), 0.5), **QUICK)
    assert result.data.train.weights is not None
    np.testing.assert_array_equal(result.data.train.weights, 0.5 * times)


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (np.ones(3), r"sample_weight has the shape \(3,\) for \d+ examples"),
        ("text", "sample_weight = 'text': these are no numbers"),
        (np.array(1.0), r"sample_weight has the shape \(\)"),
    ],
)
def test_weights_that_do_not_fit_are_refused(data: Dataset, weights: Any, said: str) -> None:
    with pytest.raises(UserError, match=said):
        hb.fit(NET, data, sample_weight=weights, **QUICK)


def test_weights_of_nothing_are_refused() -> None:
    with pytest.raises(UserError, match="energies of your own have none; leave it out"):
        hb.fit(hb.EnergyFunction(in_numpy, n_bits=8), sample_weight=[1, 2])
