"""Convolutional networks in plain loops over positions; imports nothing from hyperborn."""

import numpy as np

from oracle import activated


def convnet_logits(
    weights: np.ndarray,
    image: np.ndarray,
    channels: tuple[int, ...],
    outputs: int,
    side: np.ndarray,
    *,
    kernel: int,
    stride: int,
    activation: str,
    layer_normalization: bool,
) -> np.ndarray:
    """Logits (outputs,) of one network on one image (height, width), from its flat weights and side parameters."""
    left, parameters = list(weights), list(side)
    maps = [image]
    for width in channels:
        entries = {}
        for row in range(kernel):
            for column in range(kernel):
                for channel in range(len(maps)):
                    for unit in range(width):
                        entries[unit, row, column, channel] = left.pop(0)
        sizes = np.shape(maps[0])
        counts = [(size + stride - 1) // stride for size in sizes]
        before = [max(0, (count - 1) * stride + kernel - size) // 2 for size, count in zip(sizes, counts, strict=True)]
        sums = np.zeros((width, *counts))
        for unit in range(width):
            for down in range(counts[0]):
                for across in range(counts[1]):
                    for row in range(kernel):
                        for column in range(kernel):
                            y, x = down * stride + row - before[0], across * stride + column - before[1]
                            if 0 <= y < sizes[0] and 0 <= x < sizes[1]:
                                for channel in range(len(maps)):
                                    weight = entries[unit, row, column, channel]
                                    sums[unit, down, across] += weight * maps[channel][y, x]
        sums = sums / np.sqrt(kernel * kernel * len(maps))
        if layer_normalization:
            sums = (sums - np.mean(sums)) / np.sqrt(np.var(sums) + 1e-5)
        gains = [parameters.pop(0) for _ in range(width)]
        shifts = [parameters.pop(0) for _ in range(width)]
        maps = [activated(np.exp(gains[unit]) * sums[unit] + shifts[unit], activation) for unit in range(width)]
    inputs = [
        maps[channel][row, column]
        for row in range(len(maps[0]))
        for column in range(len(maps[0][0]))
        for channel in range(len(maps))
    ]
    logits = np.zeros(outputs)
    for value in inputs:
        for output in range(outputs):
            logits[output] += value * left.pop(0)
    gain = parameters.pop(0)
    logits = np.exp(gain) * logits / np.sqrt(len(inputs)) + np.array([parameters.pop(0) for _ in range(outputs)])
    assert not left
    assert not parameters
    return logits
