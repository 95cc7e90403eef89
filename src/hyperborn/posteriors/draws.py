"""Sampling a distribution that is at hand as a table."""

import jax
import numpy as np
from jaxtyping import Float, Int

from hyperborn._typing import RandomKey
from hyperborn.arguments import check_key
from hyperborn.errors import whole_number

BLOCK = 2**16
"""Entries whose counts are drawn together: most blocks of a peaked distribution get no shot, and cost nothing more."""


def drawn(probabilities: Float[np.ndarray, " states"], shots: int, *, key: RandomKey) -> Int[np.ndarray, " shots"]:
    """Indices of independent draws, in random order, in O(states + shots) time.

    The counts are multinomial, first of blocks and then within each block that got any.

    Raises:
        UserError: if shots is not positive.
    """
    whole_number("shots", shots, 1)
    check_key(key)
    random = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    blocks = [probabilities[start : start + BLOCK] for start in range(0, len(probabilities), BLOCK)]
    counts = random.multinomial(shots, shares([block.sum() for block in blocks]))
    found = [
        start * BLOCK + np.repeat(np.arange(len(block)), random.multinomial(count, shares(block)))
        for start, (block, count) in enumerate(zip(blocks, counts, strict=True))
        if count
    ]
    indices = np.concatenate(found)
    random.shuffle(indices)
    return indices


def shares(masses: "Float[np.ndarray, ' n'] | list[float]") -> Float[np.ndarray, " n"]:
    total = np.sum(masses)
    return np.asarray(masses, np.float64) / total
