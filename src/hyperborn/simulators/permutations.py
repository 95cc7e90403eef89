"""X and CX gates at any distance: one permutation of the basis states.

CX adds a bit to another modulo 2, so that the state to which any list of such gates maps a basis state is a linear
function of its bits, plus a constant. It is the exclusive or of a function of the leading half of the bits and of one
of the trailing half: two small tables instead of one of 2^n numbers.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Int

from hyperborn.simulators.arithmetic import ComplexVector
from hyperborn.simulators.decomposition import Primitive


class Permutation(NamedTuple):
    """Permutations of basis states: where the amplitude of each state comes from, and where it goes to.

    Each table has a row for each permutation; state (a, b) goes with the exclusive or of the entries of its halves.
    """

    from_leading: Int[np.ndarray | Array, "steps leading"]
    from_trailing: Int[np.ndarray | Array, "steps trailing"]
    to_leading: Int[np.ndarray | Array, "steps leading"]
    to_trailing: Int[np.ndarray | Array, "steps trailing"]


def permutation_of(flips: Sequence[Sequence[Primitive]], n: int) -> Permutation:
    """The permutations of several lists of X and CX gates, each in order of time; of empty tables if there are none."""
    middle = n // 2
    if not any(flips):
        empty = np.zeros((len(flips), 0), np.int32)
        return Permutation(empty, empty, empty, empty)
    leading, trailing = np.arange(2**middle) << (n - middle), np.arange(2 ** (n - middle))
    rows = [
        (
            image(leading, own[::-1], n, constant=True),
            image(trailing, own[::-1], n, constant=False),
            image(leading, own, n, constant=True),
            image(trailing, own, n, constant=False),
        )
        for own in flips
    ]
    return Permutation(*(np.stack(tables).astype(np.int32) for tables in zip(*rows, strict=True)))


def image(
    states: Int[np.ndarray, " some"], flips: Iterable[Primitive], n: int, *, constant: bool
) -> Int[np.ndarray, " some"]:
    """The basis states to which gates map some basis states; without `constant`, X gates are left out."""
    for _, qubits, _ in flips:
        bit = 1 << (n - 1 - qubits[-1])
        if len(qubits) == 2:
            states = states ^ (((states >> (n - 1 - qubits[0])) & 1) * bit)
        elif constant:
            states = states ^ bit
    return states


def permuted(
    leading: Int[Array, " leading"], trailing: Int[Array, " trailing"], *vectors: ComplexVector
) -> list[ComplexVector]:
    """Vectors whose entries come from where the two tables say."""
    places = (leading[:, None] ^ trailing[None, :]).reshape(-1)
    return [
        ComplexVector(*(part.at[places].get(mode="promise_in_bounds", unique_indices=True) for part in vector))
        for vector in vectors
    ]
