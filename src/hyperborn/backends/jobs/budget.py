"""What a run on a backend will spend, has spent and may spend."""

from dataclasses import dataclass

from hyperborn.errors import UserError, is_number, whole_number

MINUTE = 60.0


class LimitReached(UserError):  # noqa: N818
    """The next job would pass one of the run's limits: it is not sent, and all before it is kept.

    `limit` is the name of the limit, such as "max_shots".
    """

    def __init__(self, text: str, limit: str) -> None:
        super().__init__(text)
        self.limit = limit


@dataclass(frozen=True)
class Spent:
    """What jobs took: their number, their shots, and the seconds of processor time of those where it is known."""

    jobs: int = 0
    shots: int = 0
    seconds: float = 0.0
    timed: int = 0
    """Jobs whose seconds are known."""

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            self.jobs + other.jobs, self.shots + other.shots, self.seconds + other.seconds, self.timed + other.timed
        )

    def __sub__(self, other: "Spent") -> "Spent":
        return self + Spent(-other.jobs, -other.shots, -other.seconds, -other.timed)

    @property
    def mean_seconds(self) -> float:
        """Of a job; 0 while none is known."""
        return self.seconds / self.timed if self.timed else 0.0

    @property
    def likely_seconds(self) -> float:
        """With the mean for every job whose seconds are not known: not at its end yet, failed, or a duplicate."""
        return self.seconds + self.mean_seconds * (self.jobs - self.timed)


@dataclass(frozen=True)
class Limits:
    """Most shots, jobs, and seconds of processor time that a run may take altogether; None is no limit.

    Seconds are known only once a job is done: the last one may pass that limit by what it takes beyond the mean.
    """

    # Arguments are checked below, so that a mistake is a UserError even where the tests check types.
    __no_type_check__ = True

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
        """These limits, and where there is none, that which was kept from before."""
        return Limits(
            kept.max_shots if self.max_shots is None else self.max_shots,
            kept.max_jobs if self.max_jobs is None else self.max_jobs,
            kept.max_seconds if self.max_seconds is None else self.max_seconds,
        )

    def check(self, spent: Spent, label: str, shots: int) -> None:
        """Refuse a job of so many shots altogether, if with it any limit would be passed.

        Raises:
            LimitReached: naming the limit, what is spent, and what the job would take.
        """
        before, mean = spent.likely_seconds, spent.mean_seconds
        if self.max_jobs is not None and spent.jobs + 1 > self.max_jobs:
            limit = "max_jobs"
            reason = f"max_jobs={self.max_jobs:,} is reached: {spent.jobs:,} jobs are spent, and {label} takes another"
        elif self.max_shots is not None and spent.shots + shots > self.max_shots:
            limit = "max_shots"
            reason = (
                f"max_shots={self.max_shots:,} would be passed: {spent.shots:,} shots are spent, and {label} takes "
                f"{shots:,} more"
            )
        elif self.max_seconds is not None and (before >= self.max_seconds or before + mean > self.max_seconds):
            limit = "max_seconds"
            reason = (
                f"max_seconds={self.max_seconds:,g} would be passed: about {before:,.4g} seconds of processor time are "
                f"spent, and {label} takes about {mean:,.4g} more, the mean of the jobs so far"
            )
        else:
            return
        raise LimitReached(
            f"{reason}; all that is paid for is kept: resume the run with a larger limit to go on", limit
        )


@dataclass(frozen=True)
class Forecast:
    """Of a whole run: jobs, circuits (each point counts as one), shots, and seconds of processor time if known.

    `qubits`, `depth` and `two_qubit_gates` are those of the largest circuit, compiled for the backend; `subcircuits`
    says how many different circuits are run one after the other.
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
    """Such as "40 s" or "3 min"."""
    return f"{seconds:.2g} s" if seconds < MINUTE else f"{seconds / MINUTE:.0f} min"
