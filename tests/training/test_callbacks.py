"""What a callback is told, how it stops a training, and what it may not be."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.backends import Statevector
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.training import loop
from hyperborn.training.result import Result
from hyperborn.training.shots.posteriors import ShotRegister
from runs import same

Told = list[tuple[int, np.ndarray, np.ndarray]]


def fitted(define, data: Dataset, **given: Any) -> Result:
    """A run of 60 steps at most of the definition that other tests compile."""
    usual = define()
    parts = {"posterior": usual.posterior, "optimizer": usual.optimizer, "spread": usual.spread, "objective": hb.ELBO()}
    plain = {"annealing": None, "plateau": None, "steps": 60, "restarts": 4, "progress": False}
    return hb.fit(usual.network, data, **parts | plain | given)


def test_it_is_told_the_steps_the_losses_and_the_parameters_and_changes_nothing(define, data: Dataset) -> None:
    told: Told = []

    def spoil(step: int, losses: np.ndarray, parameters: np.ndarray) -> None:
        told.append((step, losses.copy(), parameters.copy()))
        losses[:] = parameters[:] = np.nan

    found, undisturbed = fitted(define, data, callback=spoil), fitted(define, data)
    assert same(found, undisturbed)
    assert (found.stopped, undisturbed.stopped) == ("steps", "steps")
    steps = [step for step, _, _ in told]
    assert {0, 25, 50, 60} <= set(steps)
    assert steps == sorted(set(steps))
    step, losses, parameters = told[-1]
    assert (step, tuple(losses)) == (60, found.losses)
    assert parameters.shape == (4, *found.params.shape)
    np.testing.assert_array_equal(parameters[losses.argmin()], found.params)


RHYTHMS = {
    "exact": ({}, [0, 1, 25, 50, 60], range(61)),
    "minibatches": ({"posterior": hb.Registers(9, 2), "restarts": 1}, [0, 1, 25, 50, 60], range(61)),
    "shots": ({"steps": 5}, range(6), range(6)),
    "many shots": ({"steps": 401}, [0, 1, *range(2, 401, 2), 401], range(402)),
}


@pytest.mark.parametrize(("given", "fast", "slow"), RHYTHMS.values(), ids=RHYTHMS)
def test_it_is_called_at_records_and_between_them_where_steps_are_slow(
    define, data: Dataset, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], fast: Any, slow: Any
) -> None:
    if len(slow) != 61:
        given = given | {"posterior": ShotRegister(hb.circuits.ProductState(9), Statevector()), "restarts": 1}
        given |= {"objective": hb.MLE(), "estimator": hb.SPSA(2), "optimizer": None, "annealing": None}
    for seconds, expected in ((1e9, fast), (0.0, slow)):
        monkeypatch.setattr(loop, "SECONDS_A_LEAP", seconds)
        told: list[int] = []
        result = fitted(define, data, callback=lambda step, *_, told=told: told.append(step), **given)
        assert told == list(expected)
        assert set(result.history.step) <= set(told)


@pytest.mark.parametrize("yes", [True, np.True_], ids=repr)
def test_true_stops_with_a_finished_result_that_can_be_loaded(define, data: Dataset, tmp_path: Path, yes: Any) -> None:
    told: Told = []

    def stop_after_30(step: int, losses: np.ndarray, parameters: np.ndarray) -> Any:
        told.append((step, losses, parameters))
        return yes if step >= 30 else None

    found = fitted(define, data, callback=stop_after_30)
    step, losses, parameters = told[-1]
    assert 30 <= step == found.steps < 60
    assert tuple(losses) == found.losses
    np.testing.assert_array_equal(parameters[losses.argmin()], found.params)
    assert found.numbers["loss"] == pytest.approx(losses.min(), abs=1e-5)
    assert found.summary["stopped"] == "callback"
    assert found.history is not None
    assert found.history.step.tolist() == [0, 25, step]
    found.save(tmp_path / "run")
    again = hb.load(tmp_path / "run")
    assert same(again, found)
    assert (again.stopped, again.summary) == ("callback", found.summary)
    np.testing.assert_array_equal(again.predict_proba(data.test.x), found.predict_proba(data.test.x))


def test_a_stop_at_the_last_step_is_no_stop(define, data: Dataset) -> None:
    assert fitted(define, data, callback=lambda step, *_: step == 60).stopped == "steps"


def test_shots_are_not_taken_after_a_stop(data: Dataset, tmp_path: Path) -> None:
    posterior = ShotRegister(hb.circuits.ProductState(3), Statevector())
    found = hb.fit(
        hb.networks.BinaryMLP(2, hidden=()),
        data,
        posterior=posterior,
        estimator=hb.SPSA(20),
        steps=10,
        ledger=tmp_path / "jobs.sqlite",
        callback=lambda step, *_: step >= 4,
        progress=False,
    )
    assert (found.steps, found.stopped) == (4, "callback")
    with hb.backends.Ledger.read(tmp_path / "jobs.sqlite") as ledger:
        labels = [job.request.label for job in ledger.rows()]
    assert labels == ["first", *(f"step-{step:06d}" for step in range(4)), "result"]


def test_what_a_callback_raises_goes_on_as_it_is(define, data: Dataset) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match=r"^mine$"):
        fitted(define, data, callback=fail)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("callback", "said"),
    [
        (3, "callback = 3: give a function of (step, losses, parameters) that returns True to stop, or None"),
        (lambda: None, "callback = <function <lambda> at "),
        (lambda _, losses: losses, "cannot be called (too many positional arguments); give a function of (step"),
        (lambda *_: "yes", "the callback returned 'yes' at step 0: return True to stop, else False or None"),
        (lambda *_: 1, "the callback returned 1 at step 0: return True to stop"),
        (lambda _, losses, __: losses > 0, "the callback returned array([ True, True, True, True]) at step 0"),
    ],
    ids=["a number", "no arguments", "two arguments", "a text", "one", "an array"],
)
def test_what_is_no_callback_is_one_line(define, data: Dataset, callback: Any, said: str) -> None:
    with pytest.raises(UserError) as caught:
        fitted(define, data, callback=callback)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
