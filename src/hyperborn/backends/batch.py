"""A batch of circuits for one job of a backend, and the counts of its reply."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from hyperborn._typing import Bits
from hyperborn.arguments import check_bits, check_kind
from hyperborn.bits import distinct_rows
from hyperborn.circuits import Circuit, Gate
from hyperborn.errors import UserError, whole_number
from hyperborn.printable import shown

LARGEST_BACKEND_SEED = 2**31 - 1
"""Largest seed that every simulator takes."""


@dataclass(frozen=True, eq=False)
class Points:
    """A circuit that is measured at several parameter vectors: flat angles (radians), one point a row, float64.

    Raises:
        UserError: if the angles are not rows of finite numbers, one an angle of the circuit.
    """

    circuit: Circuit
    angles: Float[np.ndarray, "points parameters"]

    def __post_init__(self) -> None:
        check_kind("circuit", self.circuit, (Circuit,), "a circuit, such as hb.circuits.AllPairs(9, depth=4)")
        angles = self.angles
        if not isinstance(angles, np.ndarray) or angles.ndim != 2 or angles.shape[1] != self.circuit.n_parameters:
            given = f"of shape {angles.shape}" if isinstance(angles, np.ndarray) else f"= {shown(angles)}"
            raise UserError(
                f"angles {given} do not fit {shown(self.circuit)}: give rows of {self.circuit.n_parameters} angles"
            )
        if angles.dtype.kind not in "iuf" or not np.isfinite(angles).all():
            # Simulators would return all zeros or all ones without an error.
            raise UserError(f"the angles of {shown(self.circuit)} hold NaN or infinite values; give finite numbers")

    def __len__(self) -> int:
        return len(self.angles)


@dataclass(frozen=True, eq=False)
class Preparations:
    """Basis states, rows of bits, that are prepared and measured on the same qubits as a circuit.

    Their counts show how often each qubit is read wrongly.

    Raises:
        UserError: if the bits are not rows of one bit a qubit.
    """

    circuit: Circuit
    bits: Bits

    def __post_init__(self) -> None:
        check_bits("bits", self.bits, self.circuit.n_qubits)

    def __len__(self) -> int:
        return len(self.bits)


Request: TypeAlias = Points | Preparations


@dataclass(frozen=True, eq=False)
class Batch:
    """One job: requests, the shots of each of their points, and the seed of simulated shots.

    The label says what it is for, such as "step-00012". Within a run, each batch has its own label.
    """

    label: str
    requests: tuple[Request, ...]
    shots: int
    seed: int

    def __post_init__(self) -> None:
        whole_number("shots", self.shots, 1)
        whole_number("seed", self.seed, 0, LARGEST_BACKEND_SEED)

    @property
    def n_points(self) -> int:
        """Number of points of all requests."""
        return sum(map(len, self.requests))

    @property
    def total_shots(self) -> int:
        """Shots of all points together."""
        return self.n_points * self.shots

    @property
    def widest(self) -> int:
        """Qubits of the widest circuit."""
        return max(request.circuit.n_qubits for request in self.requests)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of bits of every point, in the order of the returned counts."""
        return tuple(request.circuit.n_qubits for request in self.requests for _ in range(len(request)))

    def circuit_hash(self) -> str:
        """SHA-256 of all gates, as hexadecimal digits."""
        digests = [gates_digest(request.circuit) for request in self.requests]
        return hashlib.sha256(" ".join(digests).encode()).hexdigest()

    def parameter_hash(self) -> str:
        """SHA-256 of all angles and prepared bits, as hexadecimal digits."""
        digest = hashlib.sha256()
        for request in self.requests:
            table = request.angles if isinstance(request, Points) else request.bits
            digest.update(f"{type(request).__name__} {table.shape}".encode())
            digest.update(np.ascontiguousarray(table, "<f8" if isinstance(request, Points) else np.uint8).tobytes())
        return digest.hexdigest()


@lru_cache(maxsize=1024)
def gates_digest(circuit: Circuit) -> str:
    """SHA-256 of a circuit's qubits and gates, as hexadecimal digits."""
    listed = [circuit.n_qubits, [digested(gate) for gate in circuit.gates()]]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def digested(gate: Gate) -> list[Any]:
    """A gate as its digest knows it; that of a gate with one parameter, or without angles, is of earlier versions."""
    angles = gate.to_record()[2:]
    single = None if not angles else angles[0][0] if len(angles[0]) == 1 else angles[0]
    return [gate.name, gate.qubits, single]


@dataclass(frozen=True, eq=False)
class Counts:
    """The shots of one point: distinct rows of bits, weight 0 first, and how often each occurred."""

    bits: Bits
    counts: Int[np.ndarray, " networks"]

    @classmethod
    def of(cls, rows: Bits) -> "Counts":
        """The counts of shots that are given one a row."""
        found = distinct_rows(rows)
        return cls(found.rows, found.counts)

    @property
    def shots(self) -> int:
        """Total number of shots."""
        return int(self.counts.sum())

    def standardized(self) -> "Counts":
        """The same numbers as uint8 and int64, as the ledger returns them."""
        return Counts(np.ascontiguousarray(self.bits, np.uint8), np.ascontiguousarray(self.counts, np.int64))


def check_reply(backend: str, batch: Batch, reply: Any) -> None:
    """Raise a UserError if a reply, which may be any object, does not fit the batch.

    For every point it must have a table of bits 0 and 1, as wide as the circuit, with distinct rows, and a count of 1
    or more for each row. The counts must add up to the shots.
    """
    if not isinstance(reply, list | tuple):
        raise UserError(f"{backend} returned a {type(reply).__name__} instead of the counts of {batch.label}")
    if len(reply) != batch.n_points:
        raise UserError(f"{backend} returned {len(reply)} results for the {batch.n_points} circuits of {batch.label}")
    found = misshapen(reply, batch.sizes) or impossible(reply, batch.sizes, batch.shots)
    if found is not None:
        place, problem = found
        raise UserError(f"{backend} returned {problem} in circuit {place + 1} of {len(reply)} of {batch.label}")


def misshapen(reply: Sequence[Any], sizes: Sequence[int]) -> tuple[int, str] | None:
    """The first point whose arrays have wrong types or shapes, and the problem; None if all are right."""
    for place, (point, size) in enumerate(zip(reply, sizes, strict=True)):
        problem = no_table(point)
        if problem is None and point.bits.shape[1] != size:
            problem = f"strings of {point.bits.shape[1]} bits for {size} qubits"
        if problem is not None:
            return place, problem
    return None


def no_table(point: Any) -> str | None:
    """The problem with the types and shapes of one point's counts, which may be any object; None if they are right."""
    bits, counts = getattr(point, "bits", None), getattr(point, "counts", None)
    if not isinstance(bits, np.ndarray) or not isinstance(counts, np.ndarray):
        return "an object that is not counts"
    if bits.dtype.kind not in "bui":
        return f"bits that are not whole numbers ({bits.dtype})"
    if counts.dtype.kind not in "ui":
        return f"counts that are not whole numbers ({counts.dtype})"
    if bits.ndim != 2:
        return f"bits of shape {bits.shape}"
    if counts.shape != bits.shape[:1]:
        return f"counts of shape {counts.shape} for {len(bits)} strings"
    return None


def impossible(reply: Sequence[Counts], sizes: Sequence[int], shots: int) -> tuple[int, str] | None:
    """A point whose numbers cannot come from `shots` shots, and the problem; None if all can."""
    for size in sorted(set(sizes)):
        # All points of a width together, because there may be thousands.
        places = np.flatnonzero(np.array(sizes) == size)
        points = [reply[place] for place in places.tolist()]
        owners = np.repeat(np.arange(len(points)), [len(point.counts) for point in points])
        bits = np.concatenate([point.bits for point in points])
        # Numbers beyond int64 become negative.
        counts = np.concatenate([point.counts.astype(np.int64) for point in points])
        if bits.size and (bits.min() < 0 or bits.max() > 1):
            wrong = np.flatnonzero(((bits < 0) | (bits > 1)).any(axis=1))
            return int(places[owners[wrong[0]]]), "bits other than 0 and 1"
        wrong = np.flatnonzero((counts < 1) | (counts > shots))
        if wrong.size:
            return int(places[owners[wrong[0]]]), f"a count of {counts[wrong[0]]} among {shots} shots"
        totals = np.bincount(owners, counts, len(points)).astype(np.int64)
        wrong = np.flatnonzero(totals != shots)
        if wrong.size:
            return int(places[wrong[0]]), f"{totals[wrong[0]]} of the {shots} shots asked for"
        wrong = np.flatnonzero(repeated(bits, owners))
        if wrong.size:
            return int(places[owners[wrong[0]]]), "the same string twice"
    return None


def repeated(bits: Shaped[np.ndarray, "rows n"], owners: Int[np.ndarray, " rows"]) -> Bool[np.ndarray, " rows"]:
    """Which rows of bits occur more than once with the same owner; the owners ascend."""
    packed = np.packbits(bits.astype(np.uint8), axis=1)
    steps = np.diff(packed.astype(np.int16), axis=0)
    leading = np.take_along_axis(steps, (steps != 0).argmax(axis=1)[:, None], axis=1)[:, 0]
    # Most backends sort their rows; in ascending order no row can occur twice.
    if np.all((leading > 0) | (np.diff(owners) > 0)):
        return np.zeros(len(bits), bool)
    keys = np.ascontiguousarray(owners, ">u8").view(np.uint8).reshape(len(bits), 8)
    found = distinct_rows(np.hstack([keys, packed]))
    return found.counts[found.places] > 1
