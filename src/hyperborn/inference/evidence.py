"""Exact Bayesian quantities by enumeration, in nats and float64."""

from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Energies

LogProbabilities: TypeAlias = Float[np.ndarray, " states"]
Distribution: TypeAlias = Float[np.ndarray, " states"]


def log_evidence(energies: Energies, log_prior: LogProbabilities) -> float:
    """log Σ_w p(w) exp(-energy(w)): the log probability of the labels under the prior."""
    joint = log_prior - energies
    largest = joint.max()
    return float(largest + np.log(np.sum(np.exp(joint - largest))))


def exact_posterior(energies: Energies, log_prior: LogProbabilities) -> Distribution:
    """p(w | data) of all 2^n networks, proportional to p(w) exp(-energy(w))."""
    return np.exp(log_prior - energies - log_evidence(energies, log_prior))


def expected_energy(q: Distribution, energies: Energies) -> float:
    """E_q[energy]."""
    return float(q @ energies)


def entropy(q: Distribution) -> float:
    """-Σ q log q."""
    kept = q[q > 0]
    return float(-kept @ np.log(kept))


def kl_divergence(q: Distribution, log_p: LogProbabilities) -> float:
    """KL(q ‖ p) = Σ q (log q - log p)."""
    kept = q > 0
    return float(q[kept] @ (np.log(q[kept]) - log_p[kept]))


def elbo(q: Distribution, energies: Energies, log_prior: LogProbabilities) -> float:
    """The evidence lower bound -E_q[energy] - KL(q ‖ prior), at most `log_evidence`; higher is better."""
    return -expected_energy(q, energies) - kl_divergence(q, log_prior)
