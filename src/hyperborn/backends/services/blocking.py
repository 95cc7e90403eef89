"""Processors behind a call that ends with the counts: no ids, and no list of the jobs that they have had."""

import time
from collections.abc import Callable, Sequence

from hyperborn.backends.backend import Connection, Cost, Reply, Unsent, Untraceable
from hyperborn.backends.batch import Batch, Counts
from hyperborn.backends.redaction import one_line
from hyperborn.backends.simulators.in_process import PACKING
from hyperborn.circuits import Circuit
from hyperborn.errors import UserError

KEPT = 16
"""Replies that are kept, so that one which was not stored, because of Ctrl-C say, is not paid for again."""


class BlockingConnection(Connection):
    """The connection to a function that has whole batches run for money, and waits for their end.

    An id is the tag, and is known once the job is done. Of a job during which the process has died, or the call has
    failed, it can't be known whether it was paid for: that is `Untraceable`.
    """

    def __init__(
        self,
        call: Callable[[Batch], tuple[Counts, ...]],
        cost: Callable[[Circuit], Cost],
        *,
        label: str,
    ) -> None:
        self.call, self.cost_of, self.label = call, cost, label
        self.n_qubits, self.packing, self.calibration = None, PACKING, None
        self.repeatable, self.metered = False, True
        self.replies: dict[str, Reply] = {}

    def submit(self, batch: Batch, tag: str) -> str:
        started = time.perf_counter()
        try:
            counts = self.call(batch)
        except UserError as error:
            # Devices and circuits are made first: nothing was sent.
            raise Unsent(str(error)) from error
        except Exception as error:
            reason = f"{self.label} raised {type(error).__name__}: {one_line(error)}"
            raise Untraceable(f"{reason}; {batch.label} may have been run, and paid for, all the same") from error
        # The time in the queue is in it, as it can't be told apart.
        self.replies[tag] = Reply(counts, time.perf_counter() - started)
        while len(self.replies) > KEPT:
            self.replies.pop(next(iter(self.replies)))
        return tag

    def find(self, tag: str) -> Sequence[str]:
        self._held(tag)
        return [tag]

    def collect(self, job: str, batch: Batch, patience: float, waiting: Callable[[str], None]) -> Reply:
        del batch, patience, waiting
        return self._held(job)

    def cancel(self, job: str) -> bool:
        del job  # it has come to its end
        return False

    def cost(self, circuit: Circuit) -> Cost:
        return self.cost_of(circuit)

    def _held(self, tag: str) -> Reply:
        if tag not in self.replies:
            raise Untraceable(
                f"{tag} may have been run, and paid for, by a process that has ended: {self.label} has no list of jobs"
            )
        return self.replies[tag]
