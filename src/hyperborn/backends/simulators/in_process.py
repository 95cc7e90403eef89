"""Connections to simulators in this process, whose jobs are done when `submit` returns."""

import time
from collections.abc import Callable, Sequence

from hyperborn.backends.backend import Connection, Cost, JobFailed, Reply, Unsent, too_wide
from hyperborn.backends.batch import Batch, Counts
from hyperborn.backends.boundary import is_of_this_machine
from hyperborn.circuits import Circuit
from hyperborn.errors import UserError
from hyperborn.redaction import error_text

PACKING = 12
"""Qubits up to which a simulator runs circuits side by side as one, as fast as one after the other."""


class InProcessConnection(Connection):
    """The connection to a function that simulates whole batches."""

    def __init__(
        self,
        simulate: Callable[[Batch], tuple[Counts, ...]],
        cost: Callable[[Circuit], Cost],
        *,
        label: str,
        n_qubits: int | None = None,
        packing: int | None = PACKING,
        calibration: str | None = None,
        repeatable: bool = False,
    ) -> None:
        self.simulate, self.cost_of, self.label = simulate, cost, label
        self.n_qubits, self.packing, self.calibration = n_qubits, packing, calibration
        self.repeatable, self.metered = repeatable, False
        self.replies: dict[str, Reply] = {}

    def submit(self, batch: Batch, tag: str) -> str:
        if self.n_qubits is not None and batch.widest > self.n_qubits:
            raise Unsent(too_wide(batch.widest, self.label, self.n_qubits))
        started = time.perf_counter()
        try:
            counts = self.simulate(batch)
        except (JobFailed, UserError):
            raise
        except Exception as error:
            if is_of_this_machine(error):
                raise
            # Simulators and plug-ins raise errors of any kind; a traceback would print their causes as they are.
            raise JobFailed(f"{self.label} raised {error_text(error)}") from None
        self.replies[tag] = Reply(counts, time.perf_counter() - started)
        return tag

    def find(self, tag: str) -> Sequence[str]:
        # The jobs of a process end with it, and they are free.
        return [tag] if tag in self.replies else []

    def collect(self, job: str, batch: Batch, patience: float, waiting: Callable[[str], None]) -> Reply:
        del batch, patience, waiting
        if job not in self.replies:
            raise JobFailed(f"{self.label} has no job {job} any more")
        # A reply is fetched once, and the caller stores it.
        return self.replies.pop(job)

    def cancel(self, job: str) -> bool:
        return self.replies.pop(job, None) is not None

    def cost(self, circuit: Circuit) -> Cost:
        return self.cost_of(circuit)
