"""Shots from the built-in simulator: the oracle for every other backend."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from hyperborn.backends.backend import Backend, Connection, Cost
from hyperborn.backends.batch import Batch, Counts, Points, Request
from hyperborn.backends.simulators.in_process import Local
from hyperborn.bits import bits_of
from hyperborn.circuits import Circuit
from hyperborn.circuits.drawing import columns
from hyperborn.simulators import statevector

AT_ONCE = 2**22
"""Amplitudes of several points that are simulated together."""

SMALL, ALIKE = 12, 8
"""Up to so many qubits points are made a multiple of so many, which costs less than to compile for each number."""


@dataclass(frozen=True)
class Statevector(Backend):
    """Ideal shots: Born probabilities exactly, then inverse-CDF draws, in O(2^n + shots) a point."""

    @property
    def label(self) -> str:
        return "statevector"

    def connect(self) -> Connection:
        return Local(simulate, cost_of, label=self.label, n_qubits=statevector.LARGEST, repeatable=True)


def simulate(batch: Batch) -> tuple[Counts, ...]:
    """The counts of every point."""
    random = np.random.default_rng(batch.seed)
    return tuple(counts for request in batch.requests for counts in counts_of(request, batch.shots, random))


def counts_of(request: Request, shots: int, random: np.random.Generator) -> list[Counts]:
    n = request.circuit.n_qubits
    if not isinstance(request, Points):
        return [Counts(row[None].astype(np.uint8), np.array([shots])) for row in request.bits]
    step = max(1, AT_ONCE >> n)
    found: list[Counts] = []
    for start in range(0, len(request), step):
        angles = request.angles[start : start + step]
        padded = np.pad(angles, ((0, -len(angles) % ALIKE if n <= SMALL else 0), (0, 0)))
        tables = np.asarray(tables_of(request.circuit, jnp.asarray(padded, jnp.float32)))[: len(angles)]
        found += [Counts(bits_of(outcomes, n), counts) for outcomes, counts in drawn(tables, shots, random)]
    return found


@partial(jax.jit, static_argnums=0)
def tables_of(circuit: Circuit, angles: Float[Array, "points parameters"]) -> Float[Array, "points states"]:
    shape = circuit.parameter_shape
    return jax.lax.map(lambda point: statevector.probabilities(circuit, point.reshape(shape)), angles)


def drawn(
    tables: Float[np.ndarray, "points states"], shots: int, random: np.random.Generator
) -> list[tuple[Int[np.ndarray, " outcomes"], Int[np.ndarray, " outcomes"]]]:
    """Of each row of probabilities, the outcomes of independent draws, ascending, and how often each came."""
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for table in tables:
        steps = np.cumsum(table, dtype=np.float64)
        # Below the last step even when rounded, so that no draw is an outcome of probability 0.
        places = np.minimum(sorted_uniforms(shots, random) * steps[-1], np.nextafter(steps[-1], 0.0))
        outcomes = np.searchsorted(steps, places, side="right")
        first = np.flatnonzero(np.diff(outcomes, prepend=-1))
        found.append((outcomes[first], np.diff(first, append=shots)))
    return found


def sorted_uniforms(count: int, random: np.random.Generator) -> Float[np.ndarray, " count"]:
    """Independent numbers in [0, 1), ascending, without sorting: partial sums of exponential gaps."""
    sums = np.cumsum(random.standard_exponential(count + 1))
    return sums[:-1] / sums[-1]


def cost_of(circuit: Circuit) -> Cost:
    gates = circuit.gates()
    return Cost(len(columns(gates)), sum(len(gate.qubits) == 2 for gate in gates))
