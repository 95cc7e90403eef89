"""The records of a training as columns: what they hold, and that they are kept."""

import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import hyperborn as hb
import objectives_oracle
from hyperborn.backends import Statevector
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.posteriors import ExactPosterior
from hyperborn.progress import Progress
from hyperborn.training import loop
from hyperborn.training.fit import run
from hyperborn.training.history import TrainingHistory
from hyperborn.training.regime import Resources
from hyperborn.training.result import Result
from hyperborn.training.shots.posteriors import ShotRegister
from runs import npz, reseal, resume, start, start_and_stop

QUIET = Resources(Progress(enabled=False))
COLUMNS = ("step", "losses", "expected_energy", "elbo", "divergence")


def columns(result: Result) -> dict[str, list]:
    assert result.history is not None
    return {name: getattr(result.history, name).tolist() for name in COLUMNS}


@pytest.fixture(scope="module")
def selbo(define, data: Dataset) -> Result:
    """Its divergence is not the one that is trained with."""
    return run(define(objective=hb.SELBO(), steps=60, prior=hb.Bernoulli(0.3)), data, QUIET)


def test_the_columns_are_those_of_the_restart_with_the_lowest_loss(
    selbo: Result, exact: ExactPosterior, monkeypatch: pytest.MonkeyPatch, data: Dataset
) -> None:
    found = selbo.history
    assert found is not None
    assert found.step.tolist() == [0, 25, 50, 60]
    assert found.losses.shape == (4, 4)
    assert tuple(found.losses[-1]) == selbo.losses
    # The last record is of the result, whose numbers are sums over all networks in double precision.
    q, p = selbo.probabilities, objectives_oracle.product_distribution([0.3] * 9)
    divergence = objectives_oracle.divergence_from(q, p)
    energy = float(q @ exact.energies)
    np.testing.assert_allclose(found.expected_energy[-1], energy, rtol=0, atol=1e-4)
    np.testing.assert_allclose(found.divergence[-1], divergence, rtol=0, atol=1e-4)
    np.testing.assert_allclose(found.elbo[-1], -energy - divergence, rtol=0, atol=1e-4)
    # How often a run reports changes none of its records.
    monkeypatch.setattr(loop, "SECONDS_A_LEAP", 0.0)
    assert columns(run(selbo.definition, data, QUIET)) == columns(selbo)


def test_it_is_saved_with_a_result_and_loaded_again(selbo: Result, tmp_path: Path) -> None:
    selbo.save(tmp_path / "run")
    again = hb.load(tmp_path / "run")
    assert columns(again) == columns(selbo)
    again.save(tmp_path / "copy")
    assert columns(hb.load(tmp_path / "copy")) == columns(selbo)


def test_a_run_folder_gives_that_of_its_log_however_often_it_was_stopped(define, data: Dataset, tmp_path: Path) -> None:
    definition = define(steps=60)
    expected = columns(run(definition, data, QUIET))
    whole = start(tmp_path / "whole", definition, data)
    start_and_stop(tmp_path / "run", definition, data, 30)
    assert columns(whole) == columns(resume(tmp_path / "run")) == columns(hb.load(tmp_path / "run")) == expected
    assert not list((tmp_path / "run").rglob("history.npz"))
    # Saved elsewhere, it no longer has its log.
    hb.load(tmp_path / "run").save(tmp_path / "copy")
    assert not (tmp_path / "copy" / "metrics.jsonl").exists()
    assert columns(hb.load(tmp_path / "copy")) == expected


def test_a_result_of_an_earlier_version_has_none(selbo: Result, tmp_path: Path) -> None:
    selbo.save(tmp_path / "run")
    folder = tmp_path / "run" / "result"
    (folder / "history.npz").unlink()
    record = json.loads((folder / "result.json").read_bytes())
    del record["stopped_by_callback"]
    reseal(folder, "result.json", json.dumps(record).encode())
    again = hb.load(tmp_path / "run")
    assert again.history is None
    assert again.stopped == "steps"
    again.save(tmp_path / "copy")
    assert hb.load(tmp_path / "copy").history is None


@pytest.mark.parametrize("damage", ["a restart too many", "a row too few", "another type", "another name"])
def test_a_history_that_is_not_the_runs_is_refused(selbo: Result, tmp_path: Path, damage: str) -> None:
    selbo.save(tmp_path / "run")
    folder = tmp_path / "run" / "result"
    arrays = {name: array.copy() for name, array in np.load(folder / "history.npz").items()}
    if damage == "a restart too many":
        arrays["losses"] = np.hstack([arrays["losses"], arrays["losses"][:, :1]])
    elif damage == "a row too few":
        arrays["elbo"] = arrays["elbo"][1:]
    elif damage == "another type":
        arrays["step"] = arrays["step"].astype(float)
    else:
        arrays["loss"] = arrays.pop("losses")
    reseal(folder, "history.npz", npz(**arrays))
    with pytest.raises(UserError, match=r"result is not a result \(.*\); restore it from a copy"):
        hb.load(tmp_path / "run")
    shutil.rmtree(tmp_path / "run")


def test_what_shots_cannot_know_is_not_a_number(data: Dataset, tmp_path: Path) -> None:
    posterior = ShotRegister(hb.circuits.ProductState(3), Statevector())
    network = hb.networks.BinaryMLP(2, hidden=())
    found = hb.fit(network, data, posterior=posterior, estimator=hb.SPSA(20), steps=5, progress=False)
    found.save(tmp_path / "run")
    for result in (found, hb.load(tmp_path / "run")):
        history = result.history
        assert history is not None
        assert history.step.tolist() == list(range(6))
        assert np.isnan([history.elbo, history.divergence]).all()
        assert np.isfinite(history.losses).all()
        assert (history.expected_energy > 0).all()


def test_a_frame_has_a_column_for_each_restart(selbo: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stand-in for pandas, which the tests do without."""
    assert selbo.history is not None
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=dict))
    frame = selbo.history.to_frame()
    losses = [f"loss_{restart}" for restart in range(4)]
    assert list(frame) == ["step", *losses, "expected_energy", "divergence", "elbo"]
    for restart, name in enumerate(losses):
        np.testing.assert_array_equal(frame[name], selbo.history.losses[:, restart])
    np.testing.assert_array_equal(frame["divergence"], selbo.history.divergence)


def test_a_frame_without_pandas_is_one_line(selbo: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    assert selbo.history is not None
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UserError, match=r"^to_frame needs pandas \(.*\); install it with: pip install pandas, or take"):
        selbo.history.to_frame()


def test_columns_that_do_not_fit_each_other_are_no_history() -> None:
    with pytest.raises(ValueError, match=r"shapes \(\(3,\), \(3,\), \(3,\), \(2,\)\)"):
        TrainingHistory(np.arange(3), np.zeros((3, 2)), np.zeros(3), np.zeros(2))
