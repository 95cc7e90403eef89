"""What is asked of a backend in one job, and what comes back."""

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
from hyperborn.circuits import Circuit
from hyperborn.errors import UserError, whole_number
from hyperborn.printable import shown

LARGEST_SEED = 2**31 - 1
"""Largest seed that every simulator takes."""


@dataclass(frozen=True, eq=False)
class Points:
    """A circuit to be measured at several parameter vectors: flat angles (radians), one point a row, float64.

    Raises:
        UserError: if the angles are not such rows of finite numbers.
    """

    # Arguments are checked below, so that a mistake is a UserError even where the tests check types.
    __no_type_check__ = True

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
            # A simulator would make all zeros or all ones of it, and nobody would see.
            raise UserError(f"the angles of {shown(self.circuit)} hold NaN or infinite values; give finite numbers")

    def __len__(self) -> int:
        return len(self.angles)


@dataclass(frozen=True, eq=False)
class Preparations:
    """Basis states, rows of bits, to be prepared and measured on the very qubits that a circuit is run on.

    They tell how often each qubit is read wrongly.

    Raises:
        UserError: for what is not rows of one bit a qubit.
    """

    # Arguments are checked below, so that a mistake is a UserError even where the tests check types.
    __no_type_check__ = True

    circuit: Circuit
    bits: Bits

    def __post_init__(self) -> None:
        check_bits("bits", self.bits, self.circuit.n_qubits)

    def __len__(self) -> int:
        return len(self.bits)


Request: TypeAlias = Points | Preparations


@dataclass(frozen=True, eq=False)
class Batch:
    """Everything of one job: requests, the shots of each of their points, and the seed of simulated shots.

    The label says what it is for, such as "step-00012": within a run, a label stands for one batch.
    """

    # Arguments are checked below, so that a mistake is a UserError even where the tests check types.
    __no_type_check__ = True

    label: str
    requests: tuple[Request, ...]
    shots: int
    seed: int

    def __post_init__(self) -> None:
        whole_number("shots", self.shots, 1)
        whole_number("seed", self.seed, 0, LARGEST_SEED)

    @property
    def n_points(self) -> int:
        """Circuits that are run."""
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
        """Bits of every point, in the order of the counts that come back."""
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
    listed = [circuit.n_qubits, [[gate.name, gate.qubits, gate.parameter] for gate in circuit.gates()]]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class Counts:
    """What one point's shots gave: distinct rows of bits, weight 0 first, and how often each came."""

    bits: Bits
    counts: Int[np.ndarray, " networks"]

    @classmethod
    def of(cls, rows: Bits) -> "Counts":
        """The counts of shots, one a row."""
        found = distinct_rows(rows)
        return cls(found.rows, found.counts)

    @property
    def shots(self) -> int:
        """Shots altogether."""
        return int(self.counts.sum())

    def standardized(self) -> "Counts":
        """The same numbers as uint8 and int64, as the ledger gives them back."""
        return Counts(np.ascontiguousarray(self.bits, np.uint8), np.ascontiguousarray(self.counts, np.int64))


def check_reply(backend: str, batch: Batch, reply: Any) -> None:
    """Raise a UserError if a reply, which may be anything, is not what was asked for.

    Of every point it must be a table of bits 0 and 1, as wide as the circuit, with each row once and a whole number of
    1 or more beside it; these numbers must add up to the shots.
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
    """The first point whose arrays are not of the right types and shapes, and what they are; None if all are."""
    for place, (point, size) in enumerate(zip(reply, sizes, strict=True)):
        problem = no_table(point)
        if problem is None and point.bits.shape[1] != size:
            problem = f"strings of {point.bits.shape[1]} bits for {size} qubits"
        if problem is not None:
            return place, problem
    return None


def no_table(point: Any) -> str | None:
    """What is wrong with the types and shapes of one point's counts, whatever they are; None if nothing is."""
    bits, counts = getattr(point, "bits", None), getattr(point, "counts", None)
    if not isinstance(bits, np.ndarray) or not isinstance(counts, np.ndarray):
        return "something else than counts"
    if bits.dtype.kind not in "bui":
        return f"bits that are no whole numbers ({bits.dtype})"
    if counts.dtype.kind not in "ui":
        return f"counts that are no whole numbers ({counts.dtype})"
    if bits.ndim != 2:
        return f"bits of shape {bits.shape}"
    if counts.shape != bits.shape[:1]:
        return f"counts of shape {counts.shape} for {len(bits)} strings"
    return None


def impossible(reply: Sequence[Counts], sizes: Sequence[int], shots: int) -> tuple[int, str] | None:
    """A point whose numbers cannot be those of so many shots, and why; None if there is none."""
    for size in sorted(set(sizes)):
        # All points of a width in one go: there may be thousands of them.
        places = np.flatnonzero(np.array(sizes) == size)
        points = [reply[place] for place in places.tolist()]
        owners = np.repeat(np.arange(len(points)), [len(point.counts) for point in points])
        bits = np.concatenate([point.bits for point in points])
        # Numbers beyond int64 become negative ones.
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
    """Which rows of bits stand more than once under the same owner; the owners ascend."""
    packed = np.packbits(bits.astype(np.uint8), axis=1)
    steps = np.diff(packed.astype(np.int16), axis=0)
    leading = np.take_along_axis(steps, (steps != 0).argmax(axis=1)[:, None], axis=1)[:, 0]
    # Most backends sort their rows, and then none comes twice.
    if np.all((leading > 0) | (np.diff(owners) > 0)):
        return np.zeros(len(bits), bool)
    keys = np.ascontiguousarray(owners, ">u8").view(np.uint8).reshape(len(bits), 8)
    found = distinct_rows(np.hstack([keys, packed]))
    return found.counts[found.places] > 1
