import io
import json
import signal
import threading
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
import oracle
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.progress import Progress
from hyperborn.training import loop
from hyperborn.training.fit import Interrupted, fresh, run
from hyperborn.training.loop import Problem, Report, train
from hyperborn.training.result import Result
from runs import same

QUIET = Progress(enabled=False)


@pytest.fixture(scope="module")
def prior() -> hb.Bernoulli:
    return hb.Bernoulli(0.3)


@pytest.fixture(scope="module")
def result(define, data: Dataset, prior: hb.Bernoulli) -> Result:
    return run(define(prior=prior), data, QUIET)


@pytest.fixture(scope="module")
def logits(data: Dataset) -> dict[str, np.ndarray]:
    """Of all 512 networks, by split: (networks, examples, 1)."""
    return {
        name: np.stack([oracle.mlp_logits(bits, data.split(name).x, (2,), 1) for bits in oracle.all_bits(9)])
        for name in ("train", "validation", "test")
    }


def test_the_numbers_are_those_of_a_plain_enumeration(
    result: Result, data: Dataset, logits: dict[str, np.ndarray]
) -> None:
    q = np.asarray(result.definition.posterior.probabilities(jnp.asarray(result.params)), np.float64)
    q /= q.sum()
    energies = np.array([oracle.nll(of_one, data.train.y) for of_one in logits["train"]])
    ones = oracle.all_bits(9).sum(axis=1)
    log_prior = ones * np.log(0.3) + (9 - ones) * np.log(0.7)
    joint = log_prior - energies
    log_evidence = joint.max() + np.log(np.exp(joint - joint.max()).sum())
    positive = q > 0
    kl = (q[positive] * (np.log(q[positive]) - log_prior[positive])).sum()
    bound = -(q @ energies) - kl
    entropy = -(q[positive] * np.log(q[positive])).sum()
    expected = {
        "expected_energy": q @ energies,
        "elbo": bound,
        "log_evidence": log_evidence,
        "elbo_gap": log_evidence - bound,
        "entropy": entropy,
    }
    assert {name: result.numbers[name] for name in expected} == pytest.approx(expected, abs=1e-6)
    # Trained in float32.
    assert result.numbers["loss"] == pytest.approx(-bound, abs=1e-4)
    assert 0 < result.numbers["elbo_gap"] < 3


@pytest.mark.parametrize("objective", [hb.MLE(), hb.ELBO(0.5), hb.SELBO()], ids=lambda it: it.name)
def test_the_bound_is_a_bound_whatever_was_minimised(define, data: Dataset, objective) -> None:
    found = run(define(objective=objective, steps=100), data, QUIET).numbers
    assert found["elbo"] <= found["log_evidence"]
    assert found["elbo_gap"] == found["log_evidence"] - found["elbo"]
    assert 0 <= found["entropy"] <= 9 * np.log(2)
    assert set(found) == {"loss", "expected_energy", "elbo", "log_evidence", "elbo_gap", "entropy"}


def test_the_best_restart_is_kept(define, data: Dataset, problem: Problem) -> None:
    definition = define(steps=30, seed=5)
    *_, last = train(definition, problem, fresh(definition))
    found = run(definition, data, QUIET)
    assert len(set(found.losses)) == 4
    assert found.losses == tuple(last.diagnosis.loss)
    assert found.numbers["loss"] == min(found.losses)
    np.testing.assert_array_equal(found.params, last.position.state.params[int(np.argmin(found.losses))])
    assert found.steps == 30


def test_the_predictive_is_the_plain_sum_over_networks(
    result: Result, data: Dataset, logits: dict[str, np.ndarray]
) -> None:
    ones = 1 / (1 + np.exp(-logits["test"][:, :, 0]))
    expected = result.probabilities @ ones
    found = result.predict_proba(data.test.x)
    np.testing.assert_allclose(found, np.stack([1 - expected, expected], axis=1), atol=1e-10)
    np.testing.assert_array_equal(result.predict(data.test.x), (expected > 0.5).astype(int))


def test_the_sampled_predictive_is_within_its_standard_error(
    result: Result, data: Dataset, logits: dict[str, np.ndarray]
) -> None:
    ones = 1 / (1 + np.exp(-logits["test"][:, :, 0]))
    exact = result.predict_proba(data.test.x)[:, 1]
    variance = result.probabilities @ (ones - exact) ** 2
    samples = 4000
    found = result.predict_proba(data.test.x, samples=samples, seed=1)
    np.testing.assert_array_less(np.abs(found[:, 1] - exact), 4 * np.sqrt(variance / samples) + 1e-12)
    np.testing.assert_array_equal(found, result.predict_proba(data.test.x, samples=samples, seed=1))
    other = result.predict_proba(data.test.x, samples=samples, seed=2)
    assert 0 < np.abs(other - found).max() < 0.2
    for none in (0, -3):
        with pytest.raises(UserError, match=f"samples = {none}: draw at least 1 network"):
            result.predict_proba(data.test.x, samples=none)


def test_metrics_are_those_of_the_predictive(result: Result, data: Dataset) -> None:
    for name in ("train", "validation", "test"):
        split = data.split(name)
        p = result.predict_proba(split.x)
        own = p[np.arange(len(split)), split.y]
        found = result.metrics(name)
        assert found["accuracy"] == np.mean(p.argmax(axis=1) == split.y)
        assert found["nll"] == pytest.approx(-np.log(own).mean())
        assert found["brier"] == pytest.approx(np.mean(2 * (1 - own) ** 2))
        assert 0 <= found["ece"] <= 1
    with pytest.raises(UserError, match="unknown split 'tests'; choose from: train, validation, test"):
        result.metrics("tests")


def test_the_most_probable_networks_come_first(result: Result, data: Dataset, logits: dict[str, np.ndarray]) -> None:
    order = np.argsort(-result.probabilities, kind="stable")
    np.testing.assert_array_equal(result.most_probable(5), oracle.all_bits(9)[order[:5]])
    best = order[0]
    mode = result.summary["map"]
    assert mode["bits"] == "".join(map(str, oracle.all_bits(9)[best]))
    assert mode["energy"] == pytest.approx(oracle.nll(logits["train"][best], data.train.y))
    assert mode["test_accuracy"] == np.mean((logits["test"][best][:, 0] > 0) == data.test.y)
    assert result.network_metrics(result.most_probable(1))["accuracy"] == mode["test_accuracy"]


def test_the_summary_holds_what_the_command_line_prints(result: Result) -> None:
    summary = json.loads(json.dumps(result.summary, allow_nan=False))
    assert summary == result.summary
    assert {
        *("n_weights", "n_parameters", "objective", "loss", "expected_energy", "elbo", "log_evidence", "elbo_gap"),
        *("entropy", "train", "validation", "test", "map", "seconds"),
    } <= summary.keys()
    assert (summary["n_weights"], summary["n_parameters"], summary["objective"]) == (9, 36, "elbo")
    for name in ("train", "validation", "test"):
        assert summary[name].keys() == {"accuracy", "nll", "brier", "ece"}
    assert summary["map"].keys() == {"bits", "energy", "test_accuracy"}
    assert summary["seconds"].keys() == {"energies", "compile", "train"}
    assert all(seconds >= 0 for seconds in summary["seconds"].values())


def test_a_split_without_examples_has_no_metrics(define) -> None:
    data = hb.data.load("moons", size=40, validation=0.0, test=0.0)
    found = run(define(steps=3), data, QUIET)
    assert found.metrics("validation") == {}
    assert found.summary["test"] == {}
    assert found.summary["map"]["test_accuracy"] is None
    json.dumps(found.summary, allow_nan=False)


def test_fit_is_the_run_of_its_definition(define, data: Dataset) -> None:
    definition = define(plateau=hb.Plateau(50, 1e-2), seed=2, restarts=4)
    found = hb.fit(
        definition.network,
        data,
        objective=hb.ELBO(),
        posterior=definition.posterior,
        plateau=definition.plateau,
        steps=300,
        seed=2,
        progress=False,
    )
    assert found.definition == definition
    assert found.steps < 300
    assert same(found, run(definition, data, QUIET))


def test_defaults_are_those_of_the_documentation(data: Dataset) -> None:
    network = hb.networks.BinaryMLP(2, hidden=())
    found = hb.fit(network, data, steps=1, progress=False).definition
    assert found.posterior == hb.Register(hb.circuits.Brickwork(3, depth=4))
    assert (found.objective, found.prior, found.optimizer) == (hb.ELBO(), hb.Uniform(), hb.Adam(0.1))
    assert (found.plateau, found.restarts, found.seed) == (hb.Plateau(), 4, 0)


def test_pieces_that_do_not_fit_are_named(define, data: Dataset) -> None:
    with pytest.raises(UserError, match="the data has 2 features and 2 classes, the network 3 and 2; build the net"):
        hb.fit(hb.networks.BinaryMLP(3, hidden=()), data)
    with pytest.raises(UserError, match="the data has 2 features and 2 classes, the network 2 and 3"):
        hb.fit(hb.networks.BinaryMLP(2, hidden=(), n_classes=3), data)
    with pytest.raises(UserError, match="the posterior has 9 qubits and the network 3 weights"):
        hb.fit(hb.networks.BinaryMLP(2, hidden=()), data, posterior=define().posterior)
    with pytest.raises(UserError, match="steps = 0"):
        hb.fit(define().network, data, steps=0)


def test_training_stops_on_a_plateau_and_goes_on_where_there_is_none(define, problem: Problem) -> None:
    def steps(plateau: hb.Plateau | None) -> int:
        definition = define(plateau=plateau, steps=300)
        *_, last = train(definition, problem, fresh(definition))
        assert last.position.finished
        assert len(last.position.history) <= 6
        return last.position.step

    assert steps(None) == 300
    assert steps(hb.Plateau(patience=50, tolerance=1e-12)) == 300
    assert steps(hb.Plateau(patience=50, tolerance=1e6)) == 50
    assert steps(hb.Plateau(patience=51, tolerance=1e6)) == 75
    # Flat only where it has converged: the loss then stays put.
    stopped = steps(hb.Plateau(patience=50, tolerance=1e-2))
    assert 75 < stopped < 300


def fail(_report: Report) -> None:
    raise RuntimeError("in the midst of it")


def test_the_bar_of_a_run_that_stops_early_is_closed(define, data: Dataset) -> None:
    with Progress(stream=io.StringIO()) as progress:
        assert run(define(plateau=hb.Plateau(25, 1e6)), data, progress).steps == 25
        assert progress._stages == []
        with pytest.raises(RuntimeError, match="in the midst of it"):
            run(define(), data, progress, watch=fail)
        assert progress._stages == []


def test_how_often_reports_come_changes_nothing(define, problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    definition = define(steps=60, plateau=hb.Plateau(25, 1e-3))

    def outcome(seconds: float) -> tuple[int, list[tuple[int, list[float]]], bytes]:
        monkeypatch.setattr(loop, "SECONDS_A_LEAP", seconds)
        reports = list(train(definition, problem, fresh(definition)))
        recorded = [(it.position.step, it.diagnosis.loss.tolist()) for it in reports if it.recorded]
        return len(reports), recorded, np.asarray(reports[-1].position.state.params).tobytes()

    few, often = outcome(1e9), outcome(0.0)
    assert few[1:] == often[1:]
    assert [step for step, _ in few[1]] == [0, 25, 50, 60]
    assert few[0] < 10
    assert often[0] == 61


def test_a_loss_that_is_lost_is_said_so(define, data: Dataset) -> None:
    with pytest.raises(UserError, match=r"the loss of restart 0 is nan at step \d+; use a smaller learning rate"):
        run(define(optimizer=hb.Adam(3e38), steps=50), data, QUIET)


def test_ctrl_c_ends_training_after_the_step_in_hand(define, data: Dataset) -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[int] = []

    def press(report: Report) -> None:
        seen.append(report.position.step)
        if report.position.step >= 50:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Interrupted, match=r"stopped at step \d+ of 300"):
        run(define(), data, QUIET, watch=press)
    assert sum(step >= 50 for step in seen) == 1
    assert signal.getsignal(signal.SIGINT) == before


def test_a_second_ctrl_c_acts_at_once(define, data: Dataset) -> None:
    def press(_report: Report) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as caught:
        run(define(), data, QUIET, watch=press)
    assert not isinstance(caught.value, Interrupted)


def test_it_trains_in_a_thread_too(define, data: Dataset) -> None:
    found: list[Result] = []
    definition = define(steps=5)
    thread = threading.Thread(target=lambda: found.append(run(definition, data, QUIET)))
    thread.start()
    thread.join()
    assert same(found[0], run(definition, data, QUIET))


def test_a_result_comes_back_from_its_folder(result: Result, data: Dataset, tmp_path: Path) -> None:
    result.save(tmp_path / "runs" / "x")
    loaded = hb.load(tmp_path / "runs" / "x")
    assert same(loaded, result)
    assert loaded.definition == result.definition
    assert loaded.summary == result.summary
    np.testing.assert_array_equal(loaded.predict_proba(data.test.x), result.predict_proba(data.test.x))
    np.testing.assert_array_equal(loaded.data.train.x, data.train.x)
    assert loaded.data.classes == data.classes
    with pytest.raises(UserError, match="x exists; choose another name"):
        result.save(tmp_path / "runs" / "x")
    assert same(hb.load(str(tmp_path / "runs" / "x")), result)
