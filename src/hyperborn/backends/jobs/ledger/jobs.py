"""Rows of the ledger."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from typing import Any, Literal, TypeAlias, get_args

from hyperborn.backends.batch import Batch
from hyperborn.backends.jobs.budget import Spent
from hyperborn.errors import is_number

JobState: TypeAlias = Literal["intended", "submitted", "done", "failed", "refused", "duplicate"]
"""The state of a job.

``intended``: it may have been sent. ``submitted``: the backend accepted it. ``done``: its counts are stored, or can be
simulated again. ``failed``: it ended without counts. ``refused``: its reply does not fit the request.
``duplicate``: another job with the same tag, sent by a client that retried.
"""

OPEN: tuple[JobState, ...] = ("intended", "submitted")


@dataclass(frozen=True)
class Request:
    """A request for counts; two requests share counts only if all their fields are equal."""

    label: str
    circuit_hash: str
    parameter_hash: str
    points: int
    shots: int
    """Shots of each point."""
    seed: int
    backend: str

    @classmethod
    def of(cls, batch: Batch, backend: str) -> "Request":
        """The request for a batch on the backend of a name."""
        hashes = batch.circuit_hash(), batch.parameter_hash()
        # NumPy's integers would come back from SQLite as bytes.
        return cls(batch.label, *hashes, batch.n_points, int(batch.shots), int(batch.seed), backend)

    def differences(self, other: "Request") -> list[str]:
        """Names of the fields that differ from another request."""
        return [
            field.name.removesuffix("_hash")
            for field in fields(self)
            if getattr(self, field.name) != getattr(other, field.name)
        ]


@dataclass(frozen=True)
class Job:
    """One attempt at a request. Times are ISO 8601 text in UTC."""

    number: int
    """Number of the row, from 1."""
    request: Request
    attempt: int
    """Counted from 1 for each label."""
    tag: str
    """The tag under which the backend lists the job; only duplicates share one."""
    calibration: str | None
    """Time of the device's calibration, if known."""
    state: JobState
    intended: str
    id: str | None = None
    """The backend's id; None if it is not known to have accepted the job."""
    submitted: str | None = None
    ended: str | None = None
    seconds: float | None = None
    """Seconds of processor time, if known."""
    error: str | None = None
    counts: str | None = None
    """SHA-256 of the stored counts."""

    @property
    def is_open(self) -> bool:
        """Whether the job may still get counts."""
        return self.state in OPEN

    @property
    def total_shots(self) -> int:
        """Shots of all points."""
        return self.request.points * self.request.shots

    @property
    def spent(self) -> Spent:
        """What the job cost or may have cost; zero only if the backend never accepted it."""
        if self.state == "failed" and self.id is None:
            return Spent()
        return Spent(1, self.total_shots, self.seconds or 0.0, int(self.seconds is not None))

    def values(self) -> tuple[Any, ...]:
        """The cells of its row, followed by their digest."""
        number, request, *others = astuple(self)
        cells = (number, *request, *others)
        return (*cells, digest_of(cells))

    @classmethod
    def from_values(cls, values: tuple[Any, ...]) -> "Job":
        """The job of a row.

        Raises:
            ValueError: if the digest does not match the cells, or a cell has an impossible value.
        """
        number, *cells = values[:-1]
        if digest_of(values[:-1]) != values[-1]:
            raise ValueError(f"row {number} of the jobs")
        for name, value in zip(COLUMNS[1:-1], cells, strict=True):
            if not CELLS[name](value):
                raise ValueError(f"row {number} of the jobs: its {name} is {value!r:.80}")
        size = len(fields(Request))
        return cls(number, Request(*cells[:size]), *cells[size:])


COLUMNS = (
    "number",
    *(field.name for field in fields(Request)),
    *(field.name for field in fields(Job)[2:]),
    "digest",
)
"""Columns of the table, in the order of `Job.values`."""


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_text_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and value >= 0


CELLS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("label", "circuit_hash", "parameter_hash", "backend", "tag", "intended"), _is_text),
    **dict.fromkeys(("calibration", "id", "submitted", "ended", "error", "counts"), _is_text_or_none),
    **dict.fromkeys(("points", "shots", "seed", "attempt"), _is_count),
    "state": lambda value: value in get_args(JobState),
    "seconds": lambda value: value is None or (is_number(value) and value >= 0),
}
"""Whether a value is possible in a cell, by the name of its column."""


def digest_of(cells: tuple[Any, ...]) -> str:
    """SHA-256 of plain values. Bytes, which no valid cell holds, give the digest of a damaged row."""
    return hashlib.sha256(json.dumps(cells, default=repr).encode()).hexdigest()


class Jobs:
    """All jobs in memory, by number and by label, and their total cost."""

    def __init__(self) -> None:
        self.all: list[Job] = []
        self.by_label: dict[str, list[int]] = {}
        self.tags: dict[str, str] = {}
        """Tags of jobs, by the backend's ids."""
        self.spent = Spent()

    def put(self, job: Job) -> None:
        """Add a job, or replace the one with its number."""
        if job.number > len(self.all):
            self.all.append(job)
            self.by_label.setdefault(job.request.label, []).append(job.number)
        else:
            self.spent -= self.all[job.number - 1].spent
            self.all[job.number - 1] = job
        self.spent += job.spent
        if job.id is not None:
            self.tags[job.id] = job.tag

    def of(self, label: str) -> list[Job]:
        """The attempts at a label without duplicates, oldest first."""
        return [job for job in self._labelled(label) if job.state != "duplicate"]

    def duplicates_of(self, job: Job) -> list[Job]:
        """The known duplicates of a job."""
        others = self._labelled(job.request.label)
        return [other for other in others if other.tag == job.tag and other.state == "duplicate"]

    def _labelled(self, label: str) -> list[Job]:
        return [self.all[number - 1] for number in self.by_label.get(label, ())]
