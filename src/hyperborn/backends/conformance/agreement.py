"""Agreement of counts with exact distributions, and with those in another order of qubits or points."""

from collections.abc import Sequence
from itertools import permutations
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

from hyperborn.backends.batch import Counts
from hyperborn.bits import index_of
from hyperborn.circuits import Circuit
from hyperborn.circuits.matrices import matrix_of

CountsTable: TypeAlias = Int[np.ndarray, " _"]
"""Counts of all outcomes, in index order."""

OutcomeProbabilities: TypeAlias = Float[np.ndarray, " _"]
"""Probabilities of all outcomes, in index order."""

FLOOR = 0.1
"""Weight of the uniform distribution in likelihoods, so that every outcome of a noisy device is possible."""

LEAST_EXPECTED = 5.0
"""Fewest expected shots of a cell of the chi-square statistic; rarer outcomes are pooled."""


def exact_table(circuit: Circuit, angles: Float[np.ndarray, " parameters"]) -> OutcomeProbabilities:
    """Born probabilities of a small circuit, gate by gate, without the second that JAX takes to compile it."""
    n = circuit.n_qubits
    state = np.zeros((2,) * n, np.complex128)
    state[(0,) * n] = 1.0
    for gate in circuit.gates():
        k = len(gate.qubits)
        matrix = matrix_of(gate.name, *(float(angle.at(angles)) for angle in gate.angles))
        state = np.tensordot(matrix.reshape((2,) * (2 * k)), state, (range(k, 2 * k), gate.qubits))
        state = np.moveaxis(state, range(k), gate.qubits)
    return np.abs(state.reshape(-1)) ** 2


def counts_table(counts: Counts) -> CountsTable:
    """Counts of all outcomes, in index order."""
    table = np.zeros(2 ** counts.bits.shape[1], np.int64)
    np.add.at(table, index_of(counts.bits), counts.counts)
    return table


def log_likelihood(counts: CountsTable, exact: OutcomeProbabilities) -> float:
    """Logarithm of the probability of counts (nats), up to a constant that is the same for all distributions."""
    return float(counts @ np.log((1.0 - FLOOR) * exact + FLOOR / len(exact)))


def qubit_orders(counts: Sequence[CountsTable], exact: Sequence[OutcomeProbabilities]) -> dict[tuple[int, ...], float]:
    """For every order of the qubits, the log likelihood (nats) of all counts if they came in that order."""
    n = len(exact[0]).bit_length() - 1
    shaped = [table.reshape((2,) * n) for table in exact]
    return {
        order: sum(
            log_likelihood(found, table.transpose(order).reshape(-1))
            for found, table in zip(counts, shaped, strict=True)
        )
        for order in permutations(range(n))
    }


def point_orders(
    counts: Sequence[Sequence[CountsTable]], exact: Sequence[Sequence[OutcomeProbabilities]]
) -> dict[tuple[int, ...], float]:
    """The same for every order of the points, of circuits with the same number of points."""
    points = len(exact[0])
    likelihoods = np.zeros((points, points))
    for found, tables in zip(counts, exact, strict=True):
        likelihoods += [[log_likelihood(one, table) for table in tables] for one in found]
    rows = np.arange(points)
    return {order: float(likelihoods[rows, order].sum()) for order in permutations(range(points))}


def margin(likelihoods: dict[tuple[int, ...], float]) -> tuple[float, tuple[int, ...]]:
    """By how much (nats) the given order is likelier than the best other one, and that other order."""
    given = tuple(range(len(next(iter(likelihoods)))))
    others = {order: value for order, value in likelihoods.items() if order != given}
    rival = max(others, key=others.__getitem__)
    return likelihoods[given] - others[rival], rival


def deviation(counts: Sequence[CountsTable], exact: Sequence[OutcomeProbabilities]) -> float:
    """Pearson's statistic of all counts, in standard deviations from its mean; about normal for exact draws."""
    excess, variance = 0.0, 0.0
    for found, table in zip(counts, exact, strict=True):
        shots = found.sum()
        seen, expected = chi_square_cells(found, table * (shots / table.sum()))
        k = len(expected)
        excess += float(((seen - expected) ** 2 / expected).sum()) - (k - 1)
        # The variance for a multinomial distribution (Haldane 1937).
        variance += 2 * (k - 1) + float((1.0 / expected).sum()) - (k**2 + 2 * k - 2) / shots
    return float(excess / max(variance, 1e-12) ** 0.5)


def chi_square_cells(
    seen: CountsTable, expected: OutcomeProbabilities
) -> tuple[Float[np.ndarray, " cells"], Float[np.ndarray, " cells"]]:
    """Observed and expected counts, with the rarest outcomes pooled into one cell that is not rare."""
    order = np.argsort(expected)
    together = int(np.searchsorted(np.cumsum(expected[order]), LEAST_EXPECTED)) + 1
    together = max(together, int(np.searchsorted(expected[order], LEAST_EXPECTED)))
    rare, common = order[:together], order[together:]
    return (
        np.append(seen[common], seen[rare].sum()).astype(np.float64),
        np.append(expected[common], expected[rare].sum()),
    )
