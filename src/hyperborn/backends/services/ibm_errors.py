"""Errors, logs and warnings of the client of IBM Quantum, translated without information about the account.

The client's messages contain addresses with the account's instance. Only status and error codes are passed on.
"""

import json
import logging
import re
import ssl
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hyperborn.backends.backend import JobFailed, JobMissing, NotFinished, TransientError
from hyperborn.errors import HyperbornWarning, UserError
from hyperborn.packages import imported
from hyperborn.redaction import WITHHELD

SERVICE = "IBM Quantum"

SAVE_ACCOUNT = (
    "save yours once in Python: from qiskit_ibm_runtime import QiskitRuntimeService; "
    'QiskitRuntimeService.save_account(token="...", set_as_default=True)'
)

WORTH_RETRYING = frozenset({408, 409, 425, 429})
"""Status codes of temporary refusals; all codes of 500 and above are temporary, too."""


@contextmanager
def client(doing: str, *, reading: bool = False) -> Iterator[None]:
    """Translates the errors of calls of the client inside the block, and suppresses their logs.

    Args:
        doing: the purpose of the calls, such as "submit a job".
        reading: whether only an id is sent: a refused value is then one of the service's answer.

    Raises:
        TransientError: if the service could not be reached, was busy or failed.
        JobFailed: if the requested job has failed or was cancelled.
        JobMissing: if the requested job does not exist.
        UserError: if there is no account, it was not accepted, or the request was not.
    """
    with quiet() as warned:
        try:
            yield
        except (UserError, TransientError, JobFailed, NotFinished, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - on unusual answers the client raises errors of any kind
            # Without its cause, which a traceback would print.
            raise reworded(error, doing, reading, warned) from None


def reworded(error: Exception, doing: str, reading: bool, warned: Sequence[warnings.WarningMessage]) -> Exception:
    """The translation of an error of the client, given the warnings before it."""
    runtime = imported("qiskit_ibm_runtime.exceptions", "qiskit", SERVICE)
    code, cause = status_of(error), f"{type(error).__name__}{error_code(error)}"
    failed = (runtime.RuntimeJobFailureError, runtime.RuntimeJobMaxTimeoutError, runtime.RuntimeInvalidStateError)
    if isinstance(error, failed):
        return JobFailed(f"{SERVICE} gave the job up ({cause})")
    if isinstance(error, runtime.RuntimeJobNotFound):
        # The client also says so if an instance of the account did not answer.
        return JobMissing(f"{SERVICE} found no such job ({cause})")
    if type(error).__name__ == "AccountNotFoundError":
        return UserError(f"no {SERVICE} account is saved on this machine; {SAVE_ACCOUNT}")
    if unreached(error) or (code in (401, 403) and was_without_token(warned)):
        secure = any(isinstance(one, ssl.SSLError) for one in chain(error))
        remedy = "the machine's clock, its certificates and any proxy" if secure else "the network and any proxy"
        return TransientError(f"{SERVICE} could not be reached to {doing} ({cause}); check {remedy}")
    if isinstance(error, runtime.IBMAccountError | runtime.IBMNotAuthorizedError) or code in (401, 403):
        return UserError(f"{SERVICE} did not accept the saved account when asked to {doing}; {SAVE_ACCOUNT}")
    if code is not None and 400 <= code < 500 and code not in WORTH_RETRYING:
        return UserError(
            f"{SERVICE} refused to {doing} (status {code}, {cause}); look the code up in its documentation"
        )
    if code is None and not reading and is_refusal(error, runtime.IBMInputValueError):
        return UserError(
            f"{SERVICE} cannot {doing} as asked ({cause}); check the backend's options, and the version of "
            "qiskit-ibm-runtime"
        )
    qiskit = imported("qiskit.exceptions", "qiskit", SERVICE)
    if code is None and not isinstance(error, qiskit.QiskitError | OSError | ValueError):
        return TransientError(
            f"the client of {SERVICE} failed to {doing} ({cause}); if it goes on, check the version of "
            "qiskit-ibm-runtime"
        )
    status = "no answer" if code is None else f"status {code}"
    return TransientError(f"{SERVICE} failed to {doing} ({status}, {cause})", retry_after=retry_after(error))


def unreached(error: Exception) -> bool:
    """Whether there was no connection; on requests for a token the client reports that as a refused account."""
    requests = imported("requests", "qiskit", SERVICE)
    lost = (requests.ConnectionError, requests.Timeout, ConnectionError, TimeoutError, ssl.SSLError)
    return status_of(error) is None and any(isinstance(one, lost) for one in chain(error))


def was_without_token(warned: Sequence[warnings.WarningMessage]) -> bool:
    """Whether the client got no token from the token service, for another reason than a refusal."""
    texts = [str(one.message) for one in warned if "Unable to retrieve IBM Cloud access token" in str(one.message)]
    return any(not re.search(r"code:? 4\d\d", text) for text in texts)


def is_refusal(error: Exception, of_input: type[Exception]) -> bool:
    """Whether the client itself (or pydantic) refuses a value, so that another attempt cannot help."""
    # Truncated or damaged answers are value errors as well, and the next answer may be complete.
    garbled = isinstance(error, OSError | json.JSONDecodeError | UnicodeError)
    return isinstance(error, of_input) or (isinstance(error, ValueError) and not garbled)


def chain(error: BaseException) -> Iterator[Any]:
    """An error and its causes, some of which have the status code."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def status_of(error: Exception) -> int | None:
    """The HTTP status of an answer; None if there was no answer."""
    for one in chain(error):
        for holder, name in ((one, "status_code"), (one, "code"), (getattr(one, "response", None), "status_code")):
            code = getattr(holder, name, None)
            if isinstance(code, int) and 100 <= code < 600:
                return code
    return None


def retry_after(error: Exception) -> float | None:
    """Seconds to wait according to the answer's header; None without one."""
    for one in chain(error):
        headers = getattr(getattr(one, "response", None), "headers", None) or {}
        text = str(headers.get("Retry-After", ""))
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return float(text)
    return None


def error_code(error: Exception) -> str:
    """IBM's number of an error as text; empty if its message has none."""
    found = re.search(r"Error code:? ?(\d{3,6})", str(error))
    return f", error code {found[1]}" if found else ""


@contextmanager
def quiet() -> Iterator[list[warnings.WarningMessage]]:
    """Suppresses logs and warnings of this thread inside the block, which may contain the account.

    Yields the list of warnings, which grows inside the block.
    """
    with warnings.catch_warnings(record=True) as caught, unlogged():
        warnings.simplefilter("always")
        yield caught
    if any("usage limit" in str(one.message) or "no more time" in str(one.message) for one in caught):
        warnings.warn(
            f"the {SERVICE} account has no time left: jobs wait until it has time again", HyperbornWarning, stacklevel=4
        )


UNHEARD = -1
"""A level below the level of every handler."""

_lock = threading.Lock()
_threads: list[int] = []
"""Identifiers of the threads inside an `unlogged` block, once for each block."""
_factories: list[Any] = []
"""The factory of log records before the first of these blocks."""


@contextmanager
def unlogged() -> Iterator[None]:
    """Suppresses all log records of this thread inside the block, for every logger and level.

    The client and its dependencies use a dozen loggers. Some print tracebacks if logging is not configured.
    """
    mine = threading.get_ident()
    with _lock:
        if not _threads:
            _factories.append(logging.getLogRecordFactory())
            logging.setLogRecordFactory(_record)
        _threads.append(mine)
    try:
        yield
    finally:
        with _lock:
            _threads.remove(mine)
            if not _threads:
                before = _factories.pop()
                if logging.getLogRecordFactory() is _record:
                    logging.setLogRecordFactory(before)


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    factories = tuple(_factories)
    record = (factories[0] if factories else logging.LogRecord)(*args, **kwargs)
    if threading.get_ident() in tuple(_threads):
        record.levelno, record.msg, record.args = UNHEARD, WITHHELD, ()
        record.exc_info = record.exc_text = record.stack_info = None
    return record
