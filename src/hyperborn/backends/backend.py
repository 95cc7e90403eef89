"""What every backend is: a record of settings, and the connection that it makes."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from hyperborn.backends.batch import Batch, Counts
from hyperborn.circuits import Circuit
from hyperborn.errors import UserError


class TransientError(Exception):
    """The backend did not answer as it should, and may when asked again; whether it took a request is unknown."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds that the backend asks to wait, if it says so."""


class JobFailed(Exception):  # noqa: N818
    """The backend took a job and gave it up: it has an end, and no counts."""


class JobMissing(TransientError):  # noqa: N818
    """The backend says that there is no such job, which it may say while a part of it is out of order, too."""


class UnusableReply(TransientError):  # noqa: N818
    """A job is done, and what came for its counts cannot be read as such; it may come whole when asked for again."""


class Unsent(UserError):  # noqa: N818
    """A batch cannot be sent as it is; this was found before anything of it had left this machine."""


class Untraceable(UserError):  # noqa: N818
    """A job may have been run and paid for, and the backend has no way to tell: a person has to decide."""


class NotFinished(Exception):  # noqa: N818
    """The job is still waiting or running, after as many seconds as one was willing to wait."""


@dataclass(frozen=True, eq=False)
class Reply:
    """The counts of every point of a job in order, and the seconds of processor time that it took."""

    counts: tuple[Counts, ...]
    seconds: float


@dataclass(frozen=True)
class Cost:
    """What a circuit costs on a backend, after it was compiled for it.

    `seconds` is about the processor time of one shot, where it is known in advance.
    """

    depth: int
    two_qubit_gates: int
    seconds: float | None = None


class Connection(ABC):
    """A backend at work: jobs in, counts out."""

    n_qubits: int | None
    """Qubits that it has; None where memory alone is the limit."""

    packing: int | None
    """Qubits up to which independent circuits had better be run side by side as one; None for all that there are."""

    calibration: str | None
    """When the device was calibrated, as ISO 8601 text, if it ever is: as known when the connection was made."""

    repeatable: bool
    """Whether the same batch, seed included, always gives the same counts, for nothing: they need not be stored."""

    metered: bool
    """Whether jobs cost money, and outlive the process that submits them."""

    @abstractmethod
    def submit(self, batch: Batch, tag: str) -> str:
        """Hand a batch in as one job under a tag of its own; the job's id.

        Raises:
            TransientError: if it is unknown whether the backend took it.
            JobFailed: if the backend runs it at once, and failed.
            Untraceable: if it failed so that it may have to be paid for.
            Unsent: if the batch is not one for this backend, and nothing was sent.
            UserError: if the backend says that it does not take it; it may have kept the job all the same.
        """

    @abstractmethod
    def find(self, tag: str) -> Sequence[str]:
        """Ids of the jobs that bear exactly this tag, oldest first, whatever became of them.

        Raises:
            TransientError: if the backend did not answer.
            Untraceable: if the backend has no list of jobs, and this process did not have this one run.
        """

    @abstractmethod
    def collect(self, job: str, batch: Batch, patience: float, waiting: Callable[[str], None]) -> Reply:
        """Wait for a job's end, for `patience` seconds at most, and fetch its counts; `waiting` is told how it stands.

        Counts are as the backend gave them, unchecked but in the order of weights. May be asked again.

        Raises:
            NotFinished: if the job has not come to its end by then.
            JobFailed: if the job ended without counts.
            JobMissing: if the backend says that there is no such job.
            UnusableReply: if what came is no counts.
            TransientError: if the backend did not answer.
        """

    @abstractmethod
    def cancel(self, job: str) -> bool:
        """Have a job that is not wanted given up; whether the backend did as it was told. Nothing is raised if not."""

    @abstractmethod
    def cost(self, circuit: Circuit) -> Cost:
        """What a circuit costs; it is compiled, and nothing is sent."""


@dataclass(frozen=True)
class Backend(ABC):
    """Where circuits are run: a frozen record of settings, without any account's details."""

    @property
    @abstractmethod
    def label(self) -> str:
        """The name that people know it by, such as "fake_sherbrooke"."""

    @abstractmethod
    def connect(self) -> Connection:
        """The backend at work.

        Raises:
            UserError: if what it needs is not installed, there is no account, or no such device (it names those there
                are).
        """


@lru_cache(maxsize=4)
def connected(backend: Backend) -> Connection:
    """`Backend.connect`, made once in a process: what was compiled for a device is kept.

    Raises:
        UserError: as `Backend.connect`, or if the backend does not answer.
    """
    try:
        return backend.connect()
    except (TransientError, JobFailed) as error:
        raise UserError(f"{backend.label} cannot be reached now: {error}; nothing is lost, try again later") from error
