import json
import logging
import ssl
import threading
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from hyperborn.backends.backend import JobFailed, JobMissing, NotFinished, TransientError
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
    with (
        pytest.raises(TransientError, match=r"could not be reached to fetch a job .*; check the network") as raised,
        client("fetch a job"),
    ):
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


def test_a_refused_value_of_an_answer_may_come_whole_when_asked_for_again() -> None:
    with pytest.raises(TransientError, match="failed to fetch a job"), client("fetch a job", reading=True):
        int(SECRET)


@pytest.mark.parametrize("kind", [KeyError, TypeError, RuntimeError, AttributeError, "jwt.DecodeError"])
def test_whatever_else_the_client_raises_is_said_without_its_text(kind: Any) -> None:
    import jwt

    kind = jwt.DecodeError if kind == "jwt.DecodeError" else kind
    message = (
        rf"^the client of IBM Quantum failed to submit a job \({kind.__name__}\); if it goes on, check the version"
    )
    with pytest.raises(TransientError, match=message) as raised, client("submit a job"):
        raise kind(f"an odd answer: {SECRET}")
    assert SECRET not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    ("ours", "message"),
    [(NotFinished("later"), "later"), (UserError("mine"), "mine"), (MemoryError("2 TiB"), "2 TiB")],
    ids=str,
)
def test_what_is_no_error_of_the_client_passes(ours: Exception, message: str) -> None:
    with pytest.raises(type(ours), match=message), client("submit a job"):
        raise ours


def account_error(met: Exception) -> Exception:
    """What the client makes of anything that it meets where it asks for the instances of an account."""
    from qiskit_ibm_runtime.accounts.exceptions import InvalidAccountError

    error = InvalidAccountError(f"Unable to retrieve instances of {SECRET}")
    error.__context__ = met
    return error


def test_no_network_is_no_refused_account() -> None:
    import requests

    for met, remedy in (
        (requests.exceptions.ProxyError(SECRET), "the network and any proxy"),
        (ssl.SSLCertVerificationError(SECRET), "the machine's clock, its certificates and any proxy"),
    ):
        message = rf"^IBM Quantum could not be reached to open the account \(InvalidAccountError\); check {remedy}$"
        with pytest.raises(TransientError, match=message), client("open the account"):
            raise account_error(met)
    with pytest.raises(UserError, match="did not accept the saved account"), client("open the account"):
        raise account_error(ValueError("no such key"))


@pytest.mark.parametrize(
    ("cause", "error"), [("Connection refused", TransientError), ("Error: no such key, Status code: 400", UserError)]
)
def test_a_refusal_for_want_of_a_token_is_none_of_the_account(cause: str, error: type[Exception]) -> None:
    def act() -> None:
        # As the client says when it goes on without.
        warnings.warn(f"Unable to retrieve IBM Cloud access token. API Key will be used instead. {cause}", stacklevel=1)
        raise refused(401)

    with pytest.raises(error), client("submit a job"):
        act()


def test_no_log_of_the_client_is_let_out(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(logging.DEBUG)
    factory = logging.getLogRecordFactory()
    names = ("qiskit_ibm_runtime.api.session", "ibm-cloud-sdk-core", "urllib3.connectionpool", "made.on.the.way")
    other = threading.Thread(target=lambda: logging.getLogger("another").warning("of another thread"))
    with client("open the account"), client("look for a job"):
        for name in names:
            logger = logging.getLogger(name)
            logger.setLevel(logging.DEBUG)
            logger.debug("instances: %s", SECRET)
            try:
                raise ValueError(SECRET)
            except ValueError:
                logger.exception("failed")
        other.start()
        other.join()
    logging.getLogger("mine").warning("afterwards")
    for name in names:
        logging.getLogger(name).setLevel(logging.NOTSET)
    assert [record.message for record in caplog.records] == ["of another thread", "afterwards"]
    assert SECRET not in "".join(capfd.readouterr())
    assert logging.getLogRecordFactory() is factory


def test_warnings_of_the_client_are_held_back() -> None:
    with warnings.catch_warnings(record=True) as caught, client("open the account"):
        warnings.warn(f"see {SECRET}", stacklevel=1)
    assert caught == []
    with (
        pytest.warns(
            UserWarning, match="^the IBM Quantum account has no time left: jobs wait until it has time again$"
        ),
        client("submit a job"),
    ):
        warnings.warn(f"This instance has met its usage limit. See {SECRET}", stacklevel=1)
