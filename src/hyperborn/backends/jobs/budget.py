"""What a run on a backend will spend, has spent and may spend."""

from dataclasses import dataclass

from hyperborn.errors import UserError, is_number, whole_number

MINUTE = 60.0


class LimitReached(UserError):  # noqa: N818
    """The next job would exceed a limit of the run: it is not sent, and the results of earlier jobs are in the ledger.

    `limit` is the name of the limit, such as "max_shots".
    """

    def __init__(self, text: str, limit: str) -> None:
        super().__init__(text)
        self.limit = limit


@dataclass(frozen=True)
class Spent:
    """What jobs cost: their number, their shots, and the seconds of processor time of the jobs with a known time."""

    jobs: int = 0
    shots: int = 0
    seconds: float = 0.0
    timed: int = 0
    """Jobs with known seconds."""

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            self.jobs + other.jobs, self.shots + other.shots, self.seconds + other.seconds, self.timed + other.timed
        )

    def __sub__(self, other: "Spent") -> "Spent":
        return self + Spent(-other.jobs, -other.shots, -other.seconds, -other.timed)

    @property
    def mean_seconds(self) -> float:
        """Mean seconds of a job; 0 if none is known."""
        return self.seconds / self.timed if self.timed else 0.0

    @property
    def likely_seconds(self) -> float:
        """Seconds of all jobs, with the mean for jobs of unknown time: those that are running, failed or duplicates."""
        return self.seconds + self.mean_seconds * (self.jobs - self.timed)


@dataclass(frozen=True)
class Limits:
    """Most shots, jobs, and seconds of processor time of a run in total; None means no limit.

    Seconds are known only after a job: the last job may exceed that limit, if it takes longer than the mean.
    """

    max_shots: int | None = None
    max_jobs: int | None = None
    max_seconds: float | None = None

    def __post_init__(self) -> None:
        for name in ("max_shots", "max_jobs"):
            if getattr(self, name) is not None:
                whole_number(name, getattr(self, name), 1)
        if self.max_seconds is not None and not (is_number(self.max_seconds) and self.max_seconds > 0):
            raise UserError(f"max_seconds={self.max_seconds!r} must be a number of seconds above 0")

    def over(self, kept: "Limits") -> "Limits":
        """These limits; where one is None, the limit of `kept`."""
        return Limits(
            kept.max_shots if self.max_shots is None else self.max_shots,
            kept.max_jobs if self.max_jobs is None else self.max_jobs,
            kept.max_seconds if self.max_seconds is None else self.max_seconds,
        )

    def check(self, spent: Spent, label: str, shots: int, remedy: str = "give a larger limit") -> None:
        """Refuse a job of `shots` shots in total if it would exceed a limit; `remedy` says how to go on then.

        Raises:
            LimitReached: with the limit, what is spent, and what the job would take.
        """
        before, mean = spent.likely_seconds, spent.mean_seconds
        if self.max_jobs is not None and spent.jobs + 1 > self.max_jobs:
            limit = "max_jobs"
            reason = f"max_jobs={self.max_jobs:,} is reached: {spent.jobs:,} jobs are spent, and {label} takes another"
        elif self.max_shots is not None and spent.shots + shots > self.max_shots:
            limit = "max_shots"
            reason = (
                f"max_shots={self.max_shots:,} would be exceeded: {spent.shots:,} shots are spent, and {label} takes "
                f"{shots:,} more"
            )
        elif self.max_seconds is not None and (before >= self.max_seconds or before + mean > self.max_seconds):
            limit = "max_seconds"
            reason = (
                f"max_seconds={self.max_seconds:,g} would be exceeded: about {before:,.4g} seconds of processor time "
                f"are spent, and {label} takes about {mean:,.4g} more, the mean of the jobs so far"
            )
        else:
            return
        raise LimitReached(f"{reason}; {remedy}", limit)


@dataclass(frozen=True)
class Forecast:
    """Jobs, circuits (one for each point), shots, and seconds of processor time (None if unknown) of a complete run.

    `qubits`, `depth` and `two_qubit_gates` are those of the largest circuit, compiled for the backend. `subcircuits`
    is the number of circuits that are run one after the other.
    """

    backend: str
    qubits: int
    depth: int
    two_qubit_gates: int
    subcircuits: int
    jobs: int
    circuits: int
    shots: int
    seconds: float | None

    @property
    def text(self) -> str:
        """The forecast in a line."""
        time = "" if self.seconds is None else f", about {duration(self.seconds)} of processor time"
        return f"{self.backend}: {self.jobs:,} jobs, {self.circuits:,} circuits, {self.shots:,} shots{time}"


def duration(seconds: float) -> str:
    """A time as text, such as "40 s" or "3 min"."""
    return f"{seconds:.2g} s" if seconds < MINUTE else f"{seconds / MINUTE:.0f} min"
