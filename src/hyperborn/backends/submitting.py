"""One job for one attempt: sent if it is not there yet, and alone under its tag."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hyperborn.backends.backend import Connection, JobFailed, NotFinished, TransientError
from hyperborn.backends.batch import Batch
from hyperborn.backends.ledger import Job, Ledger
from hyperborn.backends.persistence import Asking, one_line
from hyperborn.errors import UserError

GLANCE = 1.0
"""Seconds for a look at how a job stands."""


def ignore(text: str) -> None:
    """Tell nobody."""
    del text


@dataclass(frozen=True, eq=False)
class Submitting:
    """Brings the jobs of a ledger to a backend whose jobs are paid for, and finds those again that are there."""

    connection: Connection
    backend: str
    ledger: Ledger
    asking: Asking

    def in_hand(self, job: Job, batch: Batch, *, known: bool) -> Job:
        """The job with its id in the ledger: sent now, or found with the backend if it may have been sent before.

        Args:
            job: that is open.
            batch: what it asks for.
            known: whether it was in the ledger before, so that an earlier process may have sent it.

        Raises:
            Silence: if the backend does not answer.
            UserError: if it does not take the job.
        """
        if job.id is not None:
            self.asking.note(f"{batch.label}: going on with job {job.id}, submitted at {job.submitted}")
            return self.alone(job)
        may_be_there = known

        def hand_in(_: Callable[[], None]) -> tuple[Sequence[str], bool]:
            nonlocal may_be_there
            found = self._looked_up(job.tag) if may_be_there else ()
            if found:
                return found, True
            sent_before, may_be_there = may_be_there, True
            try:
                return [self.connection.submit(batch, job.tag)], False
            except UserError as error:
                # Not if an earlier try may yet turn out to have been accepted.
                if not sent_before:
                    self.ledger.failed(job, one_line(error))
                raise

        identities, is_found = self.asking.until_answered(hand_in, f"{self.backend}, sending {batch.label}")
        job = self.ledger.submitted(job, identities[0])
        if is_found:
            self.asking.note(f"{batch.label}: {self.backend} has it already, as job {job.id}")
        return self.alone(job, batch)

    def alone(self, job: Job, batch: Batch | None = None) -> Job:
        """The job, every other one under its tag cancelled: a client may have sent a request several times.

        With a batch it becomes the oldest of them that has not failed, else it stays the one that it is.
        """
        assert job.id is not None  # it is in hand
        try:
            listed = list(self.connection.find(job.tag))
        except TransientError as error:
            self.asking.note(f"{job.request.label}: cannot look for duplicates: {one_line(error)}")
            return job
        identities = listed if job.id in listed else [*listed, job.id]
        if len(identities) > 1 and batch is not None:
            chosen = next((each for each in identities if not self._has_failed(each, batch)), job.id)
            if chosen != job.id:
                job = self.ledger.submitted(job, chosen)
        others = [identity for identity in identities if identity != job.id]
        news = [identity for identity in others if self.ledger.duplicate(job, identity)]
        for identity in others:
            self.connection.cancel(identity)
        if news:
            self.asking.note(
                f"{job.request.label} reached {self.backend} {len(identities)} times: job {job.id} is kept, and "
                f"{', '.join(news)} cancelled"
            )
        return job

    def give_up(self, job: Job) -> None:
        """Have an open job cancelled whose counts nobody will want."""
        try:
            found = self._looked_up(job.tag)
        except TransientError as error:
            # It stays open, and is looked for again when its label is asked for again.
            self.asking.note(f"{job.request.label}: cannot look for {job.tag} to cancel it: {one_line(error)}")
            return
        for identity in found if job.id is None or job.id in found else [job.id, *found]:
            if job.id is None:
                job = self.ledger.submitted(job, identity)
            elif identity != job.id:
                self.ledger.duplicate(job, identity)
            self.connection.cancel(identity)
        self.ledger.failed(job, "given up: what is asked for has changed")

    def _looked_up(self, tag: str) -> Sequence[str]:
        """Ids of the jobs that bear a tag; that there are none is believed after several looks, for a list may lag."""
        for pause in (0.0, *self.asking.persistence.looks):
            if pause:
                self.asking.sleep(pause)
            found = self.connection.find(tag)
            if found:
                return found
        return ()

    def _has_failed(self, identity: str, batch: Batch) -> bool:
        try:
            self.connection.collect(identity, batch, GLANCE, ignore)
        except JobFailed:
            return True
        except (NotFinished, TransientError):
            return False
        return False
