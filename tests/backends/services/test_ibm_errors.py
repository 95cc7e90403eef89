import json
import logging
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from hyperborn.backends.backend import JobFailed, JobMissing, TransientError
from hyperborn.backends.services.ibm_errors import client
from hyperborn.errors import UserError
from quantum_service import SECRET


def refused(status: int, headers: dict[str, str] | None = None) -> Exception:
    """An answer of the service as its client passes it on: two errors later, and without a status of its own."""
    import requests
    from qiskit_ibm_runtime.api.exceptions import RequestsApiError
    from qiskit_ibm_runtime.exceptions import IBMRuntimeError

    response = requests.Response()
    response.status_code = status
    response.headers.update(headers or {})
    try:
        try:
            raise requests.HTTPError(f"{status} for url {SECRET}", response=response)
        except requests.HTTPError as error:
            raise RequestsApiError(f"{error}. Error code: 1234.", status) from error
    except RequestsApiError as error:
        passed_on = IBMRuntimeError(f"Failed to run program: {error}")
        passed_on.__context__ = error
        return passed_on


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 520])
def test_what_is_worth_asking_again(status: int) -> None:
    with (
        pytest.raises(TransientError, match=rf"to submit a job \(status {status}, .*error code 1234\)") as raised,
        client("submit a job"),
    ):
        raise refused(status, {"Retry-After": "7"})
    assert raised.value.retry_after == 7.0
    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    "error", [ConnectionResetError(SECRET), TimeoutError(SECRET), "requests.ConnectionError", "requests.ReadTimeout"]
)
def test_no_answer(error: Exception | str) -> None:
    import requests

    thrown = error if isinstance(error, Exception) else getattr(requests, error.partition(".")[2])(SECRET)
    with pytest.raises(TransientError, match="failed to fetch a job") as raised, client("fetch a job"):
        raise thrown
    assert SECRET not in str(raised.value)
    assert raised.value.retry_after is None


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, r"refused .* \(status 400"),
        (404, "refused"),
        (401, "did not accept"),
        (403, "did not accept"),
    ],
)
def test_what_the_user_can_mend(status: int, message: str) -> None:
    with pytest.raises(UserError, match=message) as raised, client("submit a job"):
        raise refused(status)
    assert SECRET not in str(raised.value)


def test_a_job_that_is_not_found_may_be_there() -> None:
    from qiskit_ibm_runtime.exceptions import RuntimeJobNotFound

    message = r"^IBM Quantum found no such job \(RuntimeJobNotFound\)$"
    with pytest.raises(JobMissing, match=message) as raised, client("fetch a job"):
        raise RuntimeJobNotFound(f"Job not found: {SECRET}")
    assert isinstance(raised.value, TransientError)


def invalid(table: Any) -> None:
    from pydantic import TypeAdapter

    TypeAdapter(int).validate_python(table)


@pytest.mark.parametrize("act", [lambda: int(SECRET), lambda: invalid(SECRET)], ids=["plain", "pydantic"])
def test_values_that_the_client_refuses_are_not_sent_again(act: Callable[[], Any]) -> None:
    message = r"cannot submit a job as asked \(Val\w+\); check"
    with pytest.raises(UserError, match=message) as raised, client("submit a job"):
        act()
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    "act",
    [lambda: json.loads("{"), lambda: b"\xff".decode(), lambda: garbled().json()],
    ids=["json", "text", "requests"],
)
def test_garbled_answers_are_asked_for_again(act: Callable[[], Any]) -> None:
    with pytest.raises(TransientError, match="failed to fetch a job"), client("fetch a job"):
        act()


def garbled() -> Any:
    import requests

    response = requests.Response()
    response._content = b"<html>"
    return response


@pytest.mark.parametrize("name", ["RuntimeJobFailureError", "RuntimeJobMaxTimeoutError", "RuntimeInvalidStateError"])
def test_jobs_that_failed(name: str) -> None:
    from qiskit_ibm_runtime import exceptions

    with pytest.raises(JobFailed, match=f"gave the job up .{name}, error code 9999.") as raised, client("fetch a job"):
        raise getattr(exceptions, name)(f"Unable to retrieve job result of {SECRET}. Error code 9999; too long")
    assert SECRET not in str(raised.value)


def test_other_errors_are_bugs_and_pass() -> None:
    with pytest.raises(TypeError, match="a bug"), client("submit a job"):
        raise TypeError("a bug")


def test_the_client_s_log_and_warnings_are_held_back(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("qiskit_ibm_runtime")
    level = logger.level
    with client("open the account"):
        logging.getLogger("qiskit_ibm_runtime.qiskit_runtime_service").warning("instances: %s", SECRET)
        warnings.warn(f"see {SECRET}", stacklevel=1)
    assert caplog.text == ""
    assert logger.level == level
    with (
        pytest.warns(UserWarning, match="^the IBM Quantum account has no time left: jobs wait until it has$"),
        client("submit a job"),
    ):
        warnings.warn(f"This instance has met its usage limit. See {SECRET}", stacklevel=1)
