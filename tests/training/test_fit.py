import importlib
import io
import json
import signal
import threading
import time
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
import objectives_oracle
import oracle
from hyperborn.backends import Limits
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.objectives.kernels import default_kernel
from hyperborn.posteriors import ExactPosterior
from hyperborn.predictive import fitted_temperature, tempered
from hyperborn.progress import Progress
from hyperborn.training import exact as exact_training
from hyperborn.training import loop
from hyperborn.training.definition import Definition
from hyperborn.training.exact import ExactProblem
from hyperborn.training.fit import run
from hyperborn.training.interruption import Interrupted
from hyperborn.training.loop import Report, fresh, train
from hyperborn.training.regime import Diagnosis, Resources
from hyperborn.training.result import Result
from runs import same

QUIET = Resources(Progress(enabled=False))
fitting = importlib.import_module("hyperborn.training.fit")  # in the package the function has this name


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
    assert result.numbers["loss"] == pytest.approx(-bound, abs=1e-6)
    assert 0 < result.numbers["elbo_gap"] < 3


@pytest.mark.parametrize("objective", [hb.MLE(), hb.ELBO(), hb.ELBO(0.5), hb.SELBO()], ids=str)
def test_the_final_loss_is_the_objective_in_double_precision(
    define, data: Dataset, prior: hb.Bernoulli, exact: ExactPosterior, objective: Any
) -> None:
    found = run(define(objective=objective, prior=prior, steps=100), data, QUIET)
    q, p = found.probabilities, objectives_oracle.product_distribution([0.3] * 9)
    energy = float(q @ exact.energies)
    if isinstance(objective, hb.ELBO):
        expected = energy + objective.beta * objectives_oracle.divergence_from(q, p)
    elif isinstance(objective, hb.SELBO):
        kernel = objectives_oracle.kernel_matrix(9, default_kernel(9).kappas)
        weight = objectives_oracle.kl_matched_weight(p, kernel)
        expected = energy + weight * objectives_oracle.squared_discrepancy(q, p, kernel)
    else:
        expected = energy
    assert found.numbers["loss"] == pytest.approx(expected, rel=0, abs=1e-9)
    if objective == hb.ELBO():
        assert found.numbers["loss"] == pytest.approx(-found.numbers["elbo"], rel=0, abs=1e-9)
    if isinstance(objective, hb.ELBO):
        # β KL to what it is lowest at, which is the gap of the ELBO at β = 1 alone.
        own = p * np.exp(-(exact.energies - exact.energies.min()) / objective.beta)
        gap = objective.beta * objectives_oracle.divergence_from(q, own / own.sum())
        assert found.numbers["optimum_gap"] == pytest.approx(gap, rel=0, abs=1e-8)
        assert (abs(found.numbers["elbo_gap"] - gap) < 1e-8) == (objective.beta == 1)
    elif isinstance(objective, hb.MLE):
        assert found.numbers["optimum_gap"] == pytest.approx(energy - exact.energies.min(), abs=1e-9)
    else:
        assert "optimum_gap" not in found.numbers


@pytest.mark.parametrize("objective", [hb.MLE(), hb.ELBO(0.5), hb.SELBO()], ids=lambda it: it.name)
def test_the_bound_is_a_bound_whatever_was_minimised(define, data: Dataset, objective) -> None:
    found = run(define(objective=objective, steps=100), data, QUIET).numbers
    assert found["elbo"] <= found["log_evidence"]
    assert found["elbo_gap"] == found["log_evidence"] - found["elbo"]
    assert 0 <= found["entropy"] <= 9 * np.log(2)
    assert found["kl_to_posterior"] == pytest.approx(found["elbo_gap"], abs=1e-9)
    assert 0 < found["total_variation"] < 1
    assert set(found) == {
        *("loss", "expected_energy", "elbo", "log_evidence", "elbo_gap"),
        *("total_variation", "kl_to_posterior", "entropy", "posterior_entropy"),
        *(("optimum_gap",) if objective.name != "selbo" else ()),
    }


def test_the_best_restart_is_kept(define, data: Dataset, exact: ExactPosterior) -> None:
    definition = define(steps=30, seed=5)
    *_, last = train(definition, ExactProblem(definition, exact), fresh(definition))
    found = run(definition, data, QUIET)
    assert len(set(found.losses)) == 4
    assert found.losses == tuple(last.diagnosis.loss)
    # Training sees losses in float32.
    assert found.numbers["loss"] == pytest.approx(min(found.losses), abs=1e-5)
    np.testing.assert_array_equal(found.params, last.position.state.params[int(np.argmin(found.losses))])
    assert found.steps == 30


def test_the_predictive_is_the_plain_sum_over_networks(
    result: Result, data: Dataset, logits: dict[str, np.ndarray]
) -> None:
    ones = 1 / (1 + np.exp(-logits["test"][:, :, 0]))
    expected = result.probabilities @ ones
    found = result.predict_proba(data.test.x, calibrated=False)
    np.testing.assert_allclose(found, np.stack([1 - expected, expected], axis=1), atol=1e-10)
    validation = 1 / (1 + np.exp(-logits["validation"][:, :, 0]))
    held_out = result.probabilities @ validation
    temperature = fitted_temperature(np.stack([1 - held_out, held_out], axis=1), data.validation.y)
    np.testing.assert_allclose(result.predict_proba(data.test.x), tempered(found, temperature), rtol=1e-6)
    np.testing.assert_array_equal(result.predict(data.test.x), (expected > 0.5).astype(int))


def test_the_sampled_predictive_is_within_its_standard_error(
    result: Result, data: Dataset, logits: dict[str, np.ndarray]
) -> None:
    ones = 1 / (1 + np.exp(-logits["test"][:, :, 0]))
    exact = result.predict_proba(data.test.x, calibrated=False)[:, 1]
    variance = result.probabilities @ (ones - exact) ** 2
    samples = 4000
    found = result.predict_proba(data.test.x, samples=samples, seed=1, calibrated=False)
    np.testing.assert_array_less(np.abs(found[:, 1] - exact), 4 * np.sqrt(variance / samples) + 1e-12)
    np.testing.assert_array_equal(found, result.predict_proba(data.test.x, samples=samples, seed=1, calibrated=False))
    other = result.predict_proba(data.test.x, samples=samples, seed=2, calibrated=False)
    assert 0 < np.abs(other - found).max() < 0.2
    for none in (0, -3):
        with pytest.raises(UserError, match=f"samples={none} must be a whole number of at least 1; leave it out"):
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
    with pytest.raises(UserError, match="unknown split 'tests'; the nearest is 'test' of: train, validation, test"):
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
        assert summary[name].keys() == {"accuracy", "nll", "brier", "ece", "auc"}
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
        optimizer=definition.optimizer,
        annealing=None,
        plateau=definition.plateau,
        steps=300,
        restarts=4,
        seed=2,
        spread=definition.spread,
        progress=False,
    )
    assert found.definition == definition
    assert found.steps < 300
    assert same(found, run(definition, data, QUIET))


def test_defaults_are_those_of_the_documentation(data: Dataset) -> None:
    network = hb.networks.BinaryMLP(2, hidden=())
    found = hb.fit(network, data, steps=1, progress=False).definition
    assert found.posterior == hb.Register(hb.circuits.AllPairs(3, depth=4))
    assert (found.objective, found.prior, found.optimizer) == (hb.ELBO(), hb.Uniform(), hb.Adam(0.03))
    assert (found.annealing, found.plateau) == (hb.Annealing(0.01, 0.5), hb.Plateau())
    assert (found.restarts, found.seed, found.spread) == (2, 0, 0.02)
    assert (found.estimator, found.batch_size) == (hb.Exact(), 128)


def test_pieces_that_do_not_fit_are_named(define, data: Dataset) -> None:
    with pytest.raises(UserError, match="the data has 2 features and 2 classes, the network 3 and 2; build the net"):
        hb.fit(hb.networks.BinaryMLP(3, hidden=()), data)
    with pytest.raises(UserError, match="the data has 2 features and 2 classes, the network 2 and 3"):
        hb.fit(hb.networks.BinaryMLP(2, hidden=(), n_classes=3), data)
    with pytest.raises(UserError, match="the posterior is over 9 weights and the network has 3"):
        hb.fit(hb.networks.BinaryMLP(2, hidden=()), data, posterior=define().posterior)
    with pytest.raises(UserError, match="steps=0 must be"):
        hb.fit(define().network, data, steps=0)


MISTAKES = [
    ({"objective": hb.ELBO}, "objective = the class ELBO: give an objective, such as hb.ELBO()"),
    ({"objective": 3}, "objective = 3: give an objective"),
    (
        {"posterior": hb.circuits.Brickwork(9, depth=2)},
        "posterior = Brickwork(n_qubits=9, depth=2): give a posterior, such as hb.Register",
    ),
    ({"prior": [0.5]}, "prior = [0.5]: give a prior, such as hb.Uniform()"),
    ({"optimizer": hb.Adam}, "optimizer = the class Adam: give an optimizer, such as hb.Adam()"),
    ({"plateau": 100}, "plateau = 100: give a plateau, such as hb.Plateau(), or None"),
    ({"network": hb.networks.BinaryMLP}, "network = the class BinaryMLP: give a network"),
    ({"network": 9}, "network = 9: give a network, such as hb.networks.BinaryMLP(n_features=4)"),
    ({"data": np.zeros((50, 3))}, "data = array([[0., 0., 0."),
    ({"steps": "many"}, "steps='many' must be a whole number of at least 1"),
    ({"seed": None}, "seed=None must be a whole number from 0"),
    ({"spread": "wide"}, "spread = 'wide': give a number of radians"),
]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(("given", "said"), MISTAKES, ids=lambda it: str(it)[:40])
def test_what_an_argument_cannot_be_is_one_line(define, data: Dataset, given: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as caught:
        hb.fit(**{"network": define().network, "data": data, "steps": 1, "progress": False} | given)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.usefixtures("unchecked")
def test_a_split_is_not_a_data_set(define, data: Dataset) -> None:
    said = r"data = Split\(24 examples, 2 features\): give the whole data set with its splits, such as hb\.data\.load"
    with pytest.raises(UserError, match=said):
        hb.fit(define().network, data.train)
    with pytest.raises(UserError, match=said):
        define().check(data.train)


def test_without_a_plateau_all_steps_are_made(data: Dataset) -> None:
    network = hb.networks.BinaryMLP(2, hidden=())
    still: dict[str, Any] = {"optimizer": hb.Adam(1e-9), "steps": 150, "progress": False}
    found = hb.fit(network, data, plateau=None, **still)
    assert (found.definition.plateau, found.steps) == (None, 150)
    # Where next to nothing moves, the default stops as soon as it may.
    assert hb.fit(network, data, annealing=None, **still).steps == 100


def test_a_ready_problem_is_not_made_again(
    define, data: Dataset, exact: ExactPosterior, monkeypatch: pytest.MonkeyPatch
) -> None:
    definition = define(steps=30)
    expected = run(definition, data, QUIET)
    monkeypatch.setattr(exact_training, "exact_posterior", None)
    assert same(run(definition, data, QUIET, problem=ExactProblem(definition, exact)), expected)


def test_training_stops_on_a_plateau_and_goes_on_where_there_is_none(define, exact: ExactPosterior) -> None:
    def steps(plateau: hb.Plateau | None) -> int:
        definition = define(plateau=plateau, steps=300)
        *_, last = train(definition, ExactProblem(definition, exact), fresh(definition))
        assert last.position.finished
        assert len(last.position.plateau_history) <= 6
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
        assert run(define(plateau=hb.Plateau(25, 1e6)), data, Resources(progress)).steps == 25
        assert progress._stages == []
        with pytest.raises(RuntimeError, match="in the midst of it"):
            run(define(), data, Resources(progress), watch=fail)
        assert progress._stages == []


def test_how_often_reports_come_changes_nothing(define, exact: ExactPosterior, monkeypatch: pytest.MonkeyPatch) -> None:
    definition = define(steps=60, plateau=hb.Plateau(25, 1e-3))

    def outcome(seconds: float) -> tuple[int, list[tuple[int, list[float]]], bytes]:
        monkeypatch.setattr(loop, "SECONDS_A_LEAP", seconds)
        reports = list(train(definition, ExactProblem(definition, exact), fresh(definition)))
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


def test_the_accuracy_is_found_once_and_only_for_what_is_shown_or_recorded(
    define, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[int] = []
    accuracy_of = fitting.accuracy_of

    def counted(definition: Definition, data: Dataset, report: Report) -> float:
        found.append(report.position.step)
        return accuracy_of(definition, data, report)

    monkeypatch.setattr(fitting, "accuracy_of", counted)
    monkeypatch.setattr(loop, "SECONDS_A_LEAP", 0.0)
    run(define(steps=60), data, QUIET)
    assert found == []
    recorded: list[float] = []

    def watch(report: Report) -> None:
        if report.recorded:
            recorded.extend([report.accuracy(), report.accuracy()])
            fitting.metrics_text(report)

    run(define(steps=60), data, QUIET, watch=watch)
    assert found == [0, 25, 50, 60]
    assert recorded[::2] == recorded[1::2]
    assert all(0 <= accuracy <= 1 for accuracy in recorded)


@pytest.mark.parametrize(
    ("kl", "score", "name", "shown"),
    [
        (1.0, 0.5, "accuracy", "loss 3 elbo -3 acc 0.50"),
        (1.0, np.nan, "accuracy", "loss 3 elbo -3"),
        (np.nan, 1234.5, "rmse", "loss 3 rmse 1234"),
        (np.nan, np.nan, "accuracy", "loss 3"),
    ],
)
def test_what_is_not_known_leaves_no_gap_beside_the_bar(define, kl: float, score: float, name: str, shown: str) -> None:
    bits = np.zeros((1, 9), np.uint8)
    diagnosis = Diagnosis(np.array([3.0]), np.array([2.0]), np.array([kl]), bits)
    report = Report(fresh(define()), diagnosis, 0.0, 0.0, recorded=True, accuracy=lambda: score)
    assert fitting.metrics_text(report, name) == shown


def test_an_accuracy_that_is_shown_and_recorded_is_found_once(
    define, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two threads ask for it at once: the one that draws, and the one that records."""
    found: list[int] = []

    def slow(_definition: Definition, _data: Dataset, report: Report) -> float:
        found.append(report.position.step)
        time.sleep(0.1)
        return 0.5

    def ask(report: Report) -> None:
        threads = [threading.Thread(target=report.accuracy) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert report.accuracy() == 0.5

    monkeypatch.setattr(fitting, "accuracy_of", slow)
    run(define(steps=25), data, QUIET, watch=ask)
    assert found == sorted(set(found))
    assert found[-1] == 25


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


def test_ctrl_c_in_the_last_step_is_not_swallowed(define, data: Dataset) -> None:
    def press(report: Report) -> None:
        if report.position.finished:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Interrupted, match="stopped at step 30 of 30"):
        run(define(steps=30), data, QUIET, watch=press)


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


@pytest.mark.parametrize("posterior", [hb.Register(hb.circuits.ProductState(3)), hb.Registers(3)], ids=["one", "many"])
@pytest.mark.parametrize("name", ["ledger", "limits"])
def test_what_is_for_backends_is_refused_off_them(data: Dataset, tmp_path: Path, posterior: Any, name: str) -> None:
    given: dict[str, Any] = {"ledger": tmp_path / "jobs.sqlite", "limits": Limits(max_jobs=5)}
    network = hb.networks.BinaryMLP(2, hidden=())
    with pytest.raises(UserError, match=f"^{name} = .*: the run is on no backend, so that .*; leave the {name} out$"):
        hb.fit(network, data, posterior=posterior, progress=False, **{name: given[name]})
    assert list(tmp_path.iterdir()) == []
