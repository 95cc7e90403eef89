"""Priors, kernels and divergences over all 2^n bit strings as plain NumPy sums and matrices; nothing from hyperborn."""

from collections.abc import Sequence

import numpy as np

import oracle


def product_distribution(marginals: Sequence[float]) -> np.ndarray:
    """Probability of every bit string whose bits are 1 independently with the given probabilities."""
    return np.array(
        [
            np.prod([one if bit else 1 - one for bit, one in zip(row, marginals, strict=True)])
            for row in oracle.all_bits(len(marginals))
        ]
    )


def kernel_matrix(n: int, kappas: Sequence[float], weights: Sequence[float] | None = None) -> np.ndarray:
    """The (weighted) average over κ of κ^Hamming(w, w'), shape (2^n, 2^n)."""
    bits = oracle.all_bits(n)
    return kernel_between(bits, bits, kappas, weights)


def kernel_between(
    rows: np.ndarray, others: np.ndarray, kappas: Sequence[float], weights: Sequence[float] | None = None
) -> np.ndarray:
    """The (weighted) average over κ of κ^Hamming for all pairs of rows of bits."""
    distance = (rows[:, None, :] != others[None, :, :]).sum(axis=2)
    return np.average([kappa**distance for kappa in kappas], axis=0, weights=weights)


def squared_discrepancy(q: np.ndarray, p: np.ndarray, kernel: np.ndarray) -> float:
    """MMD²: E k(w, w') with both of q, less twice one of each, plus both of p."""
    return float(q @ kernel @ q - 2 * q @ kernel @ p + p @ kernel @ p)


def divergence_from(q: np.ndarray, p: np.ndarray) -> float:
    """KL(q ‖ p) in nats."""
    return float(sum(a * np.log(a / b) for a, b in zip(q, p, strict=True) if a > 0))


def normalised_kernels(p: np.ndarray, kappas: Sequence[float]) -> list[np.ndarray]:
    """κ^Hamming(w, w') for each κ, scaled so that MMD² charges a point mass 1 on average over p."""
    kernels = [kernel_matrix(len(p).bit_length() - 1, (kappa,)) for kappa in kappas]
    return [kernel / (1 - p @ kernel @ p) for kernel in kernels]


def kl_matched_weight(p: np.ndarray, kernel: np.ndarray) -> float:
    """What KL charges a point mass over what MMD² charges it, each on average over the prior."""
    points = np.eye(len(p))
    charged = sum(weight * divergence_from(point, p) for weight, point in zip(p, points, strict=True))
    return charged / sum(
        weight * squared_discrepancy(point, p, kernel) for weight, point in zip(p, points, strict=True)
    )
