"""Tests whether a backend returns the right bits: random circuits against their exact distributions."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from jaxtyping import Float

from hyperborn.backends.backend import Connection, JobFailed, NotFinished, TransientError
from hyperborn.backends.batch import Batch, Counts, Points, check_reply
from hyperborn.backends.boundary import guarded
from hyperborn.backends.conformance.agreement import (
    CountsTable,
    OutcomeProbabilities,
    counts_table,
    deviation,
    exact_table,
    margin,
    point_orders,
    qubit_orders,
)
from hyperborn.backends.conformance.random_circuits import (
    FEWEST_TESTED_QUBITS,
    MOST_TESTED_QUBITS,
    random_angles,
    random_circuits,
)
from hyperborn.circuits import GateList
from hyperborn.errors import UserError, whole_number
from hyperborn.redaction import one_line

POINTS = 5
"""Parameter vectors of each circuit."""

CLEAR = 20.0
"""Nats by which the right order must be likelier than any other: odds of e^20."""

LARGEST_DEVIATION = 5.0
"""Most standard deviations of Pearson's statistic from its mean."""


@dataclass(frozen=True)
class Check:
    """One check: its name, whether the backend passed it, and the finding in words."""

    name: str
    passed: bool
    finding: str


@dataclass(frozen=True)
class Conformance:
    """All checks of a backend, with their circuits, shots and seconds of processor time."""

    backend: str
    checks: tuple[Check, ...]
    circuits: int
    shots: int
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether the backend passed all checks."""
        return all(check.passed for check in self.checks)


@dataclass(frozen=True, eq=False)
class ReferenceCircuit:
    """A random circuit, its parameter vectors (radians) and its exact distribution at each of them."""

    circuit: GateList
    angles: Float[np.ndarray, "points parameters"]
    exact: tuple[OutcomeProbabilities, ...]


def check_circuits(circuits: int, fewest: int = POINTS) -> None:
    """Raise a UserError unless the number is a multiple of `POINTS`, and at least `fewest`."""
    whole_number("circuits", circuits, fewest)
    if circuits % POINTS:
        raise UserError(
            f"circuits={circuits} must be a multiple of {POINTS}, such as {circuits - circuits % POINTS + POINTS}"
        )


def silent(message: str) -> None:
    """Progress that is not shown."""
    del message


def conformance(
    backend: str,
    connection: Connection,
    *,
    ideal: bool,
    circuits: int = 200,
    shots: int = 1000,
    seed: int = 0,
    patience: float = inf,
    progress: Callable[[str], None] = silent,
) -> Conformance:
    """Run random circuits of 2 to 5 qubits and all gates, each in a job of single circuits and in a job of batches.

    `circuits` counts each circuit at each of its five parameter vectors. With `ideal` the backend has no noise, and its
    shots must agree with the exact distributions as exact draws do.

    Raises:
        UserError: if `circuits` is not a multiple of five, or too few for every number of qubits; or if the backend
            fails, does not answer or has not finished in time.
    """
    sizes = range(FEWEST_TESTED_QUBITS, min(MOST_TESTED_QUBITS, connection.n_qubits or MOST_TESTED_QUBITS) + 1)
    check_circuits(circuits, POINTS * len(sizes))
    connection = guarded(connection, backend)
    random = np.random.default_rng(seed)
    widths = [sizes[place % len(sizes)] for place in range(circuits // POINTS)]
    references = [reference_of(circuit, random) for circuit in random_circuits(widths, random)]
    # One request for each point, and one request for all points of a circuit, with the first point twice.
    alone = tuple(Points(reference.circuit, point[None]) for reference in references for point in reference.angles)
    batched = tuple(
        Points(reference.circuit, np.vstack([reference.angles, reference.angles[:1]])) for reference in references
    )
    checks: list[Check] = []
    seconds, session = 0.0, secrets.token_hex(8)
    for place, (kind, requests) in enumerate({"single circuits": alone, "batches": batched}.items()):
        batch = Batch(kind, requests, shots, seed + place)
        progress(f"{batch.n_points} {kind} on {backend}")
        try:
            job = connection.submit(batch, f"backend-test-{session}-{place}")
            reply = connection.collect(job, batch, patience, lambda status, kind=kind: progress(f"{kind}: {status}"))
        except (JobFailed, NotFinished, TransientError) as error:
            raise UserError(f"{backend} failed at {kind}: {one_line(error)}; correct that and test again") from error
        seconds += reply.seconds
        complete = completeness(backend, kind, batch, reply.counts)
        checks.append(complete)
        if complete.passed:
            checks += reply_checks(kind, references, reply.counts, ideal)
    return Conformance(backend, tuple(checks), circuits, shots, seconds)


def reference_of(circuit: GateList, random: np.random.Generator) -> ReferenceCircuit:
    angles = random_angles(circuit, POINTS, random)
    return ReferenceCircuit(circuit, angles, tuple(exact_table(circuit, point) for point in angles))


def completeness(backend: str, kind: str, batch: Batch, reply: Sequence[Counts]) -> Check:
    try:
        check_reply(backend, batch, reply)
    except UserError as error:
        return Check(f"{kind}: complete", False, str(error))
    return Check(f"{kind}: complete", True, f"{len(reply)} circuits of {batch.shots} shots each, all bits present")


def reply_checks(
    kind: str, references: Sequence[ReferenceCircuit], reply: Sequence[Counts], ideal: bool
) -> list[Check]:
    """The checks of a complete reply."""
    tables = [counts_table(counts) for counts in reply]
    each = len(tables) // len(references)
    groups = [tables[each * place : each * (place + 1)] for place in range(len(references))]
    first = [group[:POINTS] for group in groups]
    checks = [qubits_in_order(kind, references, first), points_in_order(kind, references, first)]
    if each > POINTS:
        checks.append(independent_shots(kind, groups))
    if ideal:
        found = deviation(
            [one for group in first for one in group], [one for reference in references for one in reference.exact]
        )
        text = f"Pearson's statistic is {found:+.1f} standard deviations from that of exact draws"
        checks.append(Check(f"{kind}: distributions", abs(found) < LARGEST_DEVIATION, text))
    return checks


def qubits_in_order(
    kind: str, references: Sequence[ReferenceCircuit], groups: Sequence[Sequence[CountsTable]]
) -> Check:
    least, wrong = inf, []
    for n in sorted({reference.circuit.n_qubits for reference in references}):
        chosen = [place for place, reference in enumerate(references) if reference.circuit.n_qubits == n]
        seen = [one for place in chosen for one in groups[place]]
        exact = [one for place in chosen for one in references[place].exact]
        found, rival = margin(qubit_orders(seen, exact))
        least = min(least, found)
        if found < CLEAR:
            wrong.append(f"{n} qubits seem to come in the order {', '.join(map(str, rival))}")
    text = "; ".join(wrong) or f"weight 0 first: likelier than any other order by {least:.0f} nats and more"
    return Check(f"{kind}: order of qubits", not wrong, text)


def points_in_order(
    kind: str, references: Sequence[ReferenceCircuit], groups: Sequence[Sequence[CountsTable]]
) -> Check:
    found, rival = margin(point_orders(groups, [reference.exact for reference in references]))
    text = (
        f"as they were given: likelier than any other order by {found:.0f} nats"
        if found >= CLEAR
        else f"points seem to come in the order {', '.join(map(str, rival))}"
    )
    return Check(f"{kind}: order of points", found >= CLEAR, text)


def independent_shots(kind: str, groups: Sequence[Sequence[CountsTable]]) -> Check:
    """Check that a point that is twice in a job gets different shots; otherwise noise would not average out."""
    same = sum(np.array_equal(group[0], group[-1]) for group in groups)
    text = f"{same} of {len(groups)} points that were twice in the job gave the same counts twice"
    return Check(f"{kind}: independent shots", same <= len(groups) // 4, text)
