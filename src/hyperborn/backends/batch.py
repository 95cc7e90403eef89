"""What is asked of a backend in one job, and what comes back."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

from hyperborn._typing import Bits
from hyperborn.circuits import Circuit
from hyperborn.errors import UserError, whole_number
from hyperborn.rows import distinct_rows

LARGEST_SEED = 2**31 - 1
"""Largest seed that every simulator takes."""


@dataclass(frozen=True, eq=False)
class Points:
    """A circuit to be measured at several parameter vectors: flat angles (radians), one point a row, float64."""

    # Arguments are checked below, so that a mistake is a UserError even where the tests check types.
    __no_type_check__ = True

    circuit: Circuit
    angles: Float[np.ndarray, "points parameters"]

    def __post_init__(self) -> None:
        if self.angles.ndim != 2 or self.angles.shape[1] != self.circuit.n_parameters:
            raise UserError(
                f"angles of shape {self.angles.shape} do not fit {self.circuit}: give rows of "
                f"{self.circuit.n_parameters} angles"
            )

    def __len__(self) -> int:
        return len(self.angles)


@dataclass(frozen=True, eq=False)
class Preparations:
    """Basis states, rows of bits, to be prepared and measured on the very qubits that a circuit is run on.

    They tell how often each qubit is read wrongly.
    """

    # Arguments are checked below, so that a mistake is a UserError even where the tests check types.
    __no_type_check__ = True

    circuit: Circuit
    bits: Bits

    def __post_init__(self) -> None:
        if self.bits.ndim != 2 or self.bits.shape[1] != self.circuit.n_qubits:
            raise UserError(f"bits of shape {self.bits.shape} do not fit {self.circuit}: give one bit a qubit")

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


def check_reply(backend: str, batch: Batch, reply: Sequence[Counts]) -> None:
    """Raise a UserError if a reply is not what was asked for: so many points, bits and shots."""
    if len(reply) != batch.n_points:
        raise UserError(f"{backend} returned {len(reply)} results for the {batch.n_points} circuits of {batch.label}")
    for place, (counts, size) in enumerate(zip(reply, batch.sizes, strict=True)):
        if counts.bits.ndim != 2 or counts.bits.shape[1] != size:
            problem = f"strings of {counts.bits.shape[-1]} bits for {size} qubits"
        elif counts.shots != batch.shots:
            problem = f"{counts.shots} of the {batch.shots} shots asked for"
        else:
            continue
        raise UserError(f"{backend} returned {problem} in circuit {place + 1} of {len(reply)} of {batch.label}")
