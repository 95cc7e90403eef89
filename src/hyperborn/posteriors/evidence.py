"""Exact Bayesian quantities by enumeration, in nats and float64.

Tables are gone through block by block, so that beside them and the result only a few MiB are held.
"""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Energies
from hyperborn.priors.prior import LogProbabilities

Distribution: TypeAlias = Float[np.ndarray, " states"]

BLOCK = 2**17
"""Entries gone through at once: a float64 of each is a mebibyte."""


def blocks(states: int) -> Iterator[slice]:
    return (slice(start, min(start + BLOCK, states)) for start in range(0, states, BLOCK))


def log_evidence(energies: Energies, log_prior: LogProbabilities) -> float:
    """log Σ_w p(w) exp(-energy(w)): the log probability of the labels under the prior."""
    largest = max(float((log_prior[part] - energies[part]).max()) for part in blocks(len(energies)))
    total = sum(float(np.exp(log_prior[part] - energies[part] - largest).sum()) for part in blocks(len(energies)))
    return largest + float(np.log(total))


def exact_posterior(energies: Energies, log_prior: LogProbabilities) -> Distribution:
    """p(w | data) of all 2^n networks, proportional to p(w) exp(-energy(w))."""
    log_z = log_evidence(energies, log_prior)
    posterior = np.empty(len(energies))
    for part in blocks(len(energies)):
        np.exp(log_prior[part] - energies[part] - log_z, out=posterior[part])
    return posterior


def expected_energy(q: Distribution, energies: Energies) -> float:
    """E_q[energy]."""
    return float(q @ energies)


def entropy(q: Distribution) -> float:
    """-Σ q log q."""
    return -sum(plain_sum(q[part], np.zeros(())) for part in blocks(len(q)))


def kl_divergence(q: Distribution, log_p: LogProbabilities) -> float:
    """KL(q ‖ p) = Σ q (log q - log p)."""
    return sum(plain_sum(q[part], log_p[part]) for part in blocks(len(q)))


def plain_sum(q: Distribution, log_p: np.ndarray) -> float:
    """Σ q (log q - log p) over the places where q is positive."""
    kept = q > 0
    return float(q[kept] @ (np.log(q[kept]) - np.broadcast_to(log_p, q.shape)[kept]))


def total_variation(q: Distribution, p: Distribution) -> float:
    """½ Σ |q - p|: the most by which the two can differ on the probability of any event."""
    return 0.5 * sum(float(np.abs(q[part] - p[part]).sum()) for part in blocks(len(q)))


def elbo(q: Distribution, energies: Energies, log_prior: LogProbabilities) -> float:
    """The evidence lower bound -E_q[energy] - KL(q ‖ prior), at most `log_evidence`; higher is better."""
    return -expected_energy(q, energies) - kl_divergence(q, log_prior)
