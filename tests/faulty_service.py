"""A service that takes jobs for money, and fails in every way that services do.

Jobs, bill and the faults to come live in a file, so that they outlive the client. A job waits until it is collected:
then it runs, once, and is billed; one that is cancelled before that costs nothing. Every job has shots of its own.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hyperborn.backends.backend import Connection, Cost, JobFailed, JobMissing, NotFinished, Reply, TransientError
from hyperborn.backends.batch import Batch, Counts, Points
from hyperborn.circuits import Circuit
from hyperborn.errors import UserError

SECONDS = 2.5
"""Of every job."""

TOKEN = "open-sesame-0123456789"
"""Of the account: what must never be shown."""

ODD: dict[str, Exception] = {
    "key": KeyError(f"access_token={TOKEN}"),
    "attribute": AttributeError(f"'str' has no attribute 'get': {{\"apiKey\": \"{TOKEN}\"}}"),
    "type": TypeError(f"Authorization: Bearer {TOKEN}"),
    "runtime": RuntimeError(f"https://me:{TOKEN}@service.example said no"),
}
"""What clients raise at answers that they do not expect."""

LOST = {
    "503 before": (0, TransientError("503 Service Unavailable")),
    "503 after": (1, TransientError("503 Service Unavailable")),
    "dropped": (1, TransientError("the connection was closed without an answer")),
    "time-out": (0, TransientError("timed out")),
    "time-out after": (1, TransientError("timed out")),
    "429": (0, TransientError("429 Too Many Requests", retry_after=77.0)),
    "six, dropped": (6, TransientError("the connection was closed without an answer")),
    "never takes": (0, UserError("faulty takes no such circuit; choose another")),
    "401": (0, UserError("faulty did not accept the account; renew it")),
    "401 after": (1, UserError("faulty did not accept the account; renew it")),
    **{name: (1, error) for name, error in ODD.items()},
}
"""Faults of `submit` after which there is no id: jobs that are made all the same, and what the client hears."""


class FaultyService(Connection):
    """The service's client: a new process makes a new one on the same file."""

    n_qubits = None
    packing = None
    calibration = "2025-06-01T00:00:00+00:00"
    repeatable = False
    metered = True

    def __init__(
        self,
        path: Path,
        sample: Callable[[Batch], tuple[Counts, ...]],
        *,
        tick: Callable[[str], None] = lambda _: None,
        **faults: Sequence[str],
    ) -> None:
        """On a file; `faults` lists for each operation what befalls its next calls, "" for nothing.

        `tick` is called at every moment at which a client may die.
        """
        self.path, self.sample, self.tick = path, sample, tick
        if not path.exists():
            self._write({"jobs": [], "faults": {name: list(listed) for name, listed in faults.items()}})

    def submit(self, batch: Batch, tag: str) -> str:
        with_fault = self._begin("submit")
        made, error = LOST.get(with_fault, (6 if with_fault == "six" else 1, None))
        for _ in range(made):
            self._change(lambda state: state["jobs"].append(fresh_job(len(state["jobs"]) + 1, tag, batch)))
        self.tick("submit: done")
        if error is not None:
            raise error
        # The client hears of the last one that it has sent.
        return self.jobs()[-1]["id"]

    def find(self, tag: str) -> Sequence[str]:
        fault = self._begin("find")
        if fault == "503":
            raise TransientError("503 Service Unavailable")
        if fault in ODD:
            raise ODD[fault]
        if fault == "401":
            raise UserError("faulty did not accept the account; renew it")
        is_asked = fault != "no filter"
        known = [job["id"] for job in self.jobs() if job["tag"] == tag or not is_asked if job["state"] != "lost"]
        return [] if fault == "lags" else known * (2 if fault == "twice" else 1)

    def collect(self, job: str, batch: Batch, patience: float, waiting: Callable[[str], None]) -> Reply:
        fault = self._begin("collect")
        number = int(job.removeprefix("job-"))
        found = self.jobs()[number - 1]
        assert found["asked"] == asked(batch), "the client took the job of another batch for its own"
        if fault == "loses":
            self._change(lambda state: state["jobs"][number - 1].update(state="lost"))
        if fault in ("loses", "denies") or found["state"] == "lost":
            raise JobMissing(f"no job {job} for token {TOKEN}, client_secret={TOKEN}")
        if fault in ODD:
            raise ODD[fault]
        waiting(f"{job} is {found['state']}")
        self.tick("collect: waiting")
        if fault == "401":
            raise UserError("faulty did not accept the account; renew it")
        if fault in ("503", "429"):
            raise TransientError(f"{fault} of some kind", retry_after=77.0 if fault == "429" else None)
        if fault == "never":
            raise NotFinished(f"{job} was waited for {patience} s")
        if fault == "fails" and found["state"] == "queued":
            self._change(lambda state: state["jobs"][number - 1].update(state="failed"))
        if self.jobs()[number - 1]["state"] in ("failed", "cancelled"):
            raise JobFailed(f"{job} has failed on the device")
        self._change(lambda state: state["jobs"][number - 1].update(state="done"))
        self.tick("collect: run")
        counts = self.sample(replace(batch, seed=number))
        self.tick("collect: fetched")
        reply = Reply((), SECONDS)
        object.__setattr__(reply, "counts", spoilt(fault, batch, counts))
        return reply

    def cancel(self, job: str) -> bool:
        fault = self._begin("cancel")
        number = int(job.removeprefix("job-"))
        can_be = not fault and self.jobs()[number - 1]["state"] == "queued"
        if can_be:
            self._change(lambda state: state["jobs"][number - 1].update(state="cancelled"))
        return can_be

    def cost(self, circuit: Circuit) -> Cost:
        raise NotImplementedError

    def jobs(self) -> list[dict[str, Any]]:
        """All jobs that it has ever taken."""
        return json.loads(self.path.read_text())["jobs"]

    def bill(self) -> list[str]:
        """Tags of the jobs to be paid for."""
        return [job["tag"] for job in self.jobs() if job["state"] == "done"]

    def faults_left(self) -> dict[str, list[str]]:
        """Faults that have not happened yet."""
        return {name: listed for name, listed in json.loads(self.path.read_text())["faults"].items() if listed}

    def _begin(self, operation: str) -> str:
        self.tick(f"{operation}: begins")
        listed = json.loads(self.path.read_text())["faults"].get(operation, [])
        if listed:
            self._change(lambda state: state["faults"][operation].pop(0))
        return listed[0] if listed else ""

    def _change(self, change: Callable[[dict[str, Any]], Any]) -> None:
        state = json.loads(self.path.read_text())
        change(state)
        self._write(state)

    def _write(self, state: dict[str, Any]) -> None:
        # The service does not die with its client.
        partial = self.path.with_suffix(".partial")
        partial.write_text(json.dumps(state))
        partial.replace(self.path)


def fresh_job(number: int, tag: str, batch: Batch) -> dict[str, Any]:
    return {"id": f"job-{number}", "tag": tag, "asked": asked(batch), "state": "queued"}


def asked(batch: Batch) -> list[Any]:
    return [batch.circuit_hash(), batch.parameter_hash(), batch.shots]


def forged(bits: Any, counts: Any) -> Counts:
    """Counts that hold anything, as a service may return it."""
    made = object.__new__(Counts)
    for name, value in (("bits", bits), ("counts", counts)):
        object.__setattr__(made, name, value)
    return made


IMPOSSIBLE: dict[str, tuple[Callable[[Counts], Counts], str]] = {
    "a negative count": (
        lambda point: forged(point.bits[:2], np.array([point.shots + 5, -5])),
        "a count of 45 among 40 shots",
    ),
    "a count of 0": (lambda point: forged(point.bits[:2], np.array([point.shots, 0])), "a count of 0 among 40 shots"),
    "bits of 2": (lambda point: forged(point.bits + point.bits, point.counts), "bits other than 0 and 1"),
    "bits that are numbers": (
        lambda point: forged(np.full(point.bits.shape, np.nan), point.counts),
        r"bits that are not whole numbers \(float64\)",
    ),
    "fractions": (
        lambda point: forged(point.bits[:2], np.array([point.shots - 0.4, 0.4])),
        r"counts that are not whole numbers \(float64\)",
    ),
    "two counts a string": (
        lambda point: forged(point.bits[:1], np.array([point.shots - 1, 1])),
        r"counts of shape \(2,\) for 1 strings",
    ),
    "a string twice": (
        lambda point: forged(point.bits[[1, 0, 1]], np.array([1, point.shots - 2, 1])),
        "the same string twice",
    ),
    "a string twice in a row": (
        lambda point: forged(point.bits[[0, 0, 1]], np.array([1, 1, point.shots - 2])),
        "the same string twice",
    ),
    "a single string": (lambda point: forged(point.bits[0], point.counts[:1]), r"bits of shape \(3,\)"),
    "lists": (lambda point: forged(point.bits.tolist(), point.counts.tolist()), "an object that is not counts"),
}
"""What is made of the last point, and what is said of it."""


def spoilt(fault: str, batch: Batch, counts: tuple[Counts, ...]) -> Any:
    first, *others = counts
    if fault in IMPOSSIBLE:
        return (*counts[:-1], IMPOSSIBLE[fault][0](counts[-1]))
    if fault == "nothing":
        return None
    if fault == "fewer shots":
        return (Counts(first.bits[:1], np.array([batch.shots - 1])), *others)
    if fault == "wrong length":
        return (*counts[:-1], Counts(counts[-1].bits[:, 1:], counts[-1].counts))
    return tuple(others) if fault == "fewer points" else counts


def product_shots(batch: Batch) -> tuple[Counts, ...]:
    """Shots of product states by plain NumPy: a qubit is 1 with probability sin^2(angle / 2)."""
    random = np.random.default_rng(batch.seed)
    found = []
    for request in batch.requests:
        assert isinstance(request, Points)
        for angles in request.angles:
            rows = random.random((batch.shots, len(angles))) < np.sin(angles / 2) ** 2
            found.append(Counts.of(rows.astype(np.uint8)))
    return tuple(found)


class Clock:
    """Time that passes when someone sleeps, and only then."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.pauses: list[float] = []

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.pauses.append(seconds)
