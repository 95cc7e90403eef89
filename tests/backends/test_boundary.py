import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jax.errors import JaxRuntimeError

from faulty_service import ODD, TOKEN, FaultyService, product_shots
from hyperborn.backends import Backend, Batch, Connection, Points
from hyperborn.backends.backend import Cost, JobFailed, NotFinished, TransientError, UnusableReply
from hyperborn.backends.boundary import connected, guarded
from hyperborn.backends.simulators.in_process import InProcessConnection
from hyperborn.circuits import ProductState
from hyperborn.errors import UserError

BATCH = Batch("step-00001", (Points(ProductState(2), np.zeros((1, 2))),), 40, 0)


@pytest.fixture
def service(tmp_path: Path) -> FaultyService:
    return FaultyService(tmp_path / "service.json", product_shots)


def giving(answer: Any) -> Callable[..., Any]:
    return lambda *_: answer


@pytest.mark.parametrize("identity", [None, 7, "", b"job-1"])
def test_ids_that_are_no_text_are_no_answer(service: FaultyService, identity: Any) -> None:
    connection = guarded(service, "vendor")
    service.submit = giving(identity)
    with pytest.raises(TransientError, match=r"^vendor gave .* for the id of a job$"):
        connection.submit(BATCH, "tag")
    service.find = giving([identity])
    with pytest.raises(TransientError, match=r"^vendor gave .* for the id of a job$"):
        connection.find("tag")
    service.find = giving(None)
    with pytest.raises(TransientError, match=r"^vendor failed to look for a job \(TypeError"):
        connection.find("tag")


@pytest.mark.parametrize("kind", [UserError, TransientError, JobFailed, NotFinished])
def test_our_own_errors_pass_without_their_secrets(service: FaultyService, kind: type[Exception]) -> None:
    def refusing(*_: Any) -> None:
        raise kind("refused, token=abc123def") from ValueError("token=abc123def")

    service.submit = refusing
    with pytest.raises(kind, match=r"^refused, token=\[withheld\]$") as raised:
        guarded(service, "vendor").submit(BATCH, "tag")
    assert raised.value.__suppress_context__


def test_a_reply_that_is_none_is_of_no_use(service: FaultyService) -> None:
    service.collect = giving({"00": 40})
    with pytest.raises(UnusableReply, match=r"^vendor gave a dict for the counts of job job-1$"):
        guarded(service, "vendor").collect("job-1", BATCH, 1.0, print)


@pytest.mark.parametrize("error", [ValueError("of the caller"), KeyboardInterrupt("pressed"), MemoryError("2 TiB")])
def test_what_ends_a_wait_passes_as_it_is(service: FaultyService, error: BaseException) -> None:
    heard: list[str] = []

    def waiting(text: str) -> None:
        heard.append(text)
        raise error

    service.collect = lambda *given: given[-1]("queued, token=abc")
    with pytest.raises(type(error), match=str(error)) as raised:
        guarded(service, "vendor").collect("job-1", BATCH, 1.0, waiting)
    assert raised.value is error
    assert heard == ["queued, token=[withheld]"]


@dataclass(frozen=True)
class Vendor(Backend):
    """A backend of somebody else's."""

    make: Callable[[], Connection]

    @property
    def label(self) -> str:
        return "vendor"

    def connect(self) -> Connection:
        return self.make()


def raising(error: BaseException) -> Callable[..., Any]:
    def call(*_: Any) -> Any:
        try:
            raise LookupError(f"secret={TOKEN}")
        except LookupError as cause:
            raise error from cause

    return call


def printed(error: BaseException) -> str:
    """What Python prints of an error that nobody catches, without the lines of source code."""
    return "\n".join(line for line in traceback.format_exception(error) if not line.startswith("  File"))


ANY = [*ODD.values(), UserError(f"no account for token={TOKEN}"), JobFailed(f"token={TOKEN}"), NotFinished(TOKEN)]


@pytest.mark.parametrize("error", ANY, ids=repr)
def test_whatever_a_package_raises_when_it_connects_is_one_line_without_secrets(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VENDOR_TOKEN", TOKEN)
    with pytest.raises(UserError) as raised:
        connected(Vendor(raising(error)))
    assert "\n" not in str(raised.value)
    assert isinstance(error, UserError) or str(raised.value).startswith("vendor ")
    assert "LookupError" not in printed(raised.value)
    assert TOKEN not in printed(raised.value)


@pytest.mark.parametrize("error", ANY, ids=repr)
def test_whatever_a_package_raises_when_it_compiles_is_one_line_without_secrets(
    service: FaultyService, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VENDOR_TOKEN", TOKEN)
    simulator = InProcessConnection(giving(()), raising(error), label="vendor")
    service.cost = raising(error)
    for connection in (service, simulator):
        with pytest.raises(UserError) as raised:
            connected(Vendor(giving(connection))).cost(BATCH.requests[0].circuit)
        assert "\n" not in str(raised.value)
        assert "LookupError" not in printed(raised.value)
        assert TOKEN not in printed(raised.value)


def test_a_connection_that_does_not_say_what_it_is_like_is_named(tmp_path: Path) -> None:
    class Mute(FaultyService):
        n_qubits = property(raising(ODD["runtime"]))  # pyright: ignore[reportAssignmentType]

    with pytest.raises(UserError, match=r"^vendor failed to say what it is like \(RuntimeError: https://\[withheld\]"):
        connected(Vendor(lambda: Mute(tmp_path / "service.json", product_shots)))


def test_costs_are_costs(service: FaultyService) -> None:
    connection, circuit = guarded(service, "vendor"), BATCH.requests[0].circuit
    service.cost = giving(None)
    with pytest.raises(UserError, match=r"^vendor failed to compile a circuit \(TypeError: a NoneType for the cost"):
        connection.cost(circuit)
    service.cost = giving(Cost(3, 1))
    assert connection.cost(circuit) == Cost(3, 1)


@pytest.mark.parametrize("error", [MemoryError("2 TiB"), JaxRuntimeError("RESOURCE_EXHAUSTED")])
def test_what_this_machine_lacks_passes_as_it_is(service: FaultyService, error: Exception) -> None:
    service.submit = service.cost = raising(error)
    with pytest.raises(type(error)) as raised:
        guarded(service, "vendor").submit(BATCH, "tag")
    assert raised.value is error
    with pytest.raises(type(error)):
        guarded(service, "vendor").cost(BATCH.requests[0].circuit)
    with pytest.raises(type(error)):
        connected(Vendor(raising(error)))


def test_a_simulator_s_error_has_no_cause() -> None:
    simulator = InProcessConnection(raising(ODD["key"]), giving(None), label="vendor")
    with pytest.raises(JobFailed, match=r"^vendor raised KeyError: 'access_token=\[withheld\]") as raised:
        simulator.submit(BATCH, "tag")
    assert TOKEN not in printed(raised.value)


def test_connections_are_made_once_and_guarded_once(service: FaultyService) -> None:
    backend = Vendor(giving(service))
    assert connected(backend) is connected(backend)
    once = guarded(service, "vendor")
    assert guarded(once, "vendor") is once
    service.cancel = giving(1 / 2)
    assert once.cancel("job-1")
