from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from faulty_service import FaultyService, product_shots
from hyperborn.backends import Batch, Points
from hyperborn.backends.backend import JobFailed, NotFinished, TransientError, UnusableReply
from hyperborn.backends.boundary import guarded
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


def test_a_simulator_needs_no_boundary_and_nothing_is_guarded_twice(service: FaultyService) -> None:
    simulator = InProcessConnection(giving(()), giving(None), label="simulator")
    assert guarded(simulator, "simulator") is simulator
    once = guarded(service, "vendor")
    assert guarded(once, "vendor") is once
    service.cancel = giving(1 / 2)
    assert once.cancel("job-1")
