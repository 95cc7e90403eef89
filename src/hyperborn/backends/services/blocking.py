"""Processors behind a blocking call that returns the counts, without ids and without a list of jobs."""

import time
from collections.abc import Callable, Sequence

from hyperborn.backends.backend import Connection, Cost, Reply, Unsent, Untraceable
from hyperborn.backends.batch import Batch, Counts
from hyperborn.backends.simulators.in_process import PACKING
from hyperborn.circuits import Circuit
from hyperborn.errors import UserError
from hyperborn.redaction import error_text

KEPT = 16
"""Replies that are kept: one that was not stored, for example because of Ctrl-C, is not paid for again."""


class BlockingConnection(Connection):
    """The connection to a function that runs batches for money and returns when they are done.

    The id of a job is its tag, and is known only after the job. If the process ends or the call fails during a job, it
    is impossible to know whether the job costs money: that is `Untraceable`.
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
            # Devices and circuits are made before anything is sent.
            raise Unsent(str(error)) from None
        except Exception as error:  # noqa: BLE001 - plug-ins raise errors of any kind
            reason = f"{self.label} raised {error_text(error)}"
            raise Untraceable(f"{reason}; {batch.label} may nevertheless have been run, and paid for") from None
        # This includes the time in the queue, which is not known separately.
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
        del job  # it has ended
        return False

    def cost(self, circuit: Circuit) -> Cost:
        return self.cost_of(circuit)

    def _held(self, tag: str) -> Reply:
        if tag not in self.replies:
            raise Untraceable(
                f"{tag} may have been run, and paid for, by a process that has ended: {self.label} has no list of jobs"
            )
        return self.replies[tag]
