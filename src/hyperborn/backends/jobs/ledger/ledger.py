"""The ledger of a run: intended and submitted jobs, their replies and their cost."""

import hashlib
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from hyperborn.arguments import path_of
from hyperborn.backends.batch import Counts
from hyperborn.backends.jobs.budget import Limits, Spent
from hyperborn.backends.jobs.ledger.database import connect, create, damaged, fill, sqlite_errors_explained, transaction
from hyperborn.backends.jobs.ledger.jobs import COLUMNS, Job, Jobs, Request, digest_of
from hyperborn.backends.jobs.ledger.packing import counts_from_bytes, counts_to_bytes
from hyperborn.errors import UserError, is_number
from hyperborn.storage.arrays import plain

WRITE_JOB = (
    f"INSERT INTO jobs VALUES ({', '.join('?' * len(COLUMNS))}) ON CONFLICT (number) DO UPDATE SET "
    f"{', '.join(f'{name} = excluded.{name}' for name in COLUMNS[1:])}"
)
RUN_LEDGER = "ledger.sqlite"
"""Name of the file in a run's folder, where `hyperborn resume` finds it."""

READ_JOBS = f"SELECT {', '.join(COLUMNS)} FROM jobs ORDER BY number"


class Ledger:
    """A run's jobs in one SQLite file. One process writes it, and other processes may read it at the same time.

    When a method returns, its changes are in the file. They survive the end of the process, and also a power cut
    unless `set_durability` has waived that. Rows are never deleted, and each has its own digest.

    Attributes:
        name: a random name for each run, which keeps the jobs of different runs apart.
        limits: what the run may spend in total.
    """

    def __init__(self, database: sqlite3.Connection, path: Path | None) -> None:
        """Used by `create_or_open`, `in_memory` and `read`."""
        self.path = path
        self._database = database
        try:
            with sqlite_errors_explained(path):
                self._read()
        except BaseException:
            database.close()
            raise

    @classmethod
    def create_or_open(cls, path: str | Path, limits: Limits | None = None) -> "Ledger":
        """The ledger in a file, which is created if it is absent; `limits` that are given replace the stored ones.

        Raises:
            UserError: if it is no path, or the file is locked, damaged, or cannot be written; it is left unchanged.
        """
        path = path_of("path", path, "a ledger")
        if not path.exists():
            create(path, _run_row(_new_name(), limits or Limits()))
        ledger = cls(connect(path, writable=True), path)
        try:
            ledger._keep(limits)
        except BaseException:
            ledger.close()
            raise
        return ledger

    @classmethod
    def in_memory(cls, limits: Limits | None = None) -> "Ledger":
        """A ledger without a file."""
        database = sqlite3.connect(":memory:", isolation_level=None)
        fill(database, _run_row(_new_name(), limits or Limits()))
        return cls(database, None)

    @classmethod
    def read(cls, path: str | Path) -> "Ledger":
        """The current state of the ledger in a file, for reading only; another process may be writing it.

        Raises:
            UserError: if it is no path, or the file does not exist, is locked or is damaged.
        """
        path = path_of("path", path, "a ledger")
        return cls(connect(path, writable=False), path)

    @property
    def remedy(self) -> str:
        """How work goes on that an error has stopped, in words."""
        if self.path is None or self.path.name != RUN_LEDGER:
            return "go on by asking again"
        return f"go on with: hyperborn resume {self.path.parent}"

    def rows(self) -> tuple[Job, ...]:
        """All jobs, in the order in which they were intended."""
        return tuple(self._jobs.all)

    def totals(self) -> Spent:
        """The cost of all jobs together."""
        return self._jobs.spent

    def attempts(self, label: str) -> list[Job]:
        """The jobs of a label, oldest first, without duplicates."""
        return self._jobs.of(label)

    def counts(self, job: Job) -> tuple[Counts, ...]:
        """The stored counts of a job, verified.

        Raises:
            UserError: if they are damaged, or the job has none.
        """
        with sqlite_errors_explained(self.path):
            found = self._database.execute("SELECT data FROM counts WHERE number = ?", (job.number,)).fetchone()
        if job.counts is None:
            raise UserError(f"{job.tag} is {job.state} and has no counts in {self.path}; name a job that is done")
        data = found[0] if found else None
        if not isinstance(data, bytes) or hashlib.sha256(data).hexdigest() != job.counts:
            raise damaged(self.path, f"the counts of {job.request.label}")
        return counts_from_bytes(data, f"{self.path}, the counts of {job.request.label}")

    def set_durability(self, *, power_cuts: bool) -> None:
        """Set whether changes survive a power cut, as they do by default; it takes tens of milliseconds a change.

        In any case they survive the end of the process.
        """
        with sqlite_errors_explained(self.path):
            self._database.execute(f"PRAGMA synchronous = {'EXTRA' if power_cuts else 'OFF'}")

    def intend(self, request: Request, calibration: str | None) -> Job:
        """Record that a request is about to be sent, under a new tag.

        Raises:
            LimitReached: if the job would exceed a limit; the ledger is unchanged.
            UserError: if the file cannot be written.
        """
        self.check(request)
        return self._write(self._new(request, calibration))

    def record(
        self,
        request: Request,
        calibration: str | None,
        identity: str,
        seconds: float,
        counts: Sequence[Counts] | None,
        error: str | None,
    ) -> Job:
        """Record a job that ran in this process, from start to end; `counts` is None if they can be simulated again.

        Raises:
            UserError: if the file cannot be written.
        """
        job = replace(self._new(request, calibration), id=identity)
        return self._end(job, counts, seconds, error)

    def check(self, request: Request) -> None:
        """Refuse a request that would exceed a limit.

        Raises:
            LimitReached: with the limit, what is spent, and what the job would take.
        """
        if self.path is None:
            remedy = (
                "nothing is kept without a ledger file: give a larger limit; with ledger='jobs.sqlite' the same call "
                "goes on where one stopped"
            )
        elif self.path.name == RUN_LEDGER:
            remedy = "all that is paid for is kept: resume the run with a larger limit to go on"
        else:
            remedy = f"all that is paid for is kept in {self.path}: make the same call with a larger limit to go on"
        self.limits.check(self.totals(), request.label, request.points * request.shots, remedy)

    def submitted(self, job: Job, identity: str) -> Job:
        """Record the id that the backend gave a job."""
        return self._write(replace(job, state="submitted", id=identity, submitted=job.submitted or now()))

    def reopened(self, job: Job) -> Job:
        """Record that the stored counts of a job are unusable, and that it has to be fetched again."""
        return self._write(replace(job, state="submitted", ended=None, seconds=None, error=None, counts=None))

    def exchanged(self, job: Job, identity: str) -> Job:
        """Record that a job and its duplicate change places."""
        place = next(other for other in self._jobs.duplicates_of(job) if other.id == identity)
        kept = replace(job, state="submitted", id=identity, ended=None, seconds=None, error=None, counts=None)
        return self._write(kept, others=(replace(place, id=job.id),))

    def failed(self, job: Job, error: str) -> Job:
        """Record that a job ended without counts."""
        return self._write(replace(job, state="failed", error=error, ended=now()))

    def fetched(self, job: Job, counts: Sequence[Counts] | None, seconds: float, error: str | None) -> Job:
        """Store the counts of a job as they were returned. With `error` they do not fit the request or are None."""
        return self._end(job, counts, seconds, error)

    def duplicate(self, job: Job, identity: str) -> bool:
        """Record another job with the tag of this one; whether it is new."""
        if identity == job.id or self.is_duplicate(job, identity):
            return False
        number = len(self._jobs.all) + 1
        unknown = {"submitted": None, "ended": None, "seconds": None, "error": None, "counts": None}
        self._write(replace(job, number=number, state="duplicate", id=identity, **unknown))
        return True

    def is_duplicate(self, job: Job, identity: str) -> bool:
        """Whether the id is that of a known duplicate of the job."""
        return identity in self.duplicates(job)

    def duplicates(self, job: Job) -> list[str]:
        """Ids of the known duplicates of a job, in the order in which they were recorded."""
        return [other.id for other in self._jobs.duplicates_of(job) if other.id is not None]

    def may_be(self, identity: str, tag: str) -> bool:
        """Whether a job of the backend may have this tag: false if it is recorded with another one."""
        return self._jobs.tags.get(identity, tag) == tag

    def close(self) -> None:
        """Close the file; a second call has no effect."""
        self._database.close()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _keep(self, limits: Limits | None) -> None:
        kept = (limits or Limits()).over(self.limits)
        if kept != self.limits:
            with self._writing():
                self._database.execute("DELETE FROM run")
                self._database.execute("INSERT INTO run VALUES (?, ?, ?, ?, ?)", _run_row(self.name, kept))
            self.limits = kept

    def _new(self, request: Request, calibration: str | None) -> Job:
        attempt = 1 + max((job.attempt for job in self.attempts(request.label)), default=0)
        tag = f"hyperborn-{self.name}-{request.label}-{attempt}"
        return Job(len(self._jobs.all) + 1, request, attempt, tag, calibration, "intended", now())

    def _end(self, job: Job, counts: Sequence[Counts] | None, seconds: float, error: str | None) -> Job:
        # SQLite stores NaN as NULL.
        known = float(seconds) if is_number(seconds) and seconds >= 0 else None
        data = None if counts is None else counts_to_bytes(counts)
        digest = None if data is None else hashlib.sha256(data).hexdigest()
        state = "done" if error is None else "refused"
        return self._write(replace(job, state=state, ended=now(), seconds=known, error=error, counts=digest), data)

    def _write(self, job: Job, data: bytes | None = None, others: Sequence[Job] = ()) -> Job:
        with self._writing():
            if data is not None:
                self._database.execute("INSERT OR REPLACE INTO counts VALUES (?, ?)", (job.number, data))
            for row in (job, *others):
                self._database.execute(WRITE_JOB, row.values())
        for row in (job, *others):
            self._jobs.put(row)
        return job

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with transaction(self._database, self.path):
                if self._data_version() != self._version:
                    raise UserError(
                        f"{self.path} was written by another process in the meantime; stop that process, and resume"
                    )
                yield
        except BaseException:
            # After Ctrl-C, for example, it is unknown whether the file has the change.
            with sqlite_errors_explained(self.path):
                self._read()
            raise

    def _data_version(self) -> int:
        return self._database.execute("PRAGMA data_version").fetchone()[0]

    def _read(self) -> None:
        """Read everything except counts into memory, and verify it."""
        # One transaction gives a consistent state while another process may be writing.
        self._database.execute("BEGIN")
        try:
            self._version = self._data_version()
            runs = self._database.execute("SELECT * FROM run").fetchall()
            rows = self._database.execute(READ_JOBS).fetchall()
        finally:
            self._database.execute("ROLLBACK")
        jobs = Jobs()
        try:
            *run, digest = runs[0] if len(runs) == 1 else (None, "")
            if digest_of(tuple(run)) != digest or not isinstance(run[0], str):
                raise ValueError("the row of the run")
            limits = Limits(*run[1:])
            for values in rows:
                job = Job.from_values(values)
                if job.number != len(jobs.all) + 1:
                    raise ValueError(f"row {len(jobs.all) + 1} of the jobs")
                jobs.put(job)
        except ValueError as error:
            raise damaged(self.path, str(error)) from error
        self._jobs, self.name, self.limits = jobs, run[0], limits


def now() -> str:
    """The time as ISO 8601 text, to milliseconds, in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _new_name() -> str:
    return secrets.token_hex(6)


def _run_row(name: str, limits: Limits) -> tuple[object, ...]:
    # NumPy's numbers would come back from SQLite as bytes.
    cells = (name, *plain(astuple(limits)))
    return (*cells, digest_of(cells))
