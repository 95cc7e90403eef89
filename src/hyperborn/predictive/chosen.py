"""The most probable networks."""

import numpy as np
from jax import Array
from jaxtyping import Float

from hyperborn._typing import Bits
from hyperborn.arguments import distribution
from hyperborn.bits import bits_of
from hyperborn.errors import whole_number


def most_probable(probabilities: Float[np.ndarray | Array, " states"], k: int) -> Bits:
    """Bits of the k most probable of all networks, most probable first; of equals, the lowest index first.

    Raises:
        UserError: if these are no probabilities of all networks, or there are not so many.
    """
    table = distribution("probabilities", probabilities)
    whole_number("k", k, 1, len(table), why=", the number of networks")
    # Sorting only what reaches the k-th largest spares sorting the whole table.
    candidates = np.flatnonzero(table >= np.partition(table, len(table) - k)[len(table) - k])
    order = np.argsort(-table[candidates], kind="stable")
    return bits_of(candidates[order[:k]], len(table).bit_length() - 1)
