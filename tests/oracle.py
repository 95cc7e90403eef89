"""Plain NumPy arithmetic to test against; imports nothing from hyperborn."""

import itertools
from collections.abc import Sequence

import numpy as np


def all_bits(n: int) -> np.ndarray:
    """Every bit pattern, in the order of indices."""
    return np.array(list(itertools.product([0, 1], repeat=n)), dtype=np.uint8)


def mlp_logits(
    bits: np.ndarray,
    x: np.ndarray,
    hidden: tuple[int, ...],
    outputs: int,
    *,
    activation: str = "relu",
    bias: bool = True,
    values: tuple[float, float] = (-1.0, 1.0),
    fan_in: bool = False,
    output_scales: Sequence[float] = (1.0,),
    normalised: bool = False,
    side: Sequence[float] | None = None,
) -> np.ndarray:
    """Logits (examples, outputs) of one network given by its flat row of bits: W1, b1, W2, b2, ..., scale.

    Side parameters are, layer by layer, the logarithms of the gains (one a unit, a single one in the last layer) and
    the shifts.
    """
    left = None if side is None else list(side)
    scale_bits = {1: 0, 2: 1, 4: 2, 8: 3}[len(output_scales)]
    weights = [values[bit] for bit in bits[: len(bits) - scale_bits]]
    chosen = 0
    for bit in bits[len(bits) - scale_bits :]:
        chosen = 2 * chosen + int(bit)
    layer = x
    sizes = [x.shape[1], *hidden, outputs]
    for number in range(len(sizes) - 1):
        inputs, width = sizes[number], sizes[number + 1]
        if number > 0:
            layer = activated(layer, activation)
        matrix = np.array([[weights.pop(0) for _ in range(width)] for _ in range(inputs)])
        layer = layer @ matrix
        if bias:
            layer = layer + np.array([weights.pop(0) for _ in range(width)])
        if fan_in:
            layer = layer / np.sqrt(inputs)
        last = number == len(sizes) - 2
        if normalised and not last:
            layer = np.array([(row - np.mean(row)) / np.sqrt(np.var(row) + 1e-5) for row in layer])
        if left is not None:
            gains = [left.pop(0)] * width if last else [left.pop(0) for _ in range(width)]
            layer = layer * np.exp(gains) + np.array([left.pop(0) for _ in range(width)])
    assert not weights
    assert not left
    return output_scales[chosen] * layer


def activated(z: np.ndarray, activation: str) -> np.ndarray:
    if activation == "relu":
        return np.where(z > 0, z, 0.0)
    if activation == "sigmoid":
        small = np.exp(-np.abs(z))
        return np.where(z > 0, 1, small) / (1 + small)
    if activation == "tanh":
        return np.tanh(z)
    if activation == "identity":
        return z
    # What is 0 but for rounding has the sign of 0.
    return np.where(z < -1e-5, -1.0, 1.0)


def class_log_probabilities(logits: np.ndarray) -> np.ndarray:
    """Log probabilities (examples, classes); one logit stands for class 1 against class 0."""
    if logits.shape[1] == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
    top = logits.max(axis=1, keepdims=True)
    return logits - top - np.log(np.exp(logits - top).sum(axis=1, keepdims=True))


def nll(logits: np.ndarray, y: np.ndarray) -> float:
    """Negative log likelihood in nats, summed over examples."""
    log_probabilities = class_log_probabilities(logits)
    return -sum(float(log_probabilities[i, label]) for i, label in enumerate(y))
