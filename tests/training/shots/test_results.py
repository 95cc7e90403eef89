"""Results of runs on a backend: kept, read back, damaged, asked, and taken as priors."""

import json
import shutil
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
import oracle
from hyperborn.backends import Outcomes, Statevector
from hyperborn.backends.outcomes import most_frequent, outcome_arrays, outcomes_of
from hyperborn.circuits import ProductState
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.posteriors import Register
from hyperborn.runs.results import OUTCOMES
from hyperborn.storage import arrays_from_bytes, arrays_to_bytes, read_folder, write_folder
from hyperborn.storage.formats import RESULT
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.estimators import SPSA
from hyperborn.training.result import Result
from hyperborn.training.shots.posteriors import ShotRegister
from runs import same, start

NETWORK = BinaryMLP(2, (1,))
DEFINITION = definition_with_defaults(
    NETWORK,
    40,
    posterior=ShotRegister(ProductState(5), Statevector()),
    objective=hb.MLE(),
    estimator=SPSA(50),
    optimizer=hb.Adam(),
    steps=5,
    spread=0.2,
    seed=2,
)


@pytest.fixture(scope="module")
def whole(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    path = tmp_path_factory.mktemp("whole") / "run"
    return path, start(path, DEFINITION, data)


@pytest.fixture
def finished(whole: tuple[Path, Result], tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole[0], tmp_path / "finished"))


def equal(one: Outcomes | None, other: Outcomes | None) -> bool:
    assert one is not None
    assert other is not None
    rows = np.array_equal(one.bits, other.bits)
    return rows and one.weights.tobytes() == other.weights.tobytes() and one.shots == other.shots


def test_outcomes_are_read_back(whole: tuple[Path, Result], data: Dataset, tmp_path: Path) -> None:
    path, result = whole
    loaded = hb.load(path)
    assert same(loaded, result)
    assert equal(loaded.outcomes, result.outcomes)
    assert loaded.definition == DEFINITION
    assert loaded.summary == result.summary
    json.dumps(loaded.summary, allow_nan=False)
    np.testing.assert_array_equal(loaded.predict_proba(data.test.x), result.predict_proba(data.test.x))
    result.save(tmp_path / "copy")
    assert equal(hb.load(tmp_path / "copy").outcomes, result.outcomes)


def test_predictions_ask_for_no_shot_any_more(finished: Path, data: Dataset) -> None:
    """And are the mean over what came out; without the ledger, too."""
    (finished / "ledger.sqlite").unlink()
    result = hb.load(finished)
    assert result.outcomes is not None
    x = data.test.x
    logits = np.array([oracle.mlp_logits(row, x, (1,), 1)[:, 0] for row in result.outcomes.bits])
    expected = result.outcomes.weights @ (1 / (1 + np.exp(-logits)))
    np.testing.assert_allclose(result.predict_proba(x, calibrated=False)[:, 1], expected, rtol=1e-6)
    assert not (finished / "ledger.sqlite").exists()


def test_samples_are_drawn_from_what_was_paid_for(whole: tuple[Path, Result], data: Dataset) -> None:
    """10,000 of them within 5 standard errors of the mean over all; one is one of the observed ones."""
    result = whole[1]
    assert result.outcomes is not None
    x = data.test.x
    ones = np.array([result.network_probabilities(row[None], x)[:, 1] for row in result.outcomes.bits])
    exact = result.outcomes.weights @ ones
    error = np.sqrt(result.outcomes.weights @ (ones - exact) ** 2 / 10_000)
    found = result.predict_proba(x, samples=10_000, seed=1, calibrated=False)[:, 1]
    assert (np.abs(found - exact) < 5 * error + 1e-6).all()
    single = result.predict_proba(x, samples=1, seed=4, calibrated=False)[:, 1]
    assert np.abs(ones - single).max(axis=1).min() < 1e-6
    again, other = (result.predict_proba(x, samples=3, seed=seed) for seed in (1, 2))
    np.testing.assert_array_equal(again, result.predict_proba(x, samples=3, seed=1))
    assert (again != other).any()


def test_the_most_frequent_networks(whole: tuple[Path, Result]) -> None:
    result = whole[1]
    outcomes = result.outcomes
    assert outcomes is not None
    best = outcomes.bits[outcomes.weights.argmax()]
    np.testing.assert_array_equal(result.most_probable()[0], best)
    assert result.summary["map"]["bits"] == "".join(map(str, best))
    three = Outcomes(np.array([[0, 0], [0, 1], [1, 1]], np.uint8), np.array([0.2, 0.5, 0.3]), 10)
    np.testing.assert_array_equal(most_frequent(three, 3), [[0, 1], [1, 1], [0, 0]])
    for wrong in (0, 4):
        message = f"^k={wrong} must be a whole number from 1 to 3, the number of observed networks$"
        with pytest.raises(UserError, match=message):
            most_frequent(three, wrong)


def test_the_summary_names_the_backend(whole: tuple[Path, Result]) -> None:
    summary = whole[1].summary
    assert (summary["backend"], summary["posterior"], summary["estimator"]) == (
        "statevector",
        "ShotRegister",
        "spsa",
    )
    assert (summary["objective"], summary["steps"], summary["stopped"]) == ("mle", 5, "steps")
    assert summary["expected_energy"] == summary["loss"]
    assert "elbo" not in summary


@pytest.mark.parametrize("place", [0, 0.2, 0.5, 0.8, 1])
def test_one_flipped_bit_of_outcomes_is_noticed(finished: Path, place: float) -> None:
    path = finished / "result" / OUTCOMES
    raw = bytearray(path.read_bytes())
    raw[round(place * (len(raw) - 1))] ^= 4
    path.write_bytes(raw)
    with pytest.raises(UserError, match=r"result.*outcomes\.npz") as caught:
        hb.load(finished)
    assert "\n" not in str(caught.value)


def test_missing_outcomes_are_noticed(finished: Path) -> None:
    (finished / "result" / OUTCOMES).unlink()
    with pytest.raises(UserError, match="outcomes"):
        hb.load(finished)


WRONG: list[dict[str, Any]] = [
    {"weights": np.ones(3) / 3},
    {"bits": np.zeros((2, 7), np.uint8)},
    {"bits": np.zeros(4, np.uint8)},
]


@pytest.mark.parametrize("changes", WRONG, ids=["weights", "wide", "flat"])
def test_outcomes_that_do_not_fit_the_network_are_no_result(finished: Path, changes: dict[str, Any]) -> None:
    """Edited, with a manifest that says so."""
    files = read_folder(finished / "result")
    arrays = arrays_from_bytes(files[OUTCOMES], "it")
    assert arrays.keys() == {"bits", "weights", "shots"}
    shutil.rmtree(finished / "result")
    write_folder(finished / "result", files | {OUTCOMES: arrays_to_bytes(arrays | changes)}, kind=RESULT)
    with pytest.raises(UserError, match=r"is not a result .*; restore it from a copy"):
        hb.load(finished)


@pytest.mark.parametrize("n", [1, 7, 8, 9, 70])
def test_outcomes_come_back_from_arrays(n: int) -> None:
    bits = np.unique(np.random.default_rng(n).integers(0, 2, (6, n), np.uint8), axis=0)
    outcomes = Outcomes(bits, np.full(len(bits), 1 / len(bits)), 12)
    assert equal(outcomes_of(outcome_arrays(outcomes), n), outcomes)


def test_learning_goes_on_from_the_circuit_without_its_noise(whole: tuple[Path, Result], data: Dataset) -> None:
    result = whole[1]
    prior = result.as_prior(0.1)
    ideal = Register(ProductState(5))
    assert prior.posterior == ideal
    q = ideal.distribution(jnp.asarray(result.angles))
    expected = 0.9 * q + 0.1 / 32
    np.testing.assert_allclose(np.exp(prior.log_probabilities(NETWORK)), expected, rtol=0, atol=1e-6)
    again = hb.fit(
        NETWORK,
        data,
        objective=hb.SELBO(),
        posterior=DEFINITION.posterior,
        prior=prior,
        steps=2,
        progress=False,
    )
    assert again.definition.prior == prior
    np.testing.assert_allclose(result.probabilities, q, rtol=0, atol=1e-12)
