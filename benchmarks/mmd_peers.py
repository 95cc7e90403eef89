"""MMD² between samples of bits, by Hyperborn and by other means: each a function that builds a run for two samples."""

from collections.abc import Callable

import numpy as np

from hyperborn.objectives.kernels import default_kernel, mmd_squared

Build = Callable[[np.ndarray, np.ndarray], Callable[[], float]]

BLOCK = 1000


def ours(bits: np.ndarray, others: np.ndarray) -> Callable[[], float]:
    """With the standard error, which the others leave out."""
    return lambda: mmd_squared(bits, others).mean


def plain(bits: np.ndarray, others: np.ndarray) -> Callable[[], float]:
    """NumPy in blocks: Hamming distances as products of signs in single precision, kernels from a table."""
    n = bits.shape[1]
    table = default_kernel(n).by_distance(n)

    def sums(left: np.ndarray, right: np.ndarray) -> float:
        total, columns = 0.0, (1 - 2 * right.astype(np.float32)).T.copy()
        for start in range(0, len(left), BLOCK):
            rows = 1 - 2 * left[start : start + BLOCK].astype(np.float32)
            distances = ((n - rows @ columns) * 0.5).astype(np.uint8)
            # How often each distance comes says it all.
            total += float(np.bincount(distances.ravel(), minlength=n + 1) @ np.asarray(table))
        return total

    return lambda: unbiased(sums, bits, others)


def scikit(bits: np.ndarray, others: np.ndarray) -> Callable[[], float]:
    """`rbf_kernel` for every bandwidth of the same mixture, block by block: κ^distance = exp(-γ |x - y|²)."""
    from sklearn.metrics.pairwise import rbf_kernel

    kernel = default_kernel(bits.shape[1])

    def sums(left: np.ndarray, right: np.ndarray) -> float:
        columns, total = right.astype(np.float32), 0.0
        for start in range(0, len(left), BLOCK):
            rows = left[start : start + BLOCK].astype(np.float32)
            for kappa, share in zip(kernel.kappas, kernel.shares, strict=True):
                total += share * float(rbf_kernel(rows, columns, gamma=-np.log(kappa)).sum(dtype=np.float64))
        return total

    return lambda: unbiased(sums, bits, others)


def unbiased(sums: Callable[[np.ndarray, np.ndarray], float], bits: np.ndarray, others: np.ndarray) -> float:
    """From sums of the kernel over all pairs: of each sample with itself, and of both."""
    a, b = len(bits), len(others)
    within = (sums(bits, bits) - a) / (a * (a - 1)) + (sums(others, others) - b) / (b * (b - 1))
    return within - 2 * sums(bits, others) / (a * b)


OURS = "Hyperborn"
MMD: dict[str, Build] = {OURS: ours, "NumPy in blocks": plain, "scikit-learn rbf_kernel in blocks": scikit}
