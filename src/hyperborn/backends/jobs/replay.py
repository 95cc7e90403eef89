"""Shots through the ledger: a batch that is paid for is never paid for again.

    intended   the request is in the ledger, with a tag of its own
    submitted  the backend took it, and its id is in the ledger
    done       its counts are in the ledger, and only then in use

Whatever ends the process in between, the next one finds the row, looks for the job by its id or tag, and adopts it; it
is sent again only if the backend does not know it. Of a backend that can't tell, the row is given up and the person
asked: going on all the same, with `hyperborn resume`, has the batch sent anew.
"""

import time
from collections.abc import Callable

from hyperborn.backends.backend import (
    Connection,
    JobFailed,
    JobMissing,
    NotFinished,
    Reply,
    TransientError,
    Untraceable,
)
from hyperborn.backends.batch import Batch, Counts, check_reply
from hyperborn.backends.jobs.ledger import Job, Ledger, Request
from hyperborn.backends.jobs.retry import Asking, Persistence, Silence, one_line
from hyperborn.backends.jobs.submit import GLANCE, Submitting, ignore
from hyperborn.errors import UserError


class Recorded:
    """A connection whose jobs are in a ledger; `backend` is the name that it goes by there.

    `note` is told in a line of what a person should know, `waiting` how a job stands: every second, and it ends the
    wait if it raises. `sleep` and `clock` (seconds) are the system's, save in tests.
    """

    def __init__(
        self,
        connection: Connection,
        backend: str,
        ledger: Ledger,
        *,
        persistence: Persistence | None = None,
        note: Callable[[str], None] = ignore,
        waiting: Callable[[str], None] = ignore,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.connection, self.backend, self.ledger = connection, backend, ledger
        self.persistence = persistence or Persistence()
        self._note, self._waiting, self._clock = note, waiting, clock
        self._asking = Asking(self.persistence, note, waiting, sleep, clock)
        self._submitting = Submitting(connection, backend, ledger, self._asking)
        # A power cut takes a simulator's jobs along, and they cost nothing.
        ledger.set_durability(power_cuts=connection.metered)

    def sample(self, batch: Batch) -> tuple[Counts, ...]:
        """The counts of every point of a batch: stored ones, those of a job that is under way, or those of a new job.

        Raises:
            LimitReached: if a new job would pass a limit of the run.
            UserError: if the backend refuses the batch, does not answer, fails again and again, has not finished in
                time, or returns what was not asked for; or if the ledger cannot be read or written. What is paid for
                stays in the ledger or with the backend, and asking again goes on from there.
        """
        request = Request.of(batch, self.backend)
        job = self._fitting(request)
        if job is not None and job.counts is not None:
            return self.ledger.counts(job)
        if not self.connection.metered:
            return self._simulated(batch, request, job)
        reason = ""
        for _ in range(self.persistence.attempts):
            known = job is not None
            job = job or self.ledger.intend(request, self.connection.calibration)
            try:
                job = self._submitting.in_hand(job, batch, known=known)
                reply = self._reply(job, batch)
            except JobFailed as error:
                reason = one_line(error)
                if job.id is not None:
                    # In case that it is there after all: another one takes its place. Before it is closed in the
                    # ledger, so that a death in between does not leave it to be paid for.
                    self.connection.cancel(job.id)
                job = self.ledger.failed(job, reason)
                self._note(f"{self.backend}: job {job.id} of {batch.label} failed: {reason}")
                job = None
            except Silence as error:
                raise UserError(f"{error}; all that is paid for is kept; {self._remedy()}") from error
            except Untraceable as error:
                # Asking again is the person's decision to have it sent anew.
                self._submitting.lost(job, error)
                raise UserError(
                    f"{error}; look there whether it was. To have it sent anew, and paid for, {self._remedy()}"
                ) from error
            else:
                return self._stored(job, batch, reply)
        raise UserError(
            f"{self.backend} failed {self.persistence.attempts} times at {batch.label}, the last time with: {reason}; "
            f"all that is paid for is kept; {self._remedy()}"
        )

    def _fitting(self, request: Request) -> Job | None:
        """The job that has this request's counts, or else may yet come to them; open ones of other requests end."""
        usable = [job for job in self.ledger.attempts(request.label) if job.state == "done" or job.is_open]
        fitting = [job for job in usable if job.request == request]
        if usable and not fitting:
            changed = ", ".join(usable[-1].request.differences(request))
            self._note(f"{request.label} was asked for before with another {changed}: it is asked for anew")
        for job in usable:
            if job.is_open and job not in fitting:
                self._submitting.give_up(job)
        done = (job for job in fitting if job.state == "done")
        return next(done, fitting[-1] if fitting else None)

    def _simulated(self, batch: Batch, request: Request, known: Job | None) -> tuple[Counts, ...]:
        """Counts of a simulator in this process, whose jobs cost nothing and do not outlive it.

        There is nothing to adopt, so that one row at the end is enough. Counts that can be had again are not stored.
        """
        if known is None:
            self.ledger.check(request)
        try:
            identity = self.connection.submit(batch, batch.label)
            reply = self.connection.collect(identity, batch, self.persistence.patience, self._waiting)
        except (JobFailed, NotFinished, TransientError) as error:
            raise UserError(f"{self.backend} failed at {batch.label}: {one_line(error)}; {self._remedy()}") from error
        refusal = refusal_of(self.backend, batch, reply)
        if known is None:
            counts = None if self.connection.repeatable else reply.counts
            self.ledger.record(request, self.connection.calibration, identity, reply.seconds, counts, refusal)
        if refusal is not None:
            raise self._refused(refusal)
        return reply.counts

    def _reply(self, job: Job, batch: Batch) -> Reply:
        assert job.id is not None  # it is in hand
        identity, patience, started = job.id, self.persistence.patience, self._clock()

        def collect(alive: Callable[[], None]) -> Reply:
            def heard(text: str) -> None:
                alive()
                self._waiting(text)

            left = max(GLANCE, started + patience - self._clock())
            try:
                return self.connection.collect(identity, batch, left, heard)
            except JobMissing as error:
                # It would be paid for again: two answers must say so.
                if self._submitting.is_listed(job):
                    raise
                raise JobFailed(f"{one_line(error)}, nor is it in the list") from error

        try:
            return self._asking.until_answered(collect, f"{self.backend}, waiting for {batch.label}")
        except NotFinished as error:
            raise UserError(
                f"queue time-out: job {identity} of {batch.label} is not finished on {self.backend} after "
                f"{patience:,g} seconds; it stays there, and is adopted when you {self._remedy()}"
            ) from error

    def _stored(self, job: Job, batch: Batch, reply: Reply) -> tuple[Counts, ...]:
        """The counts, stored before they are used; those that were not asked for are stored and refused."""
        refusal = refusal_of(self.backend, batch, reply)
        job = self.ledger.fetched(job, reply.counts, reply.seconds, refusal)
        # A duplicate that was not in the list at first would else be paid for unnoticed.
        self._submitting.cancel_others(job)
        if refusal is not None:
            raise self._refused(refusal)
        return reply.counts

    def _refused(self, refusal: str) -> UserError:
        return UserError(
            f"{refusal}; what came is kept in the ledger, and it is asked for anew when you {self._remedy()}"
        )

    def _remedy(self) -> str:
        place = self.ledger.path
        return "go on by asking again" if place is None else f"go on with: hyperborn resume {place.parent}"


def refusal_of(backend: str, batch: Batch, reply: Reply) -> str | None:
    """Why a reply is not what was asked for, if it is not."""
    try:
        check_reply(backend, batch, reply.counts)
    except UserError as error:
        return one_line(error)
    return None
