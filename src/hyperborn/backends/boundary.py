"""The boundary to the packages that run circuits: replies of clients are checked, and their errors translated.

Clients raise errors of any kind at any call, which may hold tokens and account names. This side of the boundary sees
only the errors of `Connection`. Each names the service, holds no secret, and has no cause that a traceback would print.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

from jax.errors import JaxRuntimeError

from hyperborn.backends.backend import (
    Backend,
    Connection,
    Cost,
    JobFailed,
    JobMissing,
    NotFinished,
    Reply,
    TransientError,
    UnusableReply,
)
from hyperborn.backends.batch import Batch
from hyperborn.circuits import Circuit
from hyperborn.errors import UserError
from hyperborn.redaction import error_text, redacted


@lru_cache(maxsize=4)
def connected(backend: Backend) -> Connection:
    """The connection to a backend behind the boundary, made once in a process, so that compiled circuits are kept.

    Raises:
        UserError: as `Backend.connect`, or if the backend does not answer, or its package raises anything else.
    """
    with answered(backend.label, "connect"):
        return guarded(backend.connect(), backend.label)


def guarded(connection: Connection, label: str) -> Connection:
    """The connection behind the boundary; `label` is the name of the service in messages.

    Raises:
        UserError: if the connection does not say what it is like.
    """
    return connection if isinstance(connection, GuardedConnection) else GuardedConnection(connection, label)


class GuardedConnection(Connection):
    """A connection that returns and raises only what `Connection` documents; of `cost`, all errors are the user's."""

    def __init__(self, connection: Connection, label: str) -> None:
        self.connection, self.label = connection, label
        with answered(label, "say what it is like"):
            self.n_qubits, self.packing = connection.n_qubits, connection.packing
            self.calibration, self.repeatable = connection.calibration, connection.repeatable
            self.metered = connection.metered

    def submit(self, batch: Batch, tag: str) -> str:
        with errors_translated(self.label, "submit a job"):
            return self._identity(self.connection.submit(batch, tag))

    def find(self, tag: str) -> Sequence[str]:
        with errors_translated(self.label, "look for a job"):
            # A client that asks several instances may list a job several times.
            return [*dict.fromkeys(map(self._identity, self.connection.find(tag)))]

    def collect(self, job: str, batch: Batch, patience: float, waiting: Callable[[str], None]) -> Reply:
        ours: list[BaseException] = []

        def heard(text: str) -> None:
            try:
                waiting(redacted(str(text)))
            except BaseException as error:
                ours.append(error)
                raise

        try:
            with errors_translated(self.label, "fetch a job"):
                reply = self.connection.collect(job, batch, patience, heard)
        except Exception as error:
            if ours:
                # The error of `waiting`, which is not the client's.
                raise ours[0] from None
            if isinstance(error, JobMissing):
                raise JobMissing(f"{self.label} knows no job {job}", retry_after=error.retry_after) from None
            raise
        if not isinstance(reply, Reply):
            raise UnusableReply(f"{self.label} gave a {type(reply).__name__} for the counts of job {job}")
        return reply

    def cancel(self, job: str) -> bool:
        try:
            return bool(self.connection.cancel(job))
        except Exception:  # noqa: BLE001 - a failed cancellation must not stop the caller
            return False

    def cost(self, circuit: Circuit) -> Cost:
        with answered(self.label, "compile a circuit"):
            found = self.connection.cost(circuit)
            if not isinstance(found, Cost):
                raise TypeError(f"a {type(found).__name__} for the cost of a circuit")
            return found

    def _identity(self, identity: object) -> str:
        if not isinstance(identity, str) or not identity:
            raise TransientError(f"{self.label} gave {redacted(repr(identity))} for the id of a job")
        return identity


@contextmanager
def errors_translated(label: str, doing: str) -> Iterator[None]:
    """Translates what the block raises; `doing` says what the service is asked to do, such as "submit a job".

    Raises:
        TransientError: for an error of any other kind: as without an answer, it is unknown whether the service has done
            the request.
        UserError, TransientError, JobFailed, NotFinished: as in the block, without secrets and causes.
    """
    try:
        yield
    except Exception as error:
        if is_of_this_machine(error):
            raise
        if isinstance(error, UserError | TransientError | JobFailed | NotFinished):
            error.args = (redacted(str(error)),)
            raise error from None
        raise TransientError(f"{label} failed to {doing} ({error_text(error)})") from None


@contextmanager
def answered(label: str, doing: str) -> Iterator[None]:
    """As `errors_translated`, for a block that sends no job: then the user can do it again, whatever went wrong.

    Raises:
        UserError: for an error of any kind.
    """
    try:
        yield
    except Exception as error:
        if is_of_this_machine(error):
            raise
        said = redacted(str(error))
        if isinstance(error, UserError):
            error.args = (said,)
            raise error from None
        if isinstance(error, TransientError | JobFailed | NotFinished):
            raise UserError(f"{label} cannot be reached now: {said}; try again later") from None
        raise UserError(
            f"{label} failed to {doing} ({error_text(error)}); try again later, and if it goes on, install its package "
            "again"
        ) from None


def is_of_this_machine(error: Exception) -> bool:
    """Whether an error is not the service's: too little memory, for which the command line has a remedy, or JAX."""
    return isinstance(error, MemoryError | JaxRuntimeError)
