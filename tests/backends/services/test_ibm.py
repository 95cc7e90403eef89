import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
from batch_counts import counted
from command_line import Run
from hyperborn.backends import Batch, FakeDevice, IBMDevice, Points
from hyperborn.backends.backend import JobMissing, NotFinished, TransientError, UnusableReply
from hyperborn.backends.boundary import connected as connected_to
from hyperborn.backends.conformance.conformance import conformance
from hyperborn.backends.mitigation import calibration_preparations
from hyperborn.backends.services import ibm
from hyperborn.backends.services.ibm import IBMConnection, randomizations_of, sampler_class, set_options
from hyperborn.circuits import Brickwork
from hyperborn.errors import UserError
from noise_oracle import same_source, table_of
from quantum_service import SECRET, StandIn


def connected(service: StandIn, **settings: Any) -> IBMConnection:
    return IBMConnection(IBMDevice("ibm_manila", **settings), service, service.sampler)


def batch_of(shots: int) -> Batch:
    circuit = Brickwork(3, 2)
    angles = np.random.default_rng(2).uniform(0.3, 1.4, (3, circuit.n_parameters))
    return Batch("step-00001", (Points(circuit, angles), calibration_preparations(circuit)), shots, 5)


def test_a_batch_is_one_job_that_is_found_by_its_tag() -> None:
    service, batch = StandIn(), batch_of(800)
    connection = connected(service)
    assert (connection.n_qubits, connection.metered, connection.repeatable) == (5, True, False)
    assert connection.calibration is not None
    job = connection.submit(batch, "run-1-step-1")
    assert len(service.jobs_by_id) == 1
    # A process that starts anew finds it, whichever instance the client asks first.
    anew = connected(service)
    assert list(anew.find("run-1-step-1")) == [job]
    assert list(anew.find("run-1-step-2")) == []
    reply = anew.collect(job, batch, 60.0, lambda _: None)
    assert [counts.shots for counts in reply.counts] == [800] * 5
    assert reply.seconds == 0.0
    ours = counted(FakeDevice("fake_manila").connect(), batch)
    for theirs, mine in zip(reply.counts, ours, strict=True):
        assert abs(same_source(table_of(theirs), table_of(mine))) < 5


def test_orders_are_right() -> None:
    found = conformance("ibm_manila", connected(StandIn()), ideal=False, circuits=20, shots=200)
    assert found.passed, found.checks


@pytest.mark.parametrize("settings", [{"twirling": True}, {"dynamical_decoupling": "XpXm"}], ids=str)
def test_options_act_and_shots_are_as_asked(settings: dict[str, Any]) -> None:
    service, batch = StandIn(), batch_of(300)
    found = counted(connected(service, **settings), batch)
    assert [counts.shots for counts in found] == [300] * 5
    # All of 1 last: twirled readings were turned back.
    assert found[-1].bits[found[-1].counts.argmax()].tolist() == [1, 1, 1]


def test_options_are_the_sampler_s_own() -> None:
    device = StandIn().backend("ibm_manila")
    options = sampler_class()(mode=device).options
    set_options(options, IBMDevice("ibm_x", dynamical_decoupling="XY4", twirling=True), "a-tag", 1000)
    assert options.environment.job_tags == ["a-tag"]
    assert (options.dynamical_decoupling.enable, options.dynamical_decoupling.sequence_type) == (True, "XY4")
    assert (options.twirling.enable_gates, options.twirling.enable_measure) == (True, True)
    assert options.twirling.num_randomizations == 25
    plain = sampler_class()(mode=device).options
    set_options(plain, IBMDevice("ibm_x"), "a-tag", 1000)
    assert not plain.dynamical_decoupling.enable
    assert not plain.twirling.enable_gates


def test_twirled_shots_are_shared_evenly_among_enough_circuits() -> None:
    numbers = [randomizations_of(shots) for shots in (1, 7, 8, 31, 32, 34, 1000, 4096)]
    assert numbers == [1, 7, 8, 31, 32, 17, 25, 32]
    service = StandIn()
    for shots, remedy in ((127, 128), (1129, 1152)):
        with pytest.raises(UserError, match=rf"^shots={shots} cannot be shared .* multiple of 32 such as {remedy}, or"):
            connected(service, twirling=True).submit(batch_of(shots), "a-tag")
    assert service.jobs_by_id == {}


def test_decoupling_fills_waiting_times() -> None:
    prepare = pytest.importorskip("qiskit_ibm_runtime.executor_sampler.prepare").prepare
    service = StandIn()
    connection = connected(service)
    blocks = list(connection.blocks_of(batch_of(10).requests[0]))
    added = {}
    for sequence in (None, "XY4"):
        options = sampler_class()(mode=connection.device).options
        set_options(options, IBMDevice("ibm_x", dynamical_decoupling=sequence), "a-tag", 10)
        program, _ = prepare(blocks, options, 10, backend=connection.device)
        added[sequence] = program.items[0].circuit.count_ops().get("delay", 0)
    assert added[None] == 0 < added["XY4"]


def test_no_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from qiskit_ibm_runtime.accounts import management

    monkeypatch.setattr(management, "_DEFAULT_ACCOUNT_CONFIG_JSON_FILE", str(tmp_path / "none.json"))
    monkeypatch.delenv("QISKIT_IBM_TOKEN", raising=False)
    with pytest.raises(UserError, match="no IBM Quantum account is saved on this machine; save yours once in Python"):
        IBMDevice("ibm_x").connect()


@pytest.mark.parametrize("content", [b'{"a": ', b"\xff", b"[1]", b'{"a": 1}'], ids=str)
def test_a_damaged_file_of_accounts_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    from qiskit_ibm_runtime.accounts import management

    path = tmp_path / "accounts.json"
    path.write_bytes(content)
    monkeypatch.setattr(management, "_DEFAULT_ACCOUNT_CONFIG_JSON_FILE", str(path))
    monkeypatch.delenv("QISKIT_IBM_TOKEN", raising=False)
    with pytest.raises(UserError, match=rf"^{path}, the file of IBM Quantum accounts, is damaged .* move it away, and"):
        IBMDevice("ibm_x").connect()
    assert path.read_bytes() == content


def test_no_network_is_said_by_the_real_client(monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    # Nothing listens there.
    token = "a" + 10 * "Bc1-" + "z"
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("QISKIT_IBM_TOKEN", token)
    with pytest.raises(UserError, match=r"^ibm_x cannot be reached now: IBM Quantum could not be reached to open the"):
        connected_to(IBMDevice("ibm_x"))
    assert token not in "".join(capfd.readouterr())


def test_jobs_of_other_tags_and_odd_results_are_not_taken() -> None:
    service, batch = StandIn(), batch_of(10)
    connection = connected(service)
    job = connection.submit(batch, "run-1-step-1")
    service.knows_filter = False
    assert list(connection.find("run-1-step-2")) == []
    assert list(connection.find("run-1-step-1")) == [job]
    whole = service.jobs_by_id[job].result()
    service.jobs_by_id["odd"] = SimpleNamespace(
        in_final_state=lambda: True, result=lambda: [*whole, SimpleNamespace(data=SECRET)], usage=lambda: {"s": 1}
    )
    with pytest.raises(UnusableReply, match=r"^IBM Quantum returned a result of job odd that cannot be read") as raised:
        connection.collect("odd", batch, 1.0, lambda _: None)
    assert SECRET not in str(raised.value)


def test_no_such_device() -> None:
    service = StandIn()
    with pytest.raises(UserError, match="account has no device 'ibm_nowhere'; it has ibm_manila") as raised:
        IBMConnection(IBMDevice("ibm_nowhere"), service, service.sampler)
    assert SECRET not in str(raised.value)


def test_too_wide() -> None:
    circuit = Brickwork(6, 1)
    batch = Batch("test", (Points(circuit, np.zeros((1, 12))),), 10, 0)
    with pytest.raises(UserError, match="a circuit of 6 qubits is too wide for fake_manila, which has 5"):
        connected(StandIn()).submit(batch, "a-tag")


def test_jobs_that_do_not_come_to_a_good_end() -> None:
    service, batch = StandIn(), batch_of(10)
    connection = connected(service)
    statuses: list[str] = []
    service.jobs_by_id["slow"] = SimpleNamespace(in_final_state=lambda: False, status=lambda: "QUEUED")
    with pytest.raises(NotFinished, match="has not run the job after 0 seconds"):
        connection.collect("slow", batch, 0.0, statuses.append)
    assert statuses == ["queued"]
    with pytest.raises(JobMissing, match="IBM Quantum found no such job"):
        connection.collect("lost", batch, 0.0, statuses.append)
    # Nothing is raised for a job that cannot be cancelled.
    assert not connection.cancel("lost")
    cancelled: list[bool] = []
    service.jobs_by_id["slow"].cancel = lambda: cancelled.append(True)
    assert connection.cancel("slow")
    assert cancelled == [True]


def test_a_wait_ends_between_two_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ibm, "SHORTEST_PAUSE", 20.0)
    asked, told = [], []

    def ask() -> str:
        asked.append(1)
        return "QUEUED"

    def waiting(text: str) -> None:
        told.append(text)
        if len(told) == 3:
            raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        ibm.wait(SimpleNamespace(in_final_state=lambda: False, status=ask), 60.0, waiting)
    assert time.monotonic() - started < 10.0
    assert (asked, told) == ([1], ["queued"] * 3)


Serve = Callable[[StandIn], None]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Puts a service in place of IBM's; connections to it end with the test."""
    import qiskit_ibm_runtime

    monkeypatch.setenv("QISKIT_IBM_TOKEN", "not-asked-for")
    connected_to.cache_clear()
    yield lambda service: monkeypatch.setattr(qiskit_ibm_runtime, "QiskitRuntimeService", lambda: service)
    connected_to.cache_clear()


IRIS = ("iris", "--classes", "1,2", "--hidden", "none", "--steps", "2", "--shots", "50", "--backend", "ibm_manila")


def test_a_run_in_python_ends_in_one_line_if_the_device_says_nothing_of_itself(serve: Serve, tmp_path: Path) -> None:
    serve(StandIn(out_of_order="at once"))
    network = hb.networks.BinaryMLP(4, ())
    data = hb.data.load("iris", classes=(1, 2))
    posterior = hb.ShotRegister(Brickwork(5, 1), IBMDevice("ibm_manila"))
    message = (
        "^ibm_manila cannot be reached now: the client of IBM Quantum failed to read the calibration .RuntimeError"
    )
    with pytest.raises(UserError, match=message) as raised:
        hb.fit(network, data, posterior=posterior, ledger=tmp_path / "jobs.sqlite", progress=False)
    assert SECRET not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    ("since", "doing"), [("at once", "read the calibration"), ("later", "compile a circuit")], ids=["at once", "later"]
)
@pytest.mark.parametrize("command", ["estimate", "train"])
def test_a_command_ends_in_one_line_if_the_device_says_nothing_of_itself(
    serve: Serve, hyperborn: Run, since: Any, doing: str, command: str
) -> None:
    serve(StandIn(out_of_order=since))
    ended = hyperborn(command, *IRIS)
    ended.refused(f"ibm_manila cannot be reached now: the client of IBM Quantum failed to {doing} (RuntimeError)")
    assert SECRET not in ended.err


def test_a_device_that_says_all_is_estimated(serve: Serve, hyperborn: Run) -> None:
    serve(StandIn())
    found = hyperborn("estimate", *IRIS, "--json").json
    assert (found["backend"], found["qubits"], found["shots"]) == ("ibm_manila", 5, 1250)
    assert found["depth"] > 0


def test_what_cannot_be_compiled_has_no_cause_and_is_not_sent() -> None:
    service = StandIn(out_of_order="later")
    connection = connected(service)
    with pytest.raises(TransientError, match=r"^the client of IBM Quantum failed to compile a circuit \(Run") as raised:
        connection.submit(batch_of(10), "a-tag")
    assert SECRET not in "".join(traceback.format_exception(raised.value))
    assert service.jobs_by_id == {}


@pytest.mark.parametrize("value", ["XYXY", 1])
def test_settings_are_checked(value: Any) -> None:
    with pytest.raises(UserError, match=f"dynamical_decoupling={value!r}: choose one of XX, XpXm, XY4, or None"):
        IBMDevice("ibm_x", dynamical_decoupling=value)
