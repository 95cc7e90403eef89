"""The boundary to a service whose jobs cost money: replies of its client are checked, and its errors translated.

Clients raise errors of any kind, which may hold tokens and account names. This side of the boundary sees only the
errors of `Connection`. Each names the service, holds no secret, and has no cause that a traceback would print.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from hyperborn.backends.backend import (
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
from hyperborn.backends.redaction import one_line, redacted
from hyperborn.circuits import Circuit
from hyperborn.errors import UserError


def guarded(connection: Connection, label: str) -> Connection:
    """The connection behind the boundary if its jobs cost money; a simulator in this process needs none."""
    return (
        GuardedConnection(connection, label)
        if connection.metered and not isinstance(connection, GuardedConnection)
        else connection
    )


class GuardedConnection(Connection):
    """A connection that returns and raises only what `Connection` documents."""

    def __init__(self, connection: Connection, label: str) -> None:
        self.connection, self.label = connection, label
        self.n_qubits, self.packing, self.calibration = connection.n_qubits, connection.packing, connection.calibration
        self.repeatable, self.metered = connection.repeatable, connection.metered

    def submit(self, batch: Batch, tag: str) -> str:
        with self._reworded("submit a job"):
            return self._identity(self.connection.submit(batch, tag))

    def find(self, tag: str) -> Sequence[str]:
        with self._reworded("look for a job"):
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
            with self._reworded("fetch a job"):
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
        # Compiled on this machine.
        return self.connection.cost(circuit)

    def _identity(self, identity: object) -> str:
        if not isinstance(identity, str) or not identity:
            raise TransientError(f"{self.label} gave {redacted(repr(identity))} for the id of a job")
        return identity

    @contextmanager
    def _reworded(self, doing: str) -> Iterator[None]:
        try:
            yield
        except MemoryError:
            # It is of this machine, not of the service.
            raise
        except (UserError, TransientError, JobFailed, NotFinished) as error:
            error.args = (redacted(str(error)),)
            raise error from None
        except Exception as error:  # noqa: BLE001
            # As without an answer, it is unknown whether the service has done the request.
            said = f"{type(error).__name__}: {one_line(error)}"
            raise TransientError(f"{self.label} failed to {doing} ({said})") from None
