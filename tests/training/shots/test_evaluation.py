"""Trained circuits on backends that they were not trained on."""

import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
import infinite_shots
import oracle
from hyperborn.backends import Aer, FakeDevice, Ledger, LimitReached, Limits, Noise, Statevector
from hyperborn.circuits import AllPairs, ProductState
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.posteriors import Autoregressive, Register, Registers
from hyperborn.storage import json_to_bytes, read_folder, write_folder
from hyperborn.storage.formats import RESULT
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.result import Result
from hyperborn.training.shots.posteriors import ShotRegister, ShotRegisters, on_backend

NETWORK = BinaryMLP(2, (1,))
BACKEND = Statevector()
SHOTS = 20_000


@pytest.fixture(scope="module")
def result(data: Dataset) -> Result:
    """Of exact training."""
    return hb.fit(NETWORK, data, posterior=Register(AllPairs(5, 1)), steps=60, restarts=1, progress=False)


def frequencies(result: Result) -> np.ndarray:
    assert result.outcomes is not None
    return np.bincount(result.outcomes.bits.astype(int) @ [16, 8, 4, 2, 1], result.outcomes.weights, minlength=32)


def test_circuits_are_placed_as_they_are() -> None:
    register, registers = Register(AllPairs(5, 1)), Registers(5, 2)
    assert on_backend(register, BACKEND) == ShotRegister(AllPairs(5, 1), BACKEND)
    assert on_backend(registers, BACKEND, "readout") == ShotRegisters(registers, BACKEND, "readout")
    # Those on a backend move to another.
    assert on_backend(ShotRegister(ProductState(2), Aer()), BACKEND) == ShotRegister(ProductState(2), BACKEND)
    with pytest.raises(UserError, match="Autoregressive cannot run on a backend; give a Register or Registers"):
        on_backend(Autoregressive(5, 2), BACKEND)


def test_ideal_shots_predict_as_all_networks_do(result: Result, data: Dataset) -> None:
    """Predictions within 5 standard errors of the exact ones: 20,000 shots, seed 0."""
    found = result.on(BACKEND, SHOTS)
    x = data.test.x
    logits = np.array([oracle.mlp_logits(row, x, (1,), 1)[:, 0] for row in oracle.all_bits(5)])
    ones = 1 / (1 + np.exp(-logits))
    q = infinite_shots.joint(ShotRegister(AllPairs(5, 1), BACKEND), result.angles.astype(np.float64).reshape(-1))
    exact = q @ ones
    error = np.sqrt(q @ (ones - exact) ** 2 / SHOTS)
    assert (np.abs(found.predict_proba(x, calibrated=False)[:, 1] - exact) < 5 * error + 1e-6).all()
    np.testing.assert_allclose(result.predict_proba(x, calibrated=False)[:, 1], exact, rtol=0, atol=1e-5)
    # Everything else is as it was.
    assert (found.params is result.params, found.definition, found.losses) == (True, result.definition, result.losses)
    assert result.outcomes is None


def test_noise_takes_shots_away_from_the_distribution(result: Result) -> None:
    """In total variation; that of ideal shots is about sqrt(32 / 20,000) / 2 at most."""
    q = infinite_shots.joint(ShotRegister(AllPairs(5, 1), BACKEND), result.angles.astype(np.float64).reshape(-1))
    ideal, noisy, mitigated = (
        np.abs(frequencies(result.on(Aer(noise=noise), SHOTS, mitigation=mitigation)) - q).sum() / 2
        for noise, mitigation in ((None, "none"), (Noise(readout=0.1), "none"), (Noise(readout=0.1), "readout"))
    )
    assert ideal < 0.03
    assert noisy > 0.1
    assert mitigated < 0.5 * noisy


RUNS: dict[str, dict[str, Any]] = {
    "exact": {"posterior": Register(AllPairs(5, 1))},
    "minibatch": {"posterior": Registers(NETWORK, 2, depth=1)},
    "shots": {
        "posterior": ShotRegister(ProductState(5), BACKEND),
        "objective": hb.MLE(),
        "estimator": hb.SPSA(shots=50),
    },
}


@pytest.mark.parametrize("kind", RUNS)
def test_outcomes_of_another_backend_are_kept_with_the_result(data: Dataset, tmp_path: Path, kind: str) -> None:
    """Saved and loaded, it predicts the same to the last bit, and says whose outcomes and whose numbers it has."""
    trained = hb.fit(NETWORK, data, **RUNS[kind], steps=2, restarts=1, progress=False)
    moved = trained.on(Aer(noise=Noise(readout=0.4)), 300, mitigation="readout")
    moved.save(tmp_path / "moved")
    loaded, x = hb.load(tmp_path / "moved"), data.test.x
    for calibrated in (True, False):
        found = loaded.predict_proba(x, calibrated=calibrated)
        assert found.tobytes() == moved.predict_proba(x, calibrated=calibrated).tobytes()
    assert np.abs(found - trained.predict_proba(x, calibrated=False)).max() > 0
    np.testing.assert_array_equal(frequencies(loaded), frequencies(moved))
    assert loaded.numbers == moved.numbers == trained.numbers
    assert loaded.summary == moved.summary
    place = "aer, 300 shots, readout mitigated"
    assert loaded.measured_on == loaded.summary["measured_on"] == place
    assert (trained.measured_on, "measured_on" in trained.summary) == (None, False)
    # Once more, the last backend counts.
    assert loaded.on(BACKEND, 20).measured_on == "statevector, 20 shots"


def test_results_of_before_are_read(result: Result, tmp_path: Path) -> None:
    """Without the gap to the optimum and the place of outcomes, of which nothing was known; other numbers must be."""
    result.save(tmp_path / "run")
    folder = tmp_path / "run" / "result"
    files = read_folder(folder)
    record = json.loads(files["result.json"])
    del record["numbers"]["optimum_gap"], record["measured_on"]
    for missing in ((), ("elbo_gap",)):
        for name in missing:
            del record["numbers"][name]
        shutil.rmtree(folder)
        write_folder(folder, files | {"result.json": json_to_bytes(record)}, kind=RESULT)
        if missing:
            with pytest.raises(UserError, match=r"is not a result \('elbo_gap'\)"):
                hb.load(tmp_path / "run")
        else:
            found = hb.load(tmp_path / "run")
            assert found.numbers == {name: result.numbers[name] for name in record["numbers"]}
            assert (found.measured_on, found.outcomes) == (None, None)


def test_registers_are_measured_in_their_turns(data: Dataset) -> None:
    network = BinaryMLP(5, (2,), bias=False)
    found = Result(
        definition_with_defaults(network, 40, posterior=Registers(network, 2, depth=1)),
        data,
        np.random.default_rng(0).uniform(-2, 2, Registers(network, 2, depth=1).n_parameters).astype(np.float32),
        (0.0,),
        0,
        {},
        {},
    )
    posterior = ShotRegisters(Registers(network, 2, depth=1), BACKEND)
    measured = found.on(BACKEND, 4000)
    assert measured.outcomes is not None
    means = measured.outcomes.weights @ measured.outcomes.bits
    q = infinite_shots.joint(posterior, found.angles.astype(np.float64))
    expected = q @ oracle.all_bits(12)
    assert (np.abs(means - expected) < 5 * np.sqrt(expected * (1 - expected) / 4000) + 1e-9).all()


def test_the_same_question_is_paid_for_once(result: Result, tmp_path: Path) -> None:
    noisy = Aer(noise=Noise(readout=0.1))
    with closing(Ledger.create_or_open(tmp_path / "ledger.sqlite")) as ledger:
        first = result.on(noisy, 500, ledger=ledger)
        assert (ledger.totals().jobs, ledger.totals().shots) == (1, 500)
    with closing(Ledger.create_or_open(tmp_path / "ledger.sqlite")) as ledger:
        np.testing.assert_array_equal(frequencies(result.on(noisy, 500, ledger=ledger)), frequencies(first))
        assert ledger.totals().jobs == 1
        other = result.on(noisy, 500, seed=1, ledger=ledger)
        assert (frequencies(other) != frequencies(first)).any()
        result.on(noisy, 600, ledger=ledger)
        result.on(BACKEND, 500, ledger=ledger)
        assert ledger.totals().jobs == 4
        # The readout's calibration is a question of its own; the shots are asked for with another seed beside it.
        result.on(noisy, 500, mitigation="readout", ledger=ledger)
        assert 5 <= ledger.totals().jobs <= 6
        before = ledger.totals()
        result.on(noisy, 500, mitigation="readout", ledger=ledger)
        assert ledger.totals() == before


@pytest.mark.parametrize("kind", [str, Path])
def test_a_ledger_can_be_given_as_its_file_as_for_fit(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type
) -> None:
    closed: list[Path | None] = []
    close = Ledger.close
    monkeypatch.setattr(Ledger, "close", lambda ledger: (closed.append(ledger.path), close(ledger)))
    noisy, path = Aer(noise=Noise(readout=0.1)), tmp_path / "jobs.sqlite"
    first, second = (frequencies(result.on(noisy, 500, ledger=kind(path))) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert closed == [path, path]
    with Ledger.read(path) as ledger:
        assert (ledger.totals().jobs, ledger.totals().shots) == (1, 500)


def test_no_file_is_made_for_a_backend_that_is_not_there(result: Result, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no fake device 'fake_news'"):
        result.on(FakeDevice("fake_news"), ledger=tmp_path / "jobs.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_limits_of_the_ledger_hold(result: Result) -> None:
    with closing(Ledger.in_memory(Limits(max_shots=400))) as ledger:
        result.on(BACKEND, 400, ledger=ledger)
        with pytest.raises(LimitReached, match="max_shots=400 would be exceeded"):
            result.on(BACKEND, 300, ledger=ledger)


@pytest.mark.usefixtures("unchecked")
def test_shots_and_mitigation_are_checked(result: Result) -> None:
    with pytest.raises(UserError, match="shots=0 must be a whole number of at least 1"):
        result.on(BACKEND, 0)
    with pytest.raises(UserError, match="mitigation = 'zne': give none or readout"):
        result.on(BACKEND, 10, mitigation="zne")  # pyright: ignore[reportArgumentType]


def test_a_ledger_tells_settings_apart(result: Result, tmp_path: Path) -> None:
    noisy = Aer(noise=Noise(readout=0.3))
    with closing(Ledger.create_or_open(tmp_path / "ledger.sqlite")) as ledger:
        first = frequencies(result.on(noisy, SHOTS, ledger=ledger))
        second = frequencies(result.on(Aer(), SHOTS, ledger=ledger))
        again = frequencies(result.on(noisy, SHOTS, ledger=ledger))
        assert ledger.totals().jobs == 2
    # The ideal distribution within five standard errors of a frequency; readout errors of 0.3 are far outside.
    assert np.abs(second - result.probabilities).max() < 5 * np.sqrt(0.25 / SHOTS)
    assert np.abs(first - second).max() > 20 * np.sqrt(0.25 / SHOTS)
    assert np.array_equal(first, again)


def test_a_seed_out_of_range_is_refused(result: Result) -> None:
    with pytest.raises(UserError, match="seed=-1"):
        result.on(BACKEND, seed=-1)


def test_probabilities_of_a_wide_circuit_are_refused(data: Dataset) -> None:
    network = BinaryMLP(2, (7,))
    assert network.n_weights == 29
    posterior = ShotRegister(ProductState(29), Aer("matrix_product_state"))
    wide = hb.fit(
        network, data, posterior=posterior, objective=hb.SELBO(), estimator=hb.SPSA(20), steps=1, progress=False
    )
    for ask in (lambda: wide.probabilities, wide.as_prior):
        with pytest.raises(UserError, match=r"29 weights.* too many probabilities to be tabled"):
            ask()
