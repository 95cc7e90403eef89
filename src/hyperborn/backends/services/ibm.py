"""IBM Quantum, through qiskit-ibm-runtime and the user's saved account."""

import json
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from hyperborn.arguments import check_text
from hyperborn.backends.backend import (
    Backend,
    Connection,
    Cost,
    JobFailed,
    NotFinished,
    Reply,
    Unsent,
    UnusableReply,
)
from hyperborn.backends.batch import Batch, Counts, Points
from hyperborn.backends.jobs.retry import rest
from hyperborn.backends.services.ibm_errors import SAVE_ACCOUNT, SERVICE, client
from hyperborn.backends.translation import REGISTER, Compiler, key_of, parameter_values, unpacked_bits
from hyperborn.circuits import Circuit
from hyperborn.errors import UserError, is_number, whole_number
from hyperborn.packages import imported
from hyperborn.redaction import withhold

SEQUENCES = ("XX", "XpXm", "XY4")

RANDOMIZATIONS = 32
"""Most twirled versions of a circuit, which share its shots."""

FEWEST_RANDOMIZATIONS = 8
"""Fewest twirled versions that make errors sufficiently random, if there are enough shots."""

SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 20.0
"""Seconds between two requests for the status of a job; the pause grows."""


@dataclass(frozen=True)
class IBMDevice(Backend):
    """A real device: circuits are compiled for it on this machine, and all points of a batch are one job.

    `dynamical_decoupling` fills the idle times of qubits with a sequence of pulses. `twirling` adds random Pauli gates
    around two-qubit gates and measurements, which makes errors random.

    Raises:
        UserError: for a name that is no text, an optimization level that is not 0 to 3, or a sequence other than XX,
            XpXm and XY4.
    """

    name: str
    optimization_level: int = 3
    dynamical_decoupling: str | None = None
    twirling: bool = False

    def __post_init__(self) -> None:
        check_text("name", self.name, "the name of a device, such as 'ibm_brisbane'")
        whole_number("optimization_level", self.optimization_level, 0, 3)
        if self.dynamical_decoupling not in (None, *SEQUENCES):
            raise UserError(
                f"dynamical_decoupling={self.dynamical_decoupling!r}: choose one of {', '.join(SEQUENCES)}, or None"
            )

    @property
    def label(self) -> str:
        return self.name

    def connect(self) -> Connection:
        runtime = imported("qiskit_ibm_runtime", "qiskit", self.label)
        check_account_file()
        with client("open the account"):
            service = runtime.QiskitRuntimeService()
            account = service.active_account() or {}
        for name in ("token", "instance"):
            # Kept in memory only, and removed from all texts that are shown.
            withhold(account.get(name))
        return IBMConnection(self, service, sampler_class())


class IBMConnection(Connection):
    """The connection to a service with the methods of `QiskitRuntimeService` for backends and jobs."""

    def __init__(self, settings: IBMDevice, service: Any, sampler: Callable[..., Any]) -> None:
        self.settings, self.service, self.sampler = settings, service, sampler
        self.device = find_device(service, settings.name)
        self.compiler = Compiler(self.device, settings.optimization_level)
        # Jobs and shots cost money and qubits do not: as many circuits as fit are run side by side.
        self.packing, self.repeatable, self.metered = None, False, True
        with client("read the calibration"):
            # The number of qubits is that of the target, for which the client asks the service, too.
            self.n_qubits = self.device.num_qubits
            properties = self.device.properties()
            self.calibration = properties.last_update_date.isoformat() if properties else None

    def submit(self, batch: Batch, tag: str) -> str:
        try:
            with client("compile a circuit"):
                blocks = [block for request in batch.requests for block in self.blocks_of(request)]
            with client("prepare a job"):
                sampler = self.sampler(mode=self.device)
                set_options(sampler.options, self.settings, tag, batch.shots)
        except UserError as error:
            raise Unsent(str(error)) from None
        with client("submit a job"):
            return sampler.run(blocks, shots=batch.shots).job_id()

    def blocks_of(self, request: Any) -> Iterator[tuple[Any, ...]]:
        """Circuits with the values of their parameters, as arguments of a Qiskit sampler."""
        if not isinstance(request, Points):
            yield from ((self.compiler.prepared(request.circuit, key_of(row)).circuit,) for row in request.bits)
            return
        compiled = self.compiler.compiled(request.circuit).circuit
        values = parameter_values(compiled, request.angles)
        if values.size:
            yield (compiled, values)
        else:
            yield from [(compiled,)] * len(request)

    def find(self, tag: str) -> Sequence[str]:
        with client("look for a job", reading=True):
            # The client would ask only the instance that it used last, which differs from process to process.
            jobs = [
                job
                for instance in self.service.instances()
                for job in self.service.jobs(limit=None, job_tags=[tag], descending=False, instance=instance["crn"])
            ]
            # A service that does not know the filter returns all jobs.
            return [job.job_id() for job in jobs if tag in job.tags]

    def collect(self, job: str, batch: Batch, patience: float, waiting: Callable[[str], None]) -> Reply:
        with client("fetch a job", reading=True):
            handle = self.service.job(job)
        wait(handle, patience, waiting)
        with client("fetch a job", reading=True):
            result, seconds = handle.result(), handle.usage() or 0.0
        if result is None:
            raise JobFailed(f"{SERVICE} has no result of job {job}")
        try:
            counts = [
                counts for block in result for counts in counts_of_bit_array(getattr(block.data, REGISTER), batch.shots)
            ]
        except Exception as error:  # noqa: BLE001 - a damaged result raises errors of any kind
            said = f"{SERVICE} returned a result of job {job} that cannot be read ({type(error).__name__})"
            raise UnusableReply(said) from None
        return Reply(tuple(counts), float(seconds) if is_number(seconds) else math.nan)

    def cancel(self, job: str) -> bool:
        try:
            with client("cancel a job"):
                self.service.job(job).cancel()
        except Exception:  # noqa: BLE001 - jobs that are done or lost cannot be cancelled
            return False
        return True

    def cost(self, circuit: Circuit) -> Cost:
        # The device may still have to be asked for its gates and their times.
        with client("compile a circuit"):
            return self.compiler.cost(circuit)


def check_account_file() -> None:
    """Raise a UserError with the path of the file of saved accounts if it is needed and cannot be read."""
    management = imported("qiskit_ibm_runtime.accounts.management", "qiskit", SERVICE)
    path = Path(getattr(management, "_DEFAULT_ACCOUNT_CONFIG_JSON_FILE", "~/.qiskit/qiskit-ibm.json")).expanduser()
    if os.environ.get("QISKIT_IBM_TOKEN") or not path.exists():
        return
    try:
        accounts = json.loads(path.read_text("utf-8"))
        if not isinstance(accounts, dict) or not all(isinstance(one, dict) for one in accounts.values()):
            raise ValueError("it does not hold accounts")
    except OSError as error:
        raise UserError(f"cannot read {path}, the file of {SERVICE} accounts: {error.strerror}; correct that") from None
    except (ValueError, RecursionError) as error:
        # Only the kind of fault, without any of the file's text.
        said = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
        raise UserError(
            f"{path}, the file of {SERVICE} accounts, is damaged ({said}); move it away, and {SAVE_ACCOUNT}"
        ) from None


def find_device(service: Any, name: str) -> Any:
    """The device of that name.

    Raises:
        UserError: if the account has no device of that name; the message lists its devices.
    """
    missing = imported("qiskit.providers.exceptions", "qiskit", SERVICE).QiskitBackendNotFoundError
    with client("find the device"):
        try:
            return service.backend(name)
        except missing:
            names = sorted(device.name for device in service.backends())
    raise UserError(f"the {SERVICE} account has no device {name!r}; it has {', '.join(names) or 'none'}")


def sampler_class() -> Any:
    """The newest sampler of qiskit-ibm-runtime; since version 0.51 the older one is deprecated."""
    try:
        return import_module("qiskit_ibm_runtime.executor_sampler").Sampler
    except ImportError:
        return imported("qiskit_ibm_runtime", "qiskit", SERVICE).SamplerV2


def set_options(options: Any, settings: IBMDevice, tag: str, shots: int) -> None:
    """Set a sampler's options, which have the same names in the older and the newer sampler.

    Raises:
        UserError: if the number of shots does not fit twirling.
    """
    options.environment.job_tags = [tag]
    if settings.dynamical_decoupling is not None:
        options.dynamical_decoupling.enable = True
        options.dynamical_decoupling.sequence_type = settings.dynamical_decoupling
    if settings.twirling:
        options.twirling.enable_gates = True
        options.twirling.enable_measure = True
        options.twirling.num_randomizations = randomizations_of(shots)


def randomizations_of(shots: int) -> int:
    """Number of twirled versions of a circuit: a divisor of the shots, so that exactly these shots are run.

    Raises:
        UserError: if there would be too few for errors to become random.
    """
    number = max(number for number in range(1, min(shots, RANDOMIZATIONS) + 1) if shots % number == 0)
    if number < min(shots, FEWEST_RANDOMIZATIONS):
        above = -(-shots // RANDOMIZATIONS) * RANDOMIZATIONS
        raise UserError(
            f"shots={shots} cannot be shared by {FEWEST_RANDOMIZATIONS} to {RANDOMIZATIONS} twirled circuits evenly; "
            f"choose a multiple of {RANDOMIZATIONS} such as {above}, or no twirling"
        )
    return number


def wait(job: Any, patience: float, waiting: Callable[[str], None]) -> None:
    """Wait for the end of a job.

    Raises:
        NotFinished: if the job has not ended after `patience` seconds.
    """
    until, pause = time.monotonic() + patience, SHORTEST_PAUSE
    while True:
        with client("ask how a job stands", reading=True):
            if job.in_final_state():
                return
            status = job.status()
        text = str(getattr(status, "name", status)).lower()
        waiting(text)
        left = until - time.monotonic()
        if left <= 0:
            raise NotFinished(f"{SERVICE} has not run the job after {patience:g} seconds")
        rest(min(pause, left), partial(waiting, text), time.sleep)
        pause = min(1.5 * pause, LONGEST_PAUSE)


def counts_of_bit_array(bits: Any, shots: int) -> Iterator[Counts]:
    """Counts of each point of a `qiskit.primitives.BitArray`; surplus shots are dropped."""
    packed = bits.array.reshape(-1, *bits.array.shape[-2:])
    for point in packed:
        yield Counts.of(unpacked_bits(point[:shots], bits.num_bits))
