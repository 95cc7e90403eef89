"""What the client of IBM Quantum raises, logs and warns of, in our words and without a word about the account.

Its messages hold addresses with the account's instance in them, so none is passed on: status and error codes are.
"""

import json
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hyperborn.backends.backend import JobFailed, JobMissing, TransientError
from hyperborn.backends.packages import imported
from hyperborn.errors import UserError

SERVICE = "IBM Quantum"

SAVE_ACCOUNT = (
    "save yours once in Python: from qiskit_ibm_runtime import QiskitRuntimeService; "
    'QiskitRuntimeService.save_account(token="...", set_as_default=True)'
)

WORTH_RETRYING = frozenset({408, 409, 425, 429})
"""Codes of refusals that are the moment's, not the request's; beside all of 500 and above."""


@contextmanager
def client(doing: str) -> Iterator[None]:
    """Calls of the client go in here; `doing` says what for, such as "submit a job".

    Raises:
        TransientError: if the service could not be reached, was busy or failed.
        JobFailed: if the job that was asked for has failed or was cancelled.
        JobMissing: if the job that was asked for is not there.
        UserError: if there is no account, it was not accepted, or the request was not.
    """
    with quiet():
        try:
            yield
        except known_errors() as error:
            # Without its cause, which a traceback would print.
            raise reworded(error, doing) from None


def known_errors() -> tuple[type[Exception], ...]:
    qiskit = imported("qiskit.exceptions", "qiskit", SERVICE)
    authentication = imported("ibm_cloud_sdk_core", "qiskit", SERVICE)
    return (qiskit.QiskitError, authentication.ApiException, OSError, ValueError)


def reworded(error: Exception, doing: str) -> Exception:
    """Our error for one of the client's."""
    if isinstance(error, UserError):
        return error
    runtime = imported("qiskit_ibm_runtime.exceptions", "qiskit", SERVICE)
    code, cause = status_of(error), f"{type(error).__name__}{error_code(error)}"
    failed = (runtime.RuntimeJobFailureError, runtime.RuntimeJobMaxTimeoutError, runtime.RuntimeInvalidStateError)
    if isinstance(error, failed):
        return JobFailed(f"{SERVICE} gave the job up ({cause})")
    if isinstance(error, runtime.RuntimeJobNotFound):
        # The client says so as well if an instance of the account did not answer.
        return JobMissing(f"{SERVICE} found no such job ({cause})")
    if type(error).__name__ == "AccountNotFoundError":
        return UserError(f"no {SERVICE} account is saved on this machine; {SAVE_ACCOUNT}")
    if isinstance(error, runtime.IBMAccountError | runtime.IBMNotAuthorizedError) or code in (401, 403):
        return UserError(f"{SERVICE} did not accept the saved account when asked to {doing}; {SAVE_ACCOUNT}")
    if code is not None and 400 <= code < 500 and code not in WORTH_RETRYING:
        return UserError(
            f"{SERVICE} refused to {doing} (status {code}, {cause}); look the code up in its documentation"
        )
    if code is None and is_refusal(error, runtime.IBMInputValueError):
        return UserError(
            f"{SERVICE} cannot {doing} as asked ({cause}); check the backend's options, and the version of "
            "qiskit-ibm-runtime"
        )
    status = "no answer" if code is None else f"status {code}"
    return TransientError(f"{SERVICE} failed to {doing} ({status}, {cause})", retry_after=retry_after(error))


def is_refusal(error: Exception, of_input: type[Exception]) -> bool:
    """Whether the client itself refuses a value, pydantic's checks included, so that asking again cannot help."""
    # Answers that are cut off or garbled are errors of values as well, and may come whole the next time.
    garbled = isinstance(error, OSError | json.JSONDecodeError | UnicodeError)
    return isinstance(error, of_input) or (isinstance(error, ValueError) and not garbled)


def chain(error: BaseException) -> Iterator[Any]:
    """An error and all that led to it; the client keeps status codes there."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def status_of(error: Exception) -> int | None:
    """The HTTP status of an answer, None if there was none."""
    for one in chain(error):
        for holder, name in ((one, "status_code"), (one, "code"), (getattr(one, "response", None), "status_code")):
            code = getattr(holder, name, None)
            if isinstance(code, int) and 100 <= code < 600:
                return code
    return None


def retry_after(error: Exception) -> float | None:
    """Seconds to wait, as the answer's header says."""
    for one in chain(error):
        headers = getattr(getattr(one, "response", None), "headers", None) or {}
        text = str(headers.get("Retry-After", ""))
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return float(text)
    return None


def error_code(error: Exception) -> str:
    """IBM's own number of an error, if its message gives it."""
    found = re.search(r"Error code:? ?(\d{3,6})", str(error))
    return f", error code {found[1]}" if found else ""


@contextmanager
def quiet() -> Iterator[None]:
    """The client's log and warnings, which name instances of the account, are held back."""
    logger = logging.getLogger("qiskit_ibm_runtime")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
    finally:
        logger.setLevel(level)
    if any("usage limit" in str(one.message) or "no more time" in str(one.message) for one in caught):
        warnings.warn(f"the {SERVICE} account has no time left: jobs wait until it has", stacklevel=4)
