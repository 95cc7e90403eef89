"""Simulators in this process: a job is done when it is submitted."""

import time
from collections.abc import Callable, Sequence

from hyperborn.backends.backend import Connection, Cost, JobFailed, Reply, Unsent
from hyperborn.backends.batch import Batch, Counts
from hyperborn.backends.redaction import one_line
from hyperborn.circuits import Circuit
from hyperborn.errors import UserError

PACKING = 12
"""Qubits side by side whose common state a simulator holds as quickly as those of the circuits in turn."""


class Local(Connection):
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
        self.simulate, self.price, self.label = simulate, cost, label
        self.n_qubits, self.packing, self.calibration = n_qubits, packing, calibration
        self.repeatable, self.metered = repeatable, False
        self.replies: dict[str, Reply] = {}

    def submit(self, batch: Batch, tag: str) -> str:
        if self.n_qubits is not None and batch.widest > self.n_qubits:
            raise Unsent(
                f"a circuit of {batch.widest} qubits is too wide for {self.label}, which has {self.n_qubits}; choose a "
                "smaller network (--hidden, --components), many registers (--posterior registers) or another backend"
            )
        started = time.perf_counter()
        try:
            counts = self.simulate(batch)
        except (JobFailed, UserError, MemoryError):
            raise
        except Exception as error:
            if type(error).__name__ == "JaxRuntimeError":
                # Lack of memory, of which the command line says what helps, or a fault of ours.
                raise
            # Simulators and plug-ins raise what they like.
            raise JobFailed(f"{self.label} raised {type(error).__name__}: {one_line(error)}") from error
        self.replies[tag] = Reply(counts, time.perf_counter() - started)
        return tag

    def find(self, tag: str) -> Sequence[str]:
        # A job of a process that has died is gone with it, and cost nothing.
        return [tag] if tag in self.replies else []

    def collect(self, job: str, batch: Batch, patience: float, waiting: Callable[[str], None]) -> Reply:
        del batch, patience, waiting
        if job not in self.replies:
            raise JobFailed(f"{self.label} has no job {job} any more")
        # Fetched once, and stored by whoever fetches.
        return self.replies.pop(job)

    def cancel(self, job: str) -> bool:
        return self.replies.pop(job, None) is not None

    def cost(self, circuit: Circuit) -> Cost:
        return self.price(circuit)
