"""Training from shots on the command line."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hyperborn as hb
from command_line import Run, run
from hyperborn.backends import FakeDevice, Statevector
from hyperborn.config import RunConfig
from hyperborn.config.datasets import data_of
from hyperborn.config.definitions import definition_of
from hyperborn.training.estimators import SPSA, ParameterShift
from hyperborn.training.optimizers import Adam, Gains
from hyperborn.training.shots.posteriors import ShotRegister

IRIS = ("iris", "--classes", "1,2", "--hidden", "none")
FEW = ("--steps", "2", "--shots", "50")
SIMULATED = ("train", *IRIS, *FEW, "--backend", "statevector")


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("simulated") / "run"
    ended = run(*SIMULATED, "--json", "--out", path)
    assert ended.code == 0, ended.err
    # What it will take is said before.
    assert ended.err.startswith("statevector: 4 jobs, 6 circuits, 1,250 shots, about ")
    found = ended.json
    assert (found["n_weights"], found["backend"], found["objective"], found["estimator"]) == (
        5, "statevector", "selbo", "spsa",
    )  # fmt: skip
    assert (found["spent"]["jobs"], found["spent"]["shots"]) == (4, 1250)
    return path


def test_the_ledger_is_a_table_and_an_object(hyperborn: Run, simulated: Path) -> None:
    shown = hyperborn("ledger", simulated)
    assert shown.code == 0
    for thing in ("statevector", "first", "step-000001", "result", "1,250"):
        assert thing in shown.out
    found = hyperborn("ledger", simulated, "--json").json["training"]
    assert [job["request"]["label"] for job in found["jobs"]] == ["first", "step-000000", "step-000001", "result"]
    assert [job["request"]["points"] * job["request"]["shots"] for job in found["jobs"]] == [50, 100, 100, 1000]
    assert {job["state"] for job in found["jobs"]} == {"done"}
    # A ledger of `hb.fit` is a file in no run.
    assert hyperborn("ledger", simulated / "ledger.sqlite", "--json").json["training"] == found
    assert (found["spent"]["jobs"], found["spent"]["shots"]) == (4, 1250)
    assert found["limits"] == {"max_shots": None, "max_jobs": None, "max_seconds": None}


def test_a_fake_device_is_trained_on(hyperborn: Run) -> None:
    ended = hyperborn("train", *IRIS, *FEW, "--backend", "fake_manila", "--steps", "1", "--json", "--out", "run")
    assert ended.code == 0, ended.err
    assert (ended.json["backend"], ended.json["spent"]["jobs"]) == ("fake_manila", 3)
    result = hb.load("run")
    assert isinstance(result.definition.posterior, ShotRegister)
    assert result.definition.posterior.backend == FakeDevice("fake_manila")
    assert hyperborn("evaluate", "run", "--json").json["nll"] == pytest.approx(ended.json["test"]["nll"])


def test_what_a_run_will_take(hyperborn: Run) -> None:
    found = hyperborn("estimate", *IRIS, *FEW, "--backend", "statevector", "--json").json
    assert (found["jobs"], found["circuits"], found["shots"], found["qubits"]) == (4, 6, 1250, 5)
    shown = hyperborn("estimate", *IRIS, *FEW, "--backend", "statevector")
    assert "1,250" in shown.out
    # Nothing is sent, and nothing written.
    assert list(Path().iterdir()) == []


def test_a_limit_stops_a_run_and_a_larger_one_lets_it_go_on(hyperborn: Run, simulated: Path) -> None:
    stopped = hyperborn(*SIMULATED, "--max-jobs", "2", "--out", "run")
    assert (stopped.code, stopped.out) == (2, "")
    assert "max_jobs=2 is reached: 2 jobs are spent, and step-000001 takes another" in stopped.err
    assert "all that is paid for is kept: resume the run with a larger limit to go on" in stopped.err
    assert hyperborn("ledger", "run", "--json").json["training"]["limits"]["max_jobs"] == 2
    assert "max_jobs=2 is reached" in hyperborn("resume", "run").err
    ended = hyperborn("resume", "run", "--max-jobs", "4", "--json")
    assert ended.code == 0, ended.err
    assert ended.json["spent"]["jobs"] == 4
    np.testing.assert_array_equal(hb.load("run").params, hb.load(simulated).params)


def test_a_run_is_evaluated_elsewhere(hyperborn: Run) -> None:
    assert hyperborn("train", *IRIS, "--steps", "20", "--restarts", "1", "--out", "run").code == 0
    exact = hyperborn("evaluate", "run", "--json").json
    words = ("evaluate", "run", "--backend", "statevector", "--shots", "20000", "--json")
    ideal = hyperborn(*words).json
    assert (ideal["backend"], exact["backend"]) == ("statevector", None)
    assert ideal["nll"] == pytest.approx(exact["nll"], abs=0.02)
    assert hyperborn(*words).json == ideal
    # The second time nothing was asked for.
    assert hyperborn("ledger", "run", "--json").json["evaluations"]["spent"]["jobs"] == 1


def test_estimates_on_fake_devices_say_that_their_readout_errors_are_symmetric(hyperborn: Run) -> None:
    found = hyperborn("estimate", *IRIS, *FEW, "--backend", "fake_manila")
    assert "readout errors of fake devices are symmetric" in found.err
    assert "symmetric" not in found.out


def test_a_run_is_evaluated_under_noise(hyperborn: Run, simulated: Path) -> None:
    words = ("evaluate", simulated, "--backend", "aer", "--shots", "2000", "--json")
    plain = hyperborn(*words).json
    noisy = hyperborn(*words, "--readout-error", "0.45").json
    # Bits that are read as good as at random predict as the prior does.
    assert noisy["nll"] != plain["nll"]
    assert hyperborn("ledger", simulated, "--json").json["evaluations"]["spent"] == {
        "jobs": 2, "shots": 4000, "processor_seconds": pytest.approx(0, abs=60),
    }  # fmt: skip
    hyperborn("evaluate", simulated, "--shots", "20").refused("shots goes with backend")
    hyperborn("evaluate", simulated, "--backend", "statevector", "--shots", "20,30").refused("measured once")


def test_limits_of_a_run_on_no_backend_are_refused(hyperborn: Run) -> None:
    assert hyperborn("train", *IRIS, "--steps", "5", "--restarts", "1", "--out", "run").code == 0
    import shutil

    shutil.rmtree("run/result")
    hyperborn("resume", "run", "--max-jobs", "5").refused("is on no backend", "leave the limits out")


def test_a_register_size_asks_for_many_registers(hyperborn: Run) -> None:
    found = hyperborn(
        "estimate", "iris", "--classes", "1,2", "--backend", "statevector", "--register-size", "3", "--json"
    )
    # Neurons of 5, 5 and 3 weights: registers of 3 and 2 bits, put side by side up to 12 qubits.
    assert found.json["subcircuits"] == 2


def test_a_run_with_jobs_under_way_is_not_replaced(hyperborn: Run) -> None:
    from hyperborn.backends import Batch, Ledger, Points
    from hyperborn.backends.jobs.ledger import Request
    from hyperborn.circuits import ProductState

    assert hyperborn(*SIMULATED, "--out", "run").code == 0
    ledger = Ledger.create_or_open(Path("run/ledger.sqlite"))
    batch = Batch("step-000009", (Points(ProductState(2), np.zeros((1, 2))),), 10, 0)
    ledger.intend(Request.of(batch, "ibm_somewhere"), None)
    ledger.close()
    ended = hyperborn(*SIMULATED, "--out", "run", "--force")
    assert ended.code == 2
    for said in ("1 jobs under way", "step-000009", "resume the run"):
        assert said in ended.err
    assert Path("run/result").is_dir()


def test_a_backend_is_tested(hyperborn: Run) -> None:
    words = ("backend-test", "statevector", "--circuits", "20", "--shots", "1000")
    found = hyperborn(*words, "--json").json
    assert (found["backend"], found["circuits"], found["passed"]) == ("statevector", 20, True)
    shown = hyperborn(*words)
    assert shown.code == 0
    assert "statevector may be trusted" in shown.out


MISTAKES = [
    (("train", *IRIS, "--backend", "statvector"), ("no backend 'statvector'", "did you mean statevector", "aer")),
    (("train", *IRIS, "--backend", "qpu"), ("no backend 'qpu'", "statevector", "fake_sherbrooke", "ibm_NAME")),
    (("estimate", *IRIS, "--backend", "fake_nowhere"), ("fake_nowhere",)),
    (("backend-test", "qpu"), ("no backend 'qpu'",)),
    # Before the backend is looked for, let alone asked.
    (("backend-test", "qpu", "--circuits", "19"), ("--circuits", "20")),
    (("backend-test", "qpu", "--circuits", "21"), ("circuits=21 must be a multiple of 5, such as 25",)),
    (("train", "iris", "--classes", "1,2", "--backend", "fake_manila"), ("13 qubits", "fake_manila, which has 5")),
    (("train", *IRIS, "--backend", "statevector", "--shots", "0"), ("shots = '0'", "from 2 on")),
    (("train", *IRIS, "--backend", "statevector", "--shots", "1"), ("shots = '1'", "from 2 on")),
    (("train", *IRIS, "--backend", "statevector", "--shots", "9,9,9"), ("shots = '9,9,9'",)),
    (("train", *IRIS, "--backend", "statevector", "--objective", "elbo"), ("objective elbo", "selbo or mle")),
    (("train", *IRIS, "--backend", "statevector", "--divergence", "kl"), ("divergence kl", "mmd")),
    (
        ("train", *IRIS, "--backend", "statevector", "--estimator", "exact"),
        ("estimator exact", "parameter-shift, spsa"),
    ),
    (("train", *IRIS, "--backend", "statevector", "--twirling", "true"), ("twirling", "statevector")),
    (("train", *IRIS, "--backend", "statevector", "--max-jobs", "0"), ("max_jobs = '0'", "from 1 on")),
    (("train", *IRIS, "--backend", "statevector", "--ansatz", "autoregressive"), ("ansatz autoregressive", "line")),
    (("train", *IRIS, "--backend", "statevector", "--mitigation", "zne"), ("mitigation = 'zne'",)),
    (("train", *IRIS, "--shots", "100"), ("shots goes with backend",)),
    (("estimate", *IRIS), ("nothing to estimate without a backend", "--backend fake_sherbrooke")),
    (("ledger", "nowhere"), ("nowhere/ledger.sqlite does not exist",)),
    (("evaluate", "nowhere", "--backend", "statevector"), ("nowhere is not a run folder",)),
]


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(("words", "said"), MISTAKES, ids=range(len(MISTAKES)))
def test_mistakes_are_one_line(hyperborn: Run, words: tuple[str, ...], said: tuple[str, ...]) -> None:
    line = hyperborn(*words).refused(*said)
    assert line.isprintable()


def test_an_ibm_device_without_an_account_is_one_line_without_a_token(tmp_path: Path) -> None:
    """In a process of its own, whose home is empty."""
    secret = "s3cret-t0ken"
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith(("QISKIT", "QISKIT_IBM"))}
    ended = subprocess.run(
        [sys.executable, "-m", "hyperborn", "train", *IRIS, "--backend", "ibm_torino", "--out", "run"],
        cwd=tmp_path,
        env=surroundings | {"HOME": str(tmp_path), "IBM_TOKEN_ELSEWHERE": secret},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    lines = ended.stderr.splitlines()
    assert len(lines) == 1, ended.stderr
    assert "no IBM Quantum account is saved on this machine" in lines[0]
    assert "Traceback" not in ended.stderr
    assert secret not in ended.stderr
    assert not (tmp_path / "run").exists()


def test_optimizers_are_those_asked_for() -> None:
    """With SPSA gains are usual, and a learning rate is that of the gains."""
    common = {"data": "iris", "classes": ["1", "2"], "hidden": [], "backend": "statevector"}
    wanted = [
        ({}, Gains()),
        ({"learning_rate": 0.2}, Gains(0.2)),
        ({"optimizer": "adam"}, Adam(0.1)),
        ({"optimizer": "adam", "learning_rate": 0.2}, Adam(0.2)),
        ({"estimator": "parameter-shift"}, Adam(0.1)),
        ({"estimator": "parameter-shift", "optimizer": "gains"}, Gains()),
    ]
    for given, optimizer in wanted:
        config = RunConfig(**common, **given)
        definition = definition_of(config, data_of(config, lambda _: None), "selbo")
        assert definition.optimizer == optimizer
        kind = ParameterShift if "estimator" in given else SPSA
        assert isinstance(definition.estimator, kind)
        assert definition.posterior.backend == Statevector()
