"""Backends: a record of settings, the connection that it makes, and the errors of connections."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hyperborn.backends.batch import Batch, Counts
from hyperborn.circuits import Circuit
from hyperborn.errors import UserError


class TransientError(Exception):
    """The backend did not answer properly, but may if asked again; whether it accepted the request is unknown."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds that the backend asks to wait; None if it does not say."""


class JobFailed(Exception):  # noqa: N818
    """The backend accepted a job, and the job ended without counts."""


class JobMissing(TransientError):  # noqa: N818
    """The backend says that there is no such job; it may also say so while a part of it is out of order."""


class UnusableReply(TransientError):  # noqa: N818
    """A job is done, but its reply cannot be read as counts; another request may give a good reply."""


class Unsent(UserError):  # noqa: N818
    """A batch cannot be sent as it is; no part of it has been sent."""


class Untraceable(UserError):  # noqa: N818
    """A job may have been run and paid for, and the backend cannot tell: the user has to decide."""


def too_wide(qubits: int, label: str, available: int) -> str:
    """The message of a circuit with more qubits than a backend has."""
    return (
        f"a circuit of {qubits} qubits is too wide for {label}, which has {available}; choose a smaller network "
        "(--hidden, --components) or fewer bits, many registers (hb.ShotRegisters, --posterior registers) or another "
        "backend"
    )


class NotFinished(Exception):  # noqa: N818
    """The job is still waiting or running when the time to wait for it is over."""


@dataclass(frozen=True, eq=False)
class Reply:
    """The counts of every point of a job, in order, and its processor time in seconds."""

    counts: tuple[Counts, ...]
    seconds: float


@dataclass(frozen=True)
class Cost:
    """The cost of a circuit on a backend, after compilation.

    `seconds` is roughly the processor time of one shot; None if it is not known in advance.
    """

    depth: int
    two_qubit_gates: int
    seconds: float | None = None


class Connection(ABC):
    """A connection to a backend, which takes jobs and returns counts."""

    n_qubits: int | None
    """Qubits of the backend; None if only memory limits them."""

    packing: int | None
    """Qubits up to which independent circuits should run side by side as one; None for as many as the backend has."""

    calibration: str | None
    """Time of the device's last calibration when the connection was made, as ISO 8601 text; None if there is none."""

    repeatable: bool
    """Whether the same batch, seed included, always gives the same counts for free, so that they need not be stored."""

    metered: bool
    """Whether jobs cost money and continue after the end of the process that submits them."""

    @abstractmethod
    def submit(self, batch: Batch, tag: str) -> str:
        """Submit a batch as one job under its own tag, and return the job's id.

        Raises:
            TransientError: if it is unknown whether the backend accepted the job.
            JobFailed: if the backend ran the job at once, and it failed.
            Untraceable: if the job failed and may still cost money.
            Unsent: if this backend cannot run the batch, and it was not sent.
            UserError: if the backend refuses the job; it may have kept it nevertheless.
        """

    @abstractmethod
    def find(self, tag: str) -> Sequence[str]:
        """Ids of the jobs with exactly this tag, oldest first, in whatever state they are.

        Raises:
            TransientError: if the backend did not answer.
            Untraceable: if the backend has no list of jobs, and this process did not run the job.
        """

    @abstractmethod
    def collect(self, job: str, batch: Batch, patience: float, waiting: Callable[[str], None]) -> Reply:
        """Wait up to `patience` seconds for the end of a job, and fetch its counts; `waiting` gets its status.

        Counts are as the backend returned them: in the order of weights, but unchecked. Repeated calls are allowed.

        Raises:
            NotFinished: if the job has not ended by then.
            JobFailed: if the job ended without counts.
            JobMissing: if the backend says that there is no such job.
            UnusableReply: if the reply cannot be read as counts.
            TransientError: if the backend did not answer.
        """

    @abstractmethod
    def cancel(self, job: str) -> bool:
        """Cancel a job; whether the backend confirmed that. Never raises."""

    @abstractmethod
    def cost(self, circuit: Circuit) -> Cost:
        """The cost of a circuit, which is compiled on this machine and not sent.

        Raises:
            UserError: if the backend cannot run the circuit.
            TransientError: if the backend, which may be asked what it is like, did not answer.
        """


@dataclass(frozen=True)
class Backend(ABC):
    """Where circuits run: a frozen record of settings, without account details."""

    @property
    @abstractmethod
    def label(self) -> str:
        """Its name for users, such as "fake_sherbrooke"."""

    @property
    def caveat(self) -> str | None:
        """What people should know of its noise before they rely on its shots, in a line; None for nothing."""
        return None

    @property
    def is_noiseless(self) -> bool:
        """Whether shots are known to be without noise, as exact draws are."""
        return False

    @abstractmethod
    def connect(self) -> Connection:
        """A connection to the backend; `hyperborn.backends.boundary.connected` keeps it, and translates its errors.

        Raises:
            TransientError: if the backend did not answer.
            UserError: if a package is not installed, there is no account, or no such device (the message lists all
                devices).
        """
