"""Distributions over all 2^n networks, as tables of probabilities in index order: evidence, divergences, draws.

Quantities are in nats and float64. Tables are processed block by block, which takes a few MiB beside them and the
result.
"""

from collections.abc import Iterator
from typing import TypeAlias

import jax
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from hyperborn._typing import Bits, EnergyTable, RandomKey
from hyperborn.arguments import check_key, distribution
from hyperborn.bits import bits_of
from hyperborn.errors import whole_number
from hyperborn.priors.prior import LogProbabilities

Distribution: TypeAlias = Float[np.ndarray, " states"]

BLOCK = 2**17
"""Entries processed at once: a float64 of each is a mebibyte."""

DRAWN_AT_ONCE = 2**16
"""Entries whose counts are drawn together: most blocks of a peaked distribution get no shot, and are then skipped."""


def table_blocks(states: int) -> Iterator[slice]:
    """Slices of a table, `BLOCK` entries each."""
    return (slice(start, min(start + BLOCK, states)) for start in range(0, states, BLOCK))


def log_evidence(energies: EnergyTable, log_prior: LogProbabilities) -> float:
    """log Σ_w p(w) exp(-energy(w)): the log probability of the labels under the prior."""
    largest = max(float((log_prior[part] - energies[part]).max()) for part in table_blocks(len(energies)))
    total = sum(float(np.exp(log_prior[part] - energies[part] - largest).sum()) for part in table_blocks(len(energies)))
    return largest + float(np.log(total))


def posterior_probabilities(energies: EnergyTable, log_prior: LogProbabilities) -> Distribution:
    """p(w | data) of all 2^n networks, proportional to p(w) exp(-energy(w))."""
    log_z = log_evidence(energies, log_prior)
    posterior = np.empty(len(energies))
    for part in table_blocks(len(energies)):
        np.exp(log_prior[part] - energies[part] - log_z, out=posterior[part])
    return posterior


def expected_energy(q: Distribution, energies: EnergyTable) -> float:
    """E_q[energy]."""
    return float(q @ energies)


def entropy(q: Distribution) -> float:
    """-Σ q log q."""
    return -sum(sum_of_log_ratios(q[part], np.zeros(())) for part in table_blocks(len(q)))


def kl_divergence(q: Distribution, log_p: LogProbabilities) -> float:
    """KL(q ‖ p) = Σ q (log q - log p)."""
    return sum(sum_of_log_ratios(q[part], log_p[part]) for part in table_blocks(len(q)))


def sum_of_log_ratios(q: Distribution, log_p: np.ndarray) -> float:
    """Σ q (log q - log p) over the places where q is positive."""
    kept = q > 0
    return float(q[kept] @ (np.log(q[kept]) - np.broadcast_to(log_p, q.shape)[kept]))


def total_variation(q: Distribution, p: Distribution) -> float:
    """½ Σ |q - p|: the most by which the two can differ on the probability of any event."""
    return 0.5 * sum(float(np.abs(q[part] - p[part]).sum()) for part in table_blocks(len(q)))


def elbo(q: Distribution, energies: EnergyTable, log_prior: LogProbabilities) -> float:
    """The evidence lower bound -E_q[energy] - KL(q ‖ prior), at most `log_evidence`; higher is better."""
    return -expected_energy(q, energies) - kl_divergence(q, log_prior)


def drawn_indices(
    probabilities: Float[np.ndarray, " states"], shots: int, *, key: RandomKey
) -> Int[np.ndarray, " shots"]:
    """Indices of independent draws, in random order, in O(states + shots) time.

    The counts are multinomial, first those of blocks, and then those within each block that has any.

    Raises:
        UserError: if shots is not positive.
    """
    whole_number("shots", shots, 1)
    check_key(key)
    random = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    blocks = [probabilities[start : start + DRAWN_AT_ONCE] for start in range(0, len(probabilities), DRAWN_AT_ONCE)]
    counts = random.multinomial(shots, probabilities_from([block.sum() for block in blocks]))
    found = [
        start * DRAWN_AT_ONCE + np.repeat(np.arange(len(block)), random.multinomial(count, probabilities_from(block)))
        for start, (block, count) in enumerate(zip(blocks, counts, strict=True))
        if count
    ]
    indices = np.concatenate(found)
    random.shuffle(indices)
    return indices


def probabilities_from(masses: "Float[np.ndarray, ' n'] | list[float]") -> Float[np.ndarray, " n"]:
    """The numbers divided by their sum, float64."""
    total = np.sum(masses)
    return np.asarray(masses, np.float64) / total


def most_probable(probabilities: Float[np.ndarray | Array, " states"], k: int) -> Bits:
    """Bits of the k most probable of all networks, most probable first; of equals, the lowest index first.

    Raises:
        UserError: if these are no probabilities of all networks, or there are not so many.
    """
    table = distribution("probabilities", probabilities)
    whole_number("k", k, 1, len(table), why=", the number of networks")
    # Only entries that reach the k-th largest are sorted, not the whole table.
    candidates = np.flatnonzero(table >= np.partition(table, len(table) - k)[len(table) - k])
    order = np.argsort(-table[candidates], kind="stable")
    return bits_of(candidates[order[:k]], len(table).bit_length() - 1)
