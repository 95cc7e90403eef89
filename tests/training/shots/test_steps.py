"""Training from shots on the built-in simulator: it learns, repeats itself, survives a stop, spends as foretold."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
import infinite_shots
import oracle
from hyperborn.backends import Aer, Batch, Counts, Ledger, LedgerSampler, LimitReached, Limits, Noise, Statevector
from hyperborn.backends.boundary import connected
from hyperborn.backends.names import identity_of
from hyperborn.circuits import ProductState
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.objectives.divergences import KL, MMD
from hyperborn.posteriors import Registers
from hyperborn.progress import Progress
from hyperborn.runs import session
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.definition import Definition
from hyperborn.training.estimators import SPSA, ParameterShift
from hyperborn.training.fit import run
from hyperborn.training.loop import Report, fresh, train
from hyperborn.training.optimizers import Gains
from hyperborn.training.regime import Resources
from hyperborn.training.result import Result
from hyperborn.training.serialization import definition_from_record
from hyperborn.training.shots.forecast import forecast_of
from hyperborn.training.shots.posteriors import ShotRegister, ShotRegisters
from hyperborn.training.shots.regime import ShotsRegime
from hyperborn.training.shots.steps import ShotsProblem, averaged
from runs import outcome_of, plots, resume, same, start, start_and_stop

QUIET = Progress(enabled=False)
SILENT = Resources(QUIET)
NETWORK = BinaryMLP(2, (1,))
BACKEND = Statevector()
REGISTER = ShotRegister(ProductState(5), BACKEND)
# Registers of 2, 2 and 1 weights, in subcircuits of at most 12 qubits: one; see `narrow`.
REGISTERS = ShotRegisters(Registers(NETWORK, 2, depth=1), BACKEND)


def defined(**parts: Any) -> Definition:
    """A run of 12 steps on 5 bits; keywords replace its parts."""
    training = {"steps": 12, "restarts": 2, "spread": 0.1, "optimizer": Gains(), "seed": 3}
    usual = {"network": NETWORK, "posterior": REGISTER, "objective": hb.MLE(), "estimator": SPSA(100)}
    return definition_with_defaults(examples=40, **(usual | training | parts))


def problem_on(definition: Definition, data: Dataset, limits: Limits | None = None) -> tuple[ShotsProblem, Ledger]:
    ledger, backend = Ledger.in_memory(limits), definition.posterior.backend
    sampler = LedgerSampler(connected(backend), identity_of(backend, None), ledger)
    return ShotsProblem(definition, definition.energies(data), sampler), ledger


def trained(definition: Definition, data: Dataset) -> Result:
    problem, ledger = problem_on(definition, data)
    with closing(ledger):
        return run(definition, data, SILENT, problem=problem)


def spent(path: Path) -> tuple[int, int, int]:
    """Jobs, circuits and shots in a run's ledger."""
    with closing(Ledger.read(path / "ledger.sqlite")) as ledger:
        jobs = ledger.rows()
        return len(jobs), sum(job.request.points for job in jobs), sum(job.total_shots for job in jobs)


def energies_of(data: Dataset) -> np.ndarray:
    x, y = data.train.x, data.train.y
    return np.array([oracle.nll(oracle.mlp_logits(row, x, (1,), 1), y) for row in oracle.all_bits(5)])


@pytest.fixture(scope="module")
def finished(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    path = tmp_path_factory.mktemp("finished") / "run"
    return path, start(path, defined(), data)


LEARNING = {
    "spsa": {"estimator": SPSA(200)},
    "parameter-shift": {"estimator": ParameterShift(200), "optimizer": hb.Adam(0.3)},
    "selbo": {"estimator": SPSA(200), "objective": hb.SELBO()},
    "registers": {"estimator": SPSA(200), "posterior": REGISTERS, "objective": hb.SELBO()},
}


@pytest.mark.parametrize("name", LEARNING)
def test_training_brings_the_loss_down(data: Dataset, name: str) -> None:
    """By more than ten of its standard errors, and more than a third of the way to the best network."""
    definition = defined(steps=30, restarts=1, **LEARNING[name])
    problem, ledger = problem_on(definition, data)
    with closing(ledger):
        reports = list(train(definition, problem, fresh(definition)))
        numbers = problem.findings(np.asarray(reports[-1].position.state.params)[0]).numbers
    first = reports[0].diagnosis
    assert [report.position.step for report in reports] == list(range(31))
    assert numbers["expected_energy"] < first.expected_energy[0] - 10 * numbers["standard_error"]
    best = energies_of(data).min()
    assert numbers["expected_energy"] - best < 0.67 * (first.expected_energy[0] - best)
    # With what the prior adds, too.
    assert numbers["loss"] < first.loss[0] - 1


def test_the_numbers_are_those_of_the_shots(finished: tuple[Path, Result], data: Dataset) -> None:
    """Of 1,000 shots, within 5 standard errors of the exact ones at the same angles."""
    result = finished[1]
    assert tuple(result.numbers) == ShotsRegime.numbers
    q, energies = infinite_shots.joint(REGISTER, result.angles.astype(np.float64)), energies_of(data)
    assert result.outcomes is not None
    assert result.outcomes.shots == 1000
    mean, error = result.numbers["expected_energy"], result.numbers["standard_error"]
    deviation = np.sqrt(q @ (energies - q @ energies) ** 2 / 1000)
    assert error == pytest.approx(deviation, rel=0.2)
    assert abs(mean - q @ energies) < 5 * deviation
    assert (result.numbers["loss"], result.numbers["penalty"]) == (mean, 0.0)
    index = result.outcomes.bits.astype(int) @ [16, 8, 4, 2, 1]
    assert mean == pytest.approx(result.outcomes.weights @ energies[index], rel=1e-6)


def test_the_same_seed_gives_the_same_result_to_the_last_bit(finished: tuple[Path, Result], data: Dataset) -> None:
    again, other = trained(defined(), data), trained(defined(seed=4), data)
    assert same(again, finished[1])
    assert again.outcomes is not None
    assert finished[1].outcomes is not None
    np.testing.assert_array_equal(again.outcomes.bits, finished[1].outcomes.bits)
    np.testing.assert_array_equal(again.outcomes.weights, finished[1].outcomes.weights)
    assert not same(other, finished[1])


def test_restarts_differ_and_the_best_is_kept(finished: tuple[Path, Result], data: Dataset) -> None:
    result = finished[1]
    assert len(set(result.losses)) == 2
    definition = defined()
    problem, ledger = problem_on(definition, data)
    with closing(ledger):
        *_, last = train(definition, problem, fresh(definition))
    params = np.asarray(last.position.state.params)
    assert tuple(last.diagnosis.loss) == result.losses
    np.testing.assert_array_equal(result.params, params[np.argmin(result.losses)])
    assert (params[0] != params[1]).any()


@pytest.mark.parametrize("step", [0, 1, 7, 11])
def test_a_run_stopped_anywhere_ends_the_same(
    finished: tuple[Path, Result], data: Dataset, tmp_path: Path, step: int
) -> None:
    start_and_stop(tmp_path / "run", defined(), data, step)
    with pytest.raises(UserError, match="run is not finished"):
        hb.load(tmp_path / "run")
    before = spent(tmp_path / "run")
    assert before[0] == step + 1
    assert same(resume(tmp_path / "run"), finished[1])
    one, other = (
        {name: text for name, text in outcome_of(path).items() if not name.startswith("ledger")}
        for path in (tmp_path / "run", finished[0])
    )
    assert one == other
    # Nothing was asked for twice.
    assert spent(tmp_path / "run") == spent(finished[0])


def test_limits_stop_a_run_which_a_larger_limit_lets_go_on(
    finished: tuple[Path, Result], data: Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    with pytest.raises(LimitReached, match=r"max_jobs=5 is reached: 5 jobs are spent, and step-000004 takes another"):
        session.start(path, defined(), data, QUIET, plots=plots, spending=session.Spending(Limits(max_jobs=5)))
    # Before the first step, and four of them.
    assert spent(path)[0] == 5
    assert (path / "checkpoints").exists()
    with pytest.raises(LimitReached, match="max_jobs=5 is reached"):
        session.resume(path, QUIET, plots=plots)
    with pytest.raises(
        LimitReached, match=r"max_shots=3,600 would be exceeded: 3,400 shots .* step-000008 takes 400 more"
    ):
        session.resume(path, QUIET, plots=plots, spending=session.Spending(Limits(3600, 100)))
    assert spent(path)[2] == 3400
    found = session.resume(path, QUIET, plots=plots, spending=session.Spending(Limits(10**6)))
    assert same(found, finished[1])
    assert spent(path) == spent(finished[0])


def test_fit_keeps_to_its_limits(data: Dataset) -> None:
    with pytest.raises(LimitReached, match="max_shots=900 would be exceeded: 600 shots are spent, and step-000001"):
        hb.fit(
            NETWORK,
            data,
            objective=hb.MLE(),
            posterior=REGISTER,
            estimator=SPSA(100),
            restarts=2,
            limits=Limits(900),
            progress=False,
        )


SPENDING = [
    defined(),
    defined(estimator=ParameterShift((10, 40), subset=2), restarts=2),
    defined(posterior=REGISTERS, estimator=SPSA(2000, directions=2), steps=3),
    defined(posterior=ShotRegister(ProductState(5), Aer(), "readout"), steps=2, restarts=1),
]


@pytest.mark.parametrize("definition", SPENDING, ids=["spsa", "parameter-shift", "registers", "readout"])
def test_a_run_spends_what_was_foretold(definition: Definition, data: Dataset, tmp_path: Path) -> None:
    forecast = forecast_of(definition)
    start(tmp_path / "run", definition, data)
    assert spent(tmp_path / "run") == (forecast.jobs, forecast.circuits, forecast.shots)


@pytest.mark.parametrize("definition", SPENDING, ids=["spsa", "parameter-shift", "registers", "readout"])
def test_every_job_of_a_run_is_asked_for_once(
    definition: Definition, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result, too, which gives both numbers and networks: its counts are mitigated once."""
    labels: list[str] = []
    problem, ledger = problem_on(definition, data)
    sample = problem.sampler.sample

    def noted(batch: Batch) -> tuple[Counts, ...]:
        labels.append(batch.label)
        return sample(batch)

    monkeypatch.setattr(problem.sampler, "sample", noted)
    with closing(ledger):
        run(definition, data, SILENT, problem=problem)
    assert len(labels) == len(set(labels)) == forecast_of(definition).jobs
    assert "result" in labels


def states_of(definition: Definition, data: Dataset) -> list[Report]:
    problem, ledger = problem_on(definition, data)
    with closing(ledger):
        return list(train(definition, problem, fresh(definition)))


def test_late_angles_are_averaged(data: Dataset) -> None:
    """Of 12 steps the last 6; what is averaged does not change the way that leads there."""
    plain = states_of(defined(estimator=SPSA(100, average=0.0)), data)
    mean = states_of(defined(estimator=SPSA(100, average=0.5)), data)
    angles = np.stack([np.asarray(report.position.state.params, np.float64) for report in plain])
    for one, other in zip(plain[:-1], mean[:-1], strict=True):
        np.testing.assert_array_equal(one.position.state.params, other.position.state.params)
    np.testing.assert_allclose(mean[-1].position.state.params, angles[7:].mean(axis=0), rtol=0, atol=1e-6)
    assert np.abs(angles[-1] - angles[7:].mean(axis=0)).max() > 1e-3


@pytest.mark.parametrize(("share", "begin"), [(1.0, 0), (0.25, 6), (0.1, 7), (0.0, 7), (0.3, 6)])
def test_averages_begin_where_the_last_share_does(share: float, begin: int) -> None:
    estimator, mean = SPSA(average=share), np.full(2, 7.0)
    steps = np.random.default_rng(0).normal(size=(8, 2))
    for step in range(8):
        mean = averaged(estimator, step, 8, mean, steps[step])
    np.testing.assert_allclose(mean, steps[begin:].mean(axis=0), rtol=1e-12)


def test_registers_in_turns_learn_as_side_by_side(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """A simulator that likes circuits of 2 qubits at most runs three subcircuits; other shots, the same law."""
    definition = defined(posterior=REGISTERS, objective=hb.SELBO(), estimator=SPSA(500), steps=25, restarts=1)
    problem, ledger = problem_on(definition, data)
    monkeypatch.setattr(problem.sampler.connection, "packing", 2)
    assert forecast_of(definition).subcircuits == 3
    with closing(ledger):
        result = run(definition, data, SILENT, problem=problem)
        assert {job.request.points for job in ledger.rows()} == {3, 3 * 2}
    q, energies = infinite_shots.joint(REGISTERS, result.angles.astype(np.float64)), energies_of(data)
    assert result.outcomes is not None
    index = result.outcomes.bits.astype(int) @ [16, 8, 4, 2, 1]
    frequencies = np.bincount(index, result.outcomes.weights, minlength=32)
    # Every frequency of 1,000 shots within 5 standard errors, however the subcircuits are put together.
    error = np.sqrt(np.maximum(q * (1 - q), 1 / 1000) / 1000)
    assert (np.abs(frequencies - q) < 5 * error).all()
    start_energy = energies.mean()
    assert q @ energies < start_energy - 0.33 * (start_energy - energies.min())


def test_mitigation_brings_the_energy_back(data: Dataset) -> None:
    """One bit in ten is read wrongly: of 20,000 shots the raw energy is off by over 20 standard errors, seed 3.

    The mitigated one is within 5 of its own, which mitigation makes 1.5 to 3 times as large.
    """
    noisy = Aer(noise=Noise(readout=0.1))
    angles = np.array([2.8, 0.4, 2.9, 0.3, 2.6], np.float32)
    exact = float(infinite_shots.joint(REGISTER, angles.astype(np.float64)) @ energies_of(data))
    found = {}
    for mitigation in ("none", "readout"):
        posterior = ShotRegister(ProductState(5), noisy, mitigation)
        definition = defined(posterior=posterior, estimator=SPSA(20_000))
        problem, ledger = problem_on(definition, data)
        with closing(ledger):
            found[mitigation] = problem.findings(angles).numbers
    off = {name: abs(one["expected_energy"] - exact) / one["standard_error"] for name, one in found.items()}
    assert off["none"] > 20
    assert off["readout"] < 5
    assert 1.5 < found["readout"]["standard_error"] / found["none"]["standard_error"] < 3


WRONG = [
    ({"objective": hb.ELBO()}, "the objective elbo needs the probabilities of networks, and a backend gives samples"),
    ({"objective": hb.Renyi()}, "the objective renyi needs the probabilities"),
    ({"objective": hb.SELBO(divergence=KL())}, "divergence kl needs more of a posterior than shots"),
    ({"objective": hb.SELBO(divergence=MMD(bandwidth="adaptive"))}, "bandwidth adaptive needs all probabilities"),
    ({"optimizer": hb.LBFGS()}, "the optimizer lbfgs searches along lines of an exact loss"),
    ({"estimator": hb.Exact()}, "the estimator exact"),
    ({"posterior": ShotRegister(ProductState(4), BACKEND)}, "the posterior is over 4 weights and the network has 5"),
    (
        {"posterior": ShotRegisters(Registers(BinaryMLP(3, (1,), bias=False), 2), BACKEND), "network": BinaryMLP(3)},
        "the posterior is over 4 weights",
    ),
    (
        {"posterior": REGISTERS, "prior": hb.Ising(((0, 1, 0.5),))},
        "prior = Ising: registers side by side are not independent under it",
    ),
]


@pytest.mark.parametrize(("parts", "said"), WRONG, ids=range(len(WRONG)))
def test_parts_that_do_not_fit_are_one_line_before_anything_starts(parts: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as caught:
        defined(**parts)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("definition", SPENDING, ids=["spsa", "parameter-shift", "registers", "readout"])
def test_definitions_come_back_from_their_records(definition: Definition) -> None:
    assert definition_from_record(definition.to_record()) == definition
    assert replace(definition, seed=9) != definition
