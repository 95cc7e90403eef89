"""Plain NumPy arithmetic of regressions, to test against; imports nothing from hyperborn."""

import math
from collections.abc import Sequence

import numpy as np

import oracle


def means_and_noise(
    bits: np.ndarray, x: np.ndarray, hidden: tuple[int, ...], levels: Sequence[float], **network: object
) -> tuple[np.ndarray, float]:
    """Outputs (examples,) and the noise of one network, whose last bits choose the noise from the levels."""
    count = {1: 0, 2: 1, 4: 2}[len(levels)]
    chosen = 0
    for bit in bits[len(bits) - count :]:
        chosen = 2 * chosen + int(bit)
    outputs = oracle.mlp_logits(bits[: len(bits) - count], x, hidden, 1, **network)  # pyright: ignore[reportArgumentType]
    return outputs[:, 0], levels[chosen]


def normal_nll(mean: np.ndarray, noise: float, y: np.ndarray) -> float:
    """Sum over examples of -log of the normal density (nats)."""
    return sum(
        0.5 * ((float(label) - float(middle)) / noise) ** 2 + math.log(noise) + 0.5 * math.log(2 * math.pi)
        for middle, label in zip(mean, y, strict=True)
    )


def normal_density(mean: np.ndarray, noise: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * ((y - mean) / noise) ** 2) / (noise * math.sqrt(2 * math.pi))


def normal_probability_below(mean: np.ndarray, noise: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.vectorize(lambda z: 0.5 * math.erfc(-z / math.sqrt(2)))((y - mean) / noise)
