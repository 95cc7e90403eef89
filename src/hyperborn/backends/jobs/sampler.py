"""Sampling through the ledger: no batch is paid for twice.

    intended   the request is in the ledger, with its own tag
    submitted  the backend accepted the job, and its id is in the ledger
    done       the counts are in the ledger; only then are they used

If the process ends at any point, the next one finds the row, looks for the job by its id or tag, and continues with it.
The job is sent again only if the backend does not know it. If the backend cannot tell, the row is closed and an error
informs the user, who can have the batch sent again with `hyperborn resume`.
"""

import math
import time
from collections.abc import Callable
from typing import Any

from hyperborn.arguments import check_kind
from hyperborn.backends.backend import (
    Connection,
    JobFailed,
    JobMissing,
    NotFinished,
    Reply,
    TransientError,
    Untraceable,
    UnusableReply,
)
from hyperborn.backends.batch import Batch, Counts, check_reply
from hyperborn.backends.boundary import guarded
from hyperborn.backends.jobs.ledger import Job, Ledger, Request, is_storable
from hyperborn.backends.jobs.retry import NoAnswer, Retrier, RetryPolicy
from hyperborn.backends.jobs.submit import GLANCE, JobSubmitter, ignore
from hyperborn.errors import UserError
from hyperborn.redaction import one_line

FETCHES = 3
"""Times that the counts of a job are fetched before they count as unusable."""


class LedgerSampler:
    """A sampler that records its jobs in a ledger, where `backend` is the name of the backend.

    `note` is called with lines for the user. `waiting` is called every second with the status of a job, and ends the
    wait by raising. `sleep` and `clock` (seconds) are the system's, except in tests.

    Raises:
        UserError: if the ledger is none, or its file cannot be written.
    """

    def __init__(
        self,
        connection: Connection,
        backend: str,
        ledger: Ledger,
        *,
        retry_policy: RetryPolicy | None = None,
        note: Callable[[str], None] = ignore,
        waiting: Callable[[str], None] = ignore,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        check_kind("ledger", ledger, (Ledger,), "a ledger, such as hb.backends.Ledger.create_or_open('jobs.sqlite')")
        self.connection = connection = guarded(connection, backend)
        self.backend, self.ledger = backend, ledger
        self.retry_policy = retry_policy or RetryPolicy()
        self._note, self._waiting, self._clock = note, waiting, clock
        self._retrier = Retrier(self.retry_policy, note, waiting, sleep, clock)
        self._submitter = JobSubmitter(connection, backend, ledger, self._retrier)
        # The jobs of a simulator are free, and a power cut ends them anyway.
        ledger.set_durability(power_cuts=connection.metered)

    def sample(self, batch: Batch) -> tuple[Counts, ...]:
        """The counts of every point of a batch: stored ones, those of a running job, or those of a new job.

        Raises:
            LimitReached: if a new job would exceed a limit of the run.
            UserError: if the backend refuses the batch, does not answer, fails repeatedly, returns wrong counts, or has
                not finished in time; or if the ledger cannot be read or written. Jobs that are paid for stay in the
                ledger or with the backend, and another call continues from there.
        """
        request = Request.of(batch, self.backend)
        job = self._fitting(request)
        if job is not None and job.counts is not None:
            stored = self.ledger.counts(job)
            reason = refusal_of(self.backend, batch, stored)
            if reason is None:
                return stored
            job = self._reopened(job, reason)
        if not self.connection.metered:
            return self._simulated(batch, request, job)
        reason = ""
        for _ in range(self.retry_policy.attempts):
            known = job is not None
            job = job or self.ledger.intend(request, self.connection.calibration)
            try:
                job = self._submitter.ensure_submitted(job, batch, known=known)
                reply, refusal = self._reply(job, batch)
                if refusal is None:
                    return self._stored(job, reply)
                reason = refusal
            except JobFailed as error:
                reply, reason = None, one_line(error)
            except NotFinished as error:
                assert job is not None
                remedy = self.ledger.remedy
                raise UserError(
                    f"queue time-out: job {job.id} of {batch.label} is not finished on {self.backend} after "
                    f"{self.retry_policy.patience:,g} seconds; it stays there, and is adopted when you {remedy}"
                ) from error
            except NoAnswer as error:
                raise UserError(f"{error}; all that is paid for is kept; {self.ledger.remedy}") from error
            except Untraceable as error:
                # If the user asks again, the batch is sent again.
                self._submitter.record_lost(job, error)
                raise UserError(
                    f"{error}; look there whether it was. To have it sent, and paid for, again, {self.ledger.remedy}"
                ) from error
            except UserError as error:
                left = self._left(batch.label)
                if not left:
                    raise
                raise UserError(f"{error}{left}") from error
            replacement = self._submitter.replacement(job, batch)
            if replacement is not None:
                return self._stored(*replacement)
            self._closed(job, batch, reply, reason)
            job = None
        raise UserError(
            f"{self.backend} failed {self.retry_policy.attempts} times at {batch.label}, the last time with: {reason}; "
            f"all that is paid for is kept; {self.ledger.remedy}"
        )

    def _closed(self, job: Job, batch: Batch, reply: Reply | None, reason: str) -> None:
        """Record the end of a job without usable counts: it failed, or its reply does not fit the request."""
        if reply is None:
            if job.id is not None:
                # Another job replaces it, in case it exists after all. It is cancelled before its row is closed: if the
                # process ends in between, the next one finds it open.
                self.connection.cancel(job.id)
            self.ledger.failed(job, reason)
            self._note(f"{self.backend}: job {job.id} of {batch.label} failed: {reason}")
            return
        # Before the row is closed, for the same reason; the reply can be fetched again.
        self._submitter.cancel_others(job)
        self.ledger.fetched(job, kept_of(reply), reply.seconds, reason)
        self._note(f"{self.backend}: job {job.id} of {batch.label} is unusable, and stays in the ledger: {reason}")

    def _reopened(self, job: Job, reason: str) -> Job | None:
        """The job whose stored counts do not fit the batch, open again if it was paid for; otherwise None."""
        self._note(f"{job.request.label}: the counts in the ledger are unusable ({reason})")
        if self.connection.metered:
            return self.ledger.reopened(job)
        self.ledger.fetched(job, None, job.seconds or 0.0, reason)
        return None

    def _left(self, label: str) -> str:
        """The state of the last job of a label, as an addition to an error message."""
        job = self.ledger.attempts(label)[-1]
        if not job.is_open:
            return ""
        if job.id is None:
            return (
                f"; whether {self.backend} has accepted {label} nevertheless is checked when you {self.ledger.remedy}"
            )
        return f"; job {job.id} of {label} stays with {self.backend}, and is adopted when you {self.ledger.remedy}"

    def _fitting(self, request: Request) -> Job | None:
        """The job that has this request's counts, or may still get them; open jobs of other requests are given up."""
        usable = [job for job in self.ledger.attempts(request.label) if job.state == "done" or job.is_open]
        fitting = [job for job in usable if job.request == request]
        if usable and not fitting:
            changed = ", ".join(usable[-1].request.differences(request))
            self._note(f"{request.label} was requested before with another {changed}: it is requested again")
        for job in usable:
            if job.is_open and job not in fitting:
                self._submitter.give_up(job)
        done = (job for job in fitting if job.state == "done")
        return next(done, fitting[-1] if fitting else None)

    def _simulated(self, batch: Batch, request: Request, known: Job | None) -> tuple[Counts, ...]:
        """Counts of a simulator in this process, whose jobs are free and end with the process.

        No later process can continue such a job, so that one row at its end is enough. Repeatable counts are not
        stored.
        """
        if known is None:
            self.ledger.check(request)
        try:
            identity = self.connection.submit(batch, batch.label)
            reply = self.connection.collect(identity, batch, self.retry_policy.patience, self._waiting)
        except (JobFailed, NotFinished, TransientError) as error:
            raise UserError(
                f"{self.backend} failed at {batch.label}: {one_line(error)}; {self.ledger.remedy}"
            ) from error
        refusal = refusal_of(self.backend, batch, reply.counts)
        counts = kept_of(reply) if refusal is not None else tuple(point.standardized() for point in reply.counts)
        if known is None:
            stored = None if self.connection.repeatable else counts
            self.ledger.record(request, self.connection.calibration, identity, reply.seconds, stored, refusal)
        if refusal is not None or counts is None:
            raise UserError(
                f"{refusal}; these counts are not used, and the batch is requested again when you {self.ledger.remedy}"
            )
        return counts

    def _reply(self, job: Job, batch: Batch) -> tuple[Reply, str | None]:
        """The reply of a job, and why it does not fit the request; None if it fits. Wrong replies are fetched again."""
        assert job.id is not None, "the job was submitted"
        identity, patience, started, fetched = job.id, self.retry_policy.patience, self._clock(), 0

        def collect(alive: Callable[[], None]) -> tuple[Reply, str | None]:
            nonlocal fetched

            def heard(text: str) -> None:
                alive()
                self._waiting(text)

            left = max(GLANCE, started + patience - self._clock())
            try:
                reply = self.connection.collect(identity, batch, left, heard)
                refusal = refusal_of(self.backend, batch, reply.counts)
            except JobMissing as error:
                # A new job would cost money again, so that a second answer must confirm this one.
                if self._submitter.is_listed(job):
                    raise
                raise JobFailed(f"{one_line(error)}, and it is not in the list") from error
            except UnusableReply as error:
                reply, refusal = Reply((), math.nan), one_line(error)
            fetched += 1
            if refusal is not None and fetched < FETCHES:
                # Most damage happens on the way from the device, and fetching again is free.
                alive()
                raise TransientError(f"job {identity}: {refusal}")
            return reply, refusal

        return self._retrier.until_answered(collect, f"{self.backend}, waiting for {batch.label}")

    def _stored(self, job: Job, reply: Reply) -> tuple[Counts, ...]:
        """The counts of a reply, after they were stored."""
        counts = tuple(point.standardized() for point in reply.counts)
        # A duplicate that was not in the list at first could cost money unnoticed. It is cancelled before the row is
        # closed: after that no process looks for it, while the reply can be fetched again.
        self._submitter.cancel_others(job)
        self.ledger.fetched(job, counts, reply.seconds, None)
        return counts


def refusal_of(backend: str, batch: Batch, counts: Any) -> str | None:
    """Why a reply, which may be any object, does not fit the batch; None if it fits."""
    try:
        check_reply(backend, batch, counts)
    except UserError as error:
        return one_line(error)
    return None


def kept_of(reply: Reply) -> tuple[Counts, ...] | None:
    """Unusable counts as they were returned; None if the ledger cannot store them unchanged."""
    return tuple(reply.counts) if is_storable(reply.counts) else None
