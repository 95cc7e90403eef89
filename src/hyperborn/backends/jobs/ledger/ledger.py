"""The ledger of a run: what it meant to ask, what was asked, what came back and what it took."""

import hashlib
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from hyperborn.backends.batch import Counts
from hyperborn.backends.jobs.budget import Limits, Spent
from hyperborn.backends.jobs.ledger.database import connect, create, damaged, explained, fill, transaction
from hyperborn.backends.jobs.ledger.jobs import COLUMNS, Job, Jobs, Request, digest_of
from hyperborn.backends.jobs.ledger.packing import counts_from_bytes, counts_to_bytes
from hyperborn.errors import UserError, is_number
from hyperborn.storage.arrays import plain

WRITE_JOB = (
    f"INSERT INTO jobs VALUES ({', '.join('?' * len(COLUMNS))}) ON CONFLICT (number) DO UPDATE SET "
    f"{', '.join(f'{name} = excluded.{name}' for name in COLUMNS[1:])}"
)
READ_JOBS = f"SELECT {', '.join(COLUMNS)} FROM jobs ORDER BY number"


class Ledger:
    """A run's jobs in one SQLite file, which one process writes and any may read meanwhile.

    What a method has written is in the file when it returns: it survives the process, and a power cut too where
    `set_durability` has not waived that. Rows are never deleted, and each bears a digest of its own.

    Attributes:
        name: drawn at random once for each run, so that jobs of another run are never taken for this one's.
        limits: what the run may spend altogether.
    """

    def __init__(self, database: sqlite3.Connection, path: Path | None) -> None:
        """For `create_or_open`, `in_memory` and `read`."""
        self.path = path
        self._database = database
        try:
            with explained(path):
                self._read()
        except BaseException:
            database.close()
            raise

    @classmethod
    def create_or_open(cls, path: Path, limits: Limits | None = None) -> "Ledger":
        """The ledger in a file, made where absent; `limits` given now replace those kept in it.

        Raises:
            UserError: if the file is locked, damaged, or cannot be written; it is then left as it is.
        """
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
        """The ledger of a run that keeps nothing."""
        database = sqlite3.connect(":memory:", isolation_level=None)
        fill(database, _run_row(_new_name(), limits or Limits()))
        return cls(database, None)

    @classmethod
    def read(cls, path: Path) -> "Ledger":
        """The ledger in a file as it is now, to be read only; another process may be writing it.

        Raises:
            UserError: if there is none, or it is locked or damaged.
        """
        return cls(connect(path, writable=False), path)

    def rows(self) -> tuple[Job, ...]:
        """All jobs, in the order in which they were intended."""
        return tuple(self._jobs.all)

    def totals(self) -> Spent:
        """What all jobs took."""
        return self._jobs.spent

    def attempts(self, label: str) -> list[Job]:
        """The jobs of a label, oldest first, without duplicates."""
        return self._jobs.of(label)

    def counts(self, job: Job) -> tuple[Counts, ...]:
        """The stored counts of a job, verified.

        Raises:
            UserError: if they are damaged, or there are none.
        """
        with explained(self.path):
            found = self._database.execute("SELECT data FROM counts WHERE number = ?", (job.number,)).fetchone()
        if job.counts is None:
            raise UserError(f"{job.tag} is {job.state} and has no counts in {self.path}; name a job that is done")
        data = found[0] if found else None
        if not isinstance(data, bytes) or hashlib.sha256(data).hexdigest() != job.counts:
            raise damaged(self.path, f"the counts of {job.request.label}")
        return counts_from_bytes(data, f"{self.path}, the counts of {job.request.label}")

    def set_durability(self, *, power_cuts: bool) -> None:
        """Whether what is written survives a power cut, which costs tens of milliseconds each time; at first it does.

        Without that it still survives the death of the process.
        """
        with explained(self.path):
            self._database.execute(f"PRAGMA synchronous = {'EXTRA' if power_cuts else 'OFF'}")

    def intend(self, request: Request, calibration: str | None) -> Job:
        """Write down that a request is about to be sent, under a tag that was never used before.

        Raises:
            LimitReached: if that would pass a limit; nothing is written.
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
        """Write down a job that began and ended in this process, in one go; without counts if they can be had again.

        Raises:
            UserError: if the file cannot be written.
        """
        job = replace(self._new(request, calibration), id=identity)
        return self._end(job, counts, seconds, error)

    def check(self, request: Request) -> None:
        """Refuse a request with which a limit would be passed.

        Raises:
            LimitReached: naming the limit, what is spent, and what the job would take.
        """
        self.limits.check(self.totals(), request.label, request.points * request.shots)

    def submitted(self, job: Job, identity: str) -> Job:
        """Write down the id that the backend gave a job."""
        return self._write(replace(job, state="submitted", id=identity, submitted=job.submitted or now()))

    def reopened(self, job: Job) -> Job:
        """Write down that a job's counts are to be fetched once more, as the stored ones are of no use."""
        return self._write(replace(job, state="submitted", ended=None, seconds=None, error=None, counts=None))

    def exchanged(self, job: Job, identity: str) -> Job:
        """Write down that a duplicate takes the place of a job, which becomes the duplicate."""
        place = next(other for other in self._jobs.duplicates_of(job) if other.id == identity)
        kept = replace(job, state="submitted", id=identity, ended=None, seconds=None, error=None, counts=None)
        return self._write(kept, others=(replace(place, id=job.id),))

    def failed(self, job: Job, error: str) -> Job:
        """Write down that a job has come to an end without counts."""
        return self._write(replace(job, state="failed", error=error, ended=now()))

    def fetched(self, job: Job, counts: Sequence[Counts] | None, seconds: float, error: str | None) -> Job:
        """Store what came back, as it came; with an error, it is not what was asked for, and may be left out."""
        return self._end(job, counts, seconds, error)

    def duplicate(self, job: Job, identity: str) -> bool:
        """Write down another job under the tag of this one; whether it was not known before."""
        if identity == job.id or self.is_duplicate(job, identity):
            return False
        number = len(self._jobs.all) + 1
        unknown = {"submitted": None, "ended": None, "seconds": None, "error": None, "counts": None}
        self._write(replace(job, number=number, state="duplicate", id=identity, **unknown))
        return True

    def is_duplicate(self, job: Job, identity: str) -> bool:
        """Whether a job of the backend is known as a duplicate of this one."""
        return identity in self.duplicates(job)

    def duplicates(self, job: Job) -> list[str]:
        """Ids of the known duplicates of a job, in the order in which they became known."""
        return [other.id for other in self._jobs.duplicates_of(job) if other.id is not None]

    def may_be(self, identity: str, tag: str) -> bool:
        """Whether a job of the backend may be one under this tag: not if it is known under another."""
        return self._jobs.tags.get(identity, tag) == tag

    def close(self) -> None:
        """Let go of the file; closing twice is fine."""
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
        # SQLite would keep a number that is none as nothing at all.
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
                    raise UserError(f"{self.path} was written by another process meanwhile; stop that, and resume")
                yield
        except BaseException:
            # Whether it is in the file or not is not known after Ctrl-C, say.
            with explained(self.path):
                self._read()
            raise

    def _data_version(self) -> int:
        return self._database.execute("PRAGMA data_version").fetchone()[0]

    def _read(self) -> None:
        """Take everything but counts into memory, verified."""
        # One transaction: all is of one moment, though another process may be writing.
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
