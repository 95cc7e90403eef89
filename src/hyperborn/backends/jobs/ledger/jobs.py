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
"""What became of a job.

``intended``: it may have been sent. ``submitted``: the backend took it. ``done``: its counts are stored, or can be
simulated again. ``failed``: it has an end and no counts. ``refused``: what came back is not what was asked for.
``duplicate``: another one under the same tag, which a client that retried has sent.
"""

OPEN: tuple[JobState, ...] = ("intended", "submitted")


@dataclass(frozen=True)
class Request:
    """What was asked for: the counts of one request serve no other."""

    label: str
    circuit_hash: str
    parameter_hash: str
    points: int
    shots: int
    """Of each point."""
    seed: int
    backend: str

    @classmethod
    def of(cls, batch: Batch, backend: str) -> "Request":
        """The request that a batch is to a backend of this name."""
        hashes = batch.circuit_hash(), batch.parameter_hash()
        # NumPy's integers would come back from SQLite as bytes.
        return cls(batch.label, *hashes, batch.n_points, int(batch.shots), int(batch.seed), backend)

    def differences(self, other: "Request") -> list[str]:
        """Names of what is not the same in another request."""
        return [
            field.name.removesuffix("_hash")
            for field in fields(self)
            if getattr(self, field.name) != getattr(other, field.name)
        ]


@dataclass(frozen=True)
class Job:
    """One attempt at a request. Times are ISO 8601 text in UTC."""

    number: int
    """Of the row, from 1."""
    request: Request
    attempt: int
    """From 1 for each label."""
    tag: str
    """By which the backend is asked for it; its own, save that duplicates share it."""
    calibration: str | None
    """When the device was calibrated."""
    state: JobState
    intended: str
    id: str | None = None
    """The backend's; None where it is not known to have taken the job."""
    submitted: str | None = None
    ended: str | None = None
    seconds: float | None = None
    """Of processor time, where known."""
    error: str | None = None
    counts: str | None = None
    """SHA-256 of the stored counts."""

    @property
    def is_open(self) -> bool:
        """Whether it may yet come to counts."""
        return self.state in OPEN

    @property
    def total_shots(self) -> int:
        """Shots of all points."""
        return self.request.points * self.request.shots

    @property
    def spent(self) -> Spent:
        """What it took, or may have: nothing only if the backend has never taken it."""
        if self.state == "failed" and self.id is None:
            return Spent()
        return Spent(1, self.total_shots, self.seconds or 0.0, int(self.seconds is not None))

    def values(self) -> tuple[Any, ...]:
        """The cells of its row, and at the end a digest of all of them."""
        number, request, *others = astuple(self)
        cells = (number, *request, *others)
        return (*cells, digest_of(cells))

    @classmethod
    def from_values(cls, values: tuple[Any, ...]) -> "Job":
        """The job of a row.

        Raises:
            ValueError: if the digest is not that of the cells, or a cell cannot be what it stands for.
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
"""Of the table, in the order of `Job.values`."""


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
"""What the cells of a row can be, by the names of their columns."""


def digest_of(cells: tuple[Any, ...]) -> str:
    """SHA-256 of plain values; bytes, which no cell should hold, are taken as damage."""
    return hashlib.sha256(json.dumps(cells, default=repr).encode()).hexdigest()


class Jobs:
    """All jobs in memory: by number, by label, and what they took together."""

    def __init__(self) -> None:
        self.all: list[Job] = []
        self.by_label: dict[str, list[int]] = {}
        self.tags: dict[str, str] = {}
        """By the backend's ids."""
        self.spent = Spent()

    def put(self, job: Job) -> None:
        """Add a job, or put it in the place of that with its number."""
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
        """The attempts at a label, oldest first; duplicates are none."""
        return [job for job in self._labelled(label) if job.state != "duplicate"]

    def duplicates_of(self, job: Job) -> list[Job]:
        """The others under the tag of a job."""
        others = self._labelled(job.request.label)
        return [other for other in others if other.tag == job.tag and other.state == "duplicate"]

    def _labelled(self, label: str) -> list[Job]:
        return [self.all[number - 1] for number in self.by_label.get(label, ())]
