"""What no state can undercut, and what two independent halves could reach without the uncertainty relation."""

import numpy as np
from jaxtyping import Float

Table = Float[np.ndarray, " states"]

HALVINGS = 60
SWEEPS = 300
STARTS = 20


def softened(log_weights: Table, entropy: float) -> Table:
    """The distribution proportional to exp(log_weights / T), T at least 1, of at least so much entropy (nats)."""
    high, low = 1.0, 0.0
    if entropy_of(normalized(log_weights)) >= entropy:
        return normalized(log_weights)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if entropy_of(normalized(middle * log_weights)) > entropy else (low, middle)
    return normalized(low * log_weights)


def gap_floor(log_posterior: Table, entropy: float) -> float:
    """The least KL(q ‖ posterior) (nats) of all q of at least so much entropy.

    By Gibbs' variational principle the posterior at the temperature that gives it the entropy has the least.
    """
    return divergence(softened(log_posterior, entropy), log_posterior)


def energy_floor(energies: Table, entropy: float) -> float:
    """The least E_q[energy] above the lowest energy (nats) of all q of at least so much entropy."""
    above = energies - energies.min()
    # Sharp enough to leave the best networks alone.
    return float(softened(-1e4 * above, entropy) @ above)


def halves_gap(log_posterior: Table, seed: int = 0) -> float:
    """The least KL(q_1 q_2 ‖ posterior) (nats) found with a free distribution of each half of the weights.

    Each half is set to its optimum given the other until nothing changes (mean field of two blocks), from several
    random starts: an optimum, but perhaps not the lowest.
    """
    half = 2 ** ((len(log_posterior).bit_length() - 1) // 2)
    table = log_posterior.reshape(half, half)
    random = np.random.default_rng(seed)
    found = []
    for _ in range(STARTS):
        second = random.dirichlet(np.full(half, 0.1))
        first = normalized(table @ second)
        for _ in range(SWEEPS):
            second = normalized(first @ table)
            first = normalized(table @ second)
        found.append(divergence(np.outer(first, second).reshape(-1), log_posterior))
    return min(found)


def normalized(log_weights: Table) -> Table:
    weights = np.exp(log_weights - log_weights.max())
    return weights / weights.sum()


def entropy_of(q: Table) -> float:
    kept = q[q > 0]
    return -float(kept @ np.log(kept))


def divergence(q: Table, log_p: Table) -> float:
    """KL(q ‖ p) (nats), at least 0 but for rounding."""
    return max(0.0, -entropy_of(q) - float(q @ log_p))
