"""Ideal shots from the built-in simulator: the reference for every other backend."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from hyperborn.backends.backend import Backend, Connection, Cost
from hyperborn.backends.batch import Batch, Counts, Points, Request
from hyperborn.backends.simulators.in_process import InProcessConnection
from hyperborn.bits import bits_of
from hyperborn.circuits import Circuit
from hyperborn.circuits.drawing import columns
from hyperborn.inverse_cdf import inverse_cdf
from hyperborn.simulators import statevector

AT_ONCE = 2**22
"""Amplitudes of the points that are simulated together, at most."""

PADDED_QUBITS, PADDED_TO = 12, 8
"""Up to so many qubits, points are padded to a multiple of `PADDED_TO`: cheaper than a compilation for each number."""


@dataclass(frozen=True)
class Statevector(Backend):
    """Ideal shots: exact Born probabilities, then inverse-CDF draws, in O(2^n + shots) time a point."""

    @property
    def label(self) -> str:
        return "statevector"

    @property
    def is_noiseless(self) -> bool:
        return True

    def connect(self) -> Connection:
        return InProcessConnection(
            simulate, cost_of, label=self.label, n_qubits=statevector.LARGEST_STATE, repeatable=True
        )


def simulate(batch: Batch) -> tuple[Counts, ...]:
    """The counts of every point."""
    random = np.random.default_rng(batch.seed)
    return tuple(counts for request in batch.requests for counts in ideal_counts(request, batch.shots, random))


def ideal_counts(request: Request, shots: int, random: np.random.Generator) -> list[Counts]:
    """The counts of each point of a request."""
    n = request.circuit.n_qubits
    if not isinstance(request, Points):
        return [Counts(row[None].astype(np.uint8), np.array([shots])) for row in request.bits]
    step = max(1, AT_ONCE >> n)
    found: list[Counts] = []
    for start in range(0, len(request), step):
        angles = request.angles[start : start + step]
        padded = np.pad(angles, ((0, -len(angles) % PADDED_TO if n <= PADDED_QUBITS else 0), (0, 0)))
        tables = np.asarray(born_tables(request.circuit, jnp.asarray(padded, jnp.float32)))[: len(angles)]
        found += [Counts(bits_of(outcomes, n), counts) for outcomes, counts in sampled_outcomes(tables, shots, random)]
    return found


@partial(jax.jit, static_argnums=0)
def born_tables(circuit: Circuit, angles: Float[Array, "points parameters"]) -> Float[Array, "points states"]:
    shape = circuit.parameter_shape
    return jax.lax.map(lambda point: statevector.probabilities(circuit, point.reshape(shape)), angles)


def sampled_outcomes(
    tables: Float[np.ndarray, "points states"], shots: int, random: np.random.Generator
) -> list[tuple[Int[np.ndarray, " outcomes"], Int[np.ndarray, " outcomes"]]]:
    """For each row of probabilities, the distinct outcomes of independent draws, ascending, and their counts."""
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for table in tables:
        outcomes = inverse_cdf(np.cumsum(table, dtype=np.float64), sorted_uniforms(shots, random))
        first = np.flatnonzero(np.diff(outcomes, prepend=-1))
        found.append((outcomes[first], np.diff(first, append=shots)))
    return found


def sorted_uniforms(count: int, random: np.random.Generator) -> Float[np.ndarray, " count"]:
    """Independent uniform numbers in [0, 1), ascending: partial sums of exponential gaps, without a sort."""
    sums = np.cumsum(random.standard_exponential(count + 1))
    return sums[:-1] / sums[-1]


def cost_of(circuit: Circuit) -> Cost:
    """Depth and two-qubit gates of a circuit as it is, without compilation."""
    gates = circuit.gates()
    return Cost(len(columns(gates)), sum(len(gate.qubits) == 2 for gate in gates))
