"""Idx files written by hand; imports nothing from hyperborn."""

import struct

import numpy as np


def idx(array: np.ndarray) -> bytes:
    """The content of an idx file of unsigned bytes."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def images(n: int, seed: int = 0, shape: tuple[int, int] = (28, 28)) -> np.ndarray:
    """Random images, (n, height, width)."""
    return np.random.default_rng(seed).integers(0, 256, (n, *shape), dtype=np.uint8)
