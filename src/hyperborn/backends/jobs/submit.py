"""Submission of jobs that cost money: each attempt is sent once, and duplicates are cancelled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hyperborn.backends.backend import (
    Connection,
    JobFailed,
    NotFinished,
    Reply,
    TransientError,
    Unsent,
    Untraceable,
)
from hyperborn.backends.batch import Batch, check_reply
from hyperborn.backends.jobs.ledger import Job, Ledger
from hyperborn.backends.jobs.retry import NoAnswer, Retrier
from hyperborn.errors import UserError
from hyperborn.redaction import one_line

GLANCE = 1.0
"""Longest wait for the status of a job (seconds)."""


def ignore(text: str) -> None:
    """Drop a note."""
    del text


@dataclass(frozen=True, eq=False)
class JobSubmitter:
    """Sends the jobs of a ledger to a backend whose jobs cost money, and finds those that it has already."""

    connection: Connection
    backend: str
    ledger: Ledger
    retrier: Retrier

    def ensure_submitted(self, job: Job, batch: Batch, *, known: bool) -> Job:
        """The job with its id in the ledger: sent now, or found on the backend if it may have been sent before.

        Args:
            job: an open job.
            batch: the batch of the job.
            known: whether the job was in the ledger before, so that an earlier process may have sent it.

        Raises:
            NoAnswer: if the backend does not answer.
            Untraceable: if it is impossible to know whether the backend accepted the job.
            UserError: if the backend refuses the job. The row stays open if the backend may have kept it nevertheless.
        """
        if job.id is not None:
            self.retrier.note(f"{batch.label}: continuing with job {job.id}, submitted at {job.submitted}")
            others = [identity for identity in self._listed(job) if identity != job.id]
            return self._settled(job, batch, [job.id, *others])
        may_be_there = known

        def hand_in(_: Callable[[], None]) -> tuple[Sequence[str], bool]:
            nonlocal may_be_there
            found = self._ids_under_tag(job.tag) if may_be_there else ()
            if found:
                return found, True
            sent_before, may_be_there = may_be_there, True
            try:
                return [self.connection.submit(batch, job.tag)], False
            except Untraceable:
                raise
            except UserError as error:
                found = self._kept_despite_refusal(job, error)
                if found:
                    return found, True
                # An earlier request may still have been accepted.
                if not sent_before:
                    self.ledger.failed(job, one_line(error))
                raise

        identities, is_found = self.retrier.until_answered(hand_in, f"{self.backend}, sending {batch.label}")
        job = self.ledger.submitted(job, identities[0])
        if is_found:
            self.retrier.note(f"{batch.label}: {self.backend} has it already, as job {job.id}")
        listed = list(identities) if is_found else self._listed(job)
        return self._settled(job, batch, listed)

    def cancel_others(self, job: Job) -> None:
        """Cancel all other jobs with the tag of this one: a client may have sent it several times."""
        self._cancel(job, self._listed(job, lagging=True))

    def record_lost(self, job: Job, error: Untraceable) -> None:
        """Record that the fate of a job remains unknown; it counts as spent."""
        # Only a job with an id counts as accepted, and so as spent.
        taken = self.ledger.submitted(job, job.tag) if job.id is None else job
        self.ledger.failed(taken, one_line(error))

    def replacement(self, job: Job, batch: Batch) -> tuple[Job, Reply] | None:
        """A duplicate of an unusable job, in its place, and its reply; None if no duplicate has a good reply.

        Duplicates were cancelled, but a cancellation may come too late.
        """
        for identity in self.ledger.duplicates(job):
            try:
                reply = self.connection.collect(identity, batch, GLANCE, ignore)
                check_reply(self.backend, batch, reply.counts)
            except (JobFailed, NotFinished, TransientError, UserError):
                continue
            self.retrier.note(f"{batch.label}: job {identity}, sent under the same tag, takes the place of {job.id}")
            return self.ledger.exchanged(job, identity), reply
        return None

    def is_listed(self, job: Job) -> bool:
        """Whether a submitted job is in the backend's list; it counts as not there after several searches.

        Raises:
            TransientError: if the backend did not answer.
        """
        return job.id in self._search(job.tag, lambda found: job.id in found)

    def _settled(self, job: Job, batch: Batch, identities: list[str]) -> Job:
        """The job with the id of the first one under its tag that has not failed; the others are cancelled."""
        # Recorded duplicates are cancelled already, or are about to be.
        candidates = [identity for identity in identities if not self.ledger.is_duplicate(job, identity)]
        for identity in candidates if len(candidates) > 1 else ():
            # Recorded before it is examined: otherwise two processes could keep two different jobs, both paid for.
            if identity != job.id:
                job = self.ledger.submitted(job, identity)
            if not self._has_failed(identity, batch):
                break
        self._cancel(job, identities)
        return job

    def _cancel(self, job: Job, identities: Sequence[str]) -> None:
        others = [identity for identity in identities if identity != job.id]
        news = [identity for identity in others if self.ledger.duplicate(job, identity)]
        cancelled = {identity: self.connection.cancel(identity) for identity in others}
        if news:
            ended = ", ".join(identity for identity in news if cancelled[identity])
            left = ", ".join(identity for identity in news if not cancelled[identity])
            self.retrier.note(
                f"{job.request.label} reached {self.backend} {len(others) + 1} times: job {job.id} is kept"
                + (f", {ended} cancelled" if ended else "")
                + (f"; {left} could not be cancelled, and may be paid for" if left else "")
            )

    def give_up(self, job: Job) -> None:
        """Cancel an open job whose counts are no longer needed."""

        def look(_: Callable[[], None]) -> Sequence[str]:
            return self._ids_under_tag(job.tag)

        try:
            found = self.retrier.until_answered(look, f"{self.backend}, looking for {job.tag} to cancel it")
        except NoAnswer as error:
            # It stays open, and is searched for again with the next request for its label.
            self.retrier.note(str(error))
            return
        except Untraceable as error:
            self.retrier.note(f"{self.backend} cannot cancel {job.request.label}: {one_line(error)}")
            self.record_lost(job, error)
            return
        for identity in found if job.id is None or job.id in found else [job.id, *found]:
            if job.id is None:
                job = self.ledger.submitted(job, identity)
            elif identity != job.id:
                self.ledger.duplicate(job, identity)
            self.connection.cancel(identity)
        self.ledger.failed(job, "given up: the request has changed")

    def _ids_under_tag(self, tag: str) -> Sequence[str]:
        """Ids of the jobs with a tag; none are reported only after several searches, as the list may lag."""
        return self._search(tag, bool)

    def _listed(self, job: Job, *, lagging: bool = False) -> list[str]:
        """Ids of the jobs with the tag of a submitted job, itself included; only its own if there is no list now."""
        assert job.id is not None, "the job was submitted"

        def look(_: Callable[[], None]) -> Sequence[str]:
            return self._search(job.tag, lambda found: job.id in found or not lagging)

        try:
            found = self.retrier.until_answered(look, f"{self.backend}, looking for duplicates of {job.request.label}")
        except NoAnswer as error:
            self.retrier.note(str(error))
            found = ()
        return [*found] if job.id in found else [*found, job.id]

    def _kept_despite_refusal(self, job: Job, error: UserError) -> Sequence[str]:
        """Ids of jobs that a service has kept despite its refusal, which may be wrong or the answer to a second copy.

        Raises:
            UserError: the refusal itself, if there is no list now; the row stays open.
        """
        if isinstance(error, Unsent):
            return ()
        try:
            return self._ids_under_tag(job.tag)
        except (TransientError, UserError):
            raise error from None

    def _search(self, tag: str, is_enough: Callable[[Sequence[str]], bool]) -> Sequence[str]:
        found = self._ids_once(tag)
        for pause in self.retrier.retry_policy.list_pauses:
            if is_enough(found):
                break
            self.retrier.rest(pause)
            found = self._ids_once(tag)
        return found

    def _ids_once(self, tag: str) -> list[str]:
        """Distinct ids of the jobs with a tag, without those that the ledger knows under another tag."""
        return [identity for identity in dict.fromkeys(self.connection.find(tag)) if self.ledger.may_be(identity, tag)]

    def _has_failed(self, identity: str, batch: Batch) -> bool:
        try:
            self.connection.collect(identity, batch, GLANCE, ignore)
        except JobFailed:
            return True
        except (NotFinished, TransientError):
            return False
        return False
