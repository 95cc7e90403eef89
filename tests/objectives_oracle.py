"""Priors, kernels and divergences over all 2^n bit strings as plain NumPy sums and matrices; nothing from hyperborn."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

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


def renyi_divergence(q: Any, p: np.ndarray, alpha: float, xp: Any = np) -> Any:
    """D_α(q ‖ p) in nats; `xp` is NumPy, or jax.numpy to differentiate it."""
    return xp.log(xp.sum(q**alpha * p ** (1 - alpha))) / (alpha - 1)


def stein_kernel(p: np.ndarray, kernel: np.ndarray, *, bounded: bool) -> np.ndarray:
    """κ(w, w') whose double mean over q is KSD²(q, p), from the scores and the differences of a kernel.

    The bounded one's test functions are first multiplied by the conditional probability of each bit.
    """
    states = np.arange(len(p))
    total = np.zeros_like(kernel)
    for bit in range(len(p).bit_length() - 1):
        flip = states ^ (1 << bit)
        score = 1 - p[flip] / p
        weight = p / (p + p[flip]) if bounded else np.ones_like(p)
        k = weight[:, None] * kernel * weight[None, :]
        left, right = k - k[flip, :], k - k[:, flip]
        both = k - k[flip, :] - k[:, flip] + k[flip][:, flip]
        total += score[:, None] * k * score[None, :] - score[:, None] * right - left * score[None, :] + both
    return total


def sign_products(n: int, order: int) -> np.ndarray:
    """Products of 1 to `order` of the bits' signs, a column each, shape (2^n, products)."""
    signs = 1.0 - 2.0 * oracle.all_bits(n)
    groups = [group for size in range(1, min(order, n) + 1) for group in combinations(range(n), size)]
    return np.stack([signs[:, list(group)].prod(axis=1) for group in groups], axis=1)


def classifier_divergence(q: Any, p: np.ndarray, order: int, ridge: float, xp: Any = np) -> Any:
    """The largest E_q[f] - log E_p[exp f] - ridge/2 |c|² of logits f that are sums of sign products; nats."""
    products = sign_products(len(p).bit_length() - 1, order)
    c = xp.zeros(products.shape[1])
    for _ in range(100):
        tilted = p * xp.exp(products @ c)
        tilted = tilted / xp.sum(tilted)
        mean = products.T @ tilted
        curvature = products.T @ (tilted[:, None] * products) - xp.outer(mean, mean) + ridge * np.eye(len(mean))
        step = xp.linalg.solve(curvature, products.T @ q - mean - ridge * c)
        # No logit moves by more than 1/2, where a quadratic model holds well enough to go uphill.
        c = c + step * xp.minimum(1.0, 0.5 / (xp.max(xp.abs(products @ step)) + 1e-9))
    return q @ (products @ c) - xp.log(p @ xp.exp(products @ c)) * xp.sum(q) - ridge / 2 * xp.sum(c**2)


def kl_matched(p: np.ndarray, charges: Sequence[float]) -> float:
    """What KL charges a point mass over what another divergence charges it, each on average over p."""
    points = np.eye(len(p))
    charged = sum(weight * divergence_from(point, p) for weight, point in zip(p, points, strict=True))
    return charged / sum(weight * charge for weight, charge in zip(p, charges, strict=True))


def kl_matched_weight(p: np.ndarray, kernel: np.ndarray) -> float:
    """`kl_matched` of MMD²."""
    return kl_matched(p, [squared_discrepancy(point, p, kernel) for point in np.eye(len(p))])
