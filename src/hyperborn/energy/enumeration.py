"""Energies of all 2^n networks without a forward pass, an exponential or a logarithm for each of them.

The margin of class k on an example, its logit minus that of the example's own class, is m_k = a_k + b_k, where a and b
are the codes of a network's two sides (see `sides`). The likelihood of the example is one over its factor

    Σ_k exp(a_k + b_k) = Σ_k exp(a_k) exp(b_k),

so that the factors of all pairs of codes are one product of matrices, (codes a, k) by (k, codes b), of two tables with
about 2^(n/2) rows. The energy is the logarithm of the product of the factors over examples; a logarithm is taken only
when the product could outgrow float64. Two examples of a two-class task are taken in one product of matrices, by
multiplying out: (1 + s)(1 + t) = 1 + s + t + s·t.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Energies
from hyperborn.energy.cache import through_cache
from hyperborn.energy.data import Labelled, checked
from hyperborn.energy.likelihood import nll
from hyperborn.energy.sides import LARGEST_MARGIN, Block, code_blocks
from hyperborn.errors import UserError, whole_number
from hyperborn.networks import Network

LARGEST_LOGARITHM = 700.0
"""A product is kept below the exponential of this, about 1e304."""


def energies(
    net: Network,
    split: Labelled,
    *,
    limit: int = 24,
    memory: int = 512 * 2**20,
    progress: Callable[[int, int], None] | None = None,
    cache: bool = True,
) -> Energies:
    """Energy of every network: its negative log likelihood in nats, summed over examples, in index order.

    Agrees with the plain formula to 1e-9 of the energy, plus 1e-15 an example. ``memory`` bounds, in bytes, the
    temporary tables over codes and examples; a few MiB for the block in hand and the result, 8 bytes a network, come on
    top. ``progress`` is called with blocks done and blocks in all, unless the table is found in the cache. ``cache``
    keeps tables that take a while on disk, by a hash of the network and the data.

    Raises:
        UserError: if the network has more than ``limit`` weights or the data do not fit it.
    """
    x, y = checked(net, split)
    n = net.n_weights
    whole_number("limit", limit, 1)
    whole_number("memory", memory, 1, why=" of bytes")
    if n > limit:
        raise UserError(
            f"{n} weights make 2^{n} networks, over the limit of {limit} weights; use fewer hidden units or features "
            f"(components), or raise limit to {n}, whose table takes {2.0 ** (n - 27):,.4g} GiB"
        )

    def compute() -> Energies:
        choices = net.choices
        total = np.zeros((2**n // len(choices), len(choices)))
        for place, choice in enumerate(choices):
            column = total[:, place]
            for block in code_blocks(choice, x, y, memory):
                column[block.places] += block_energies(block)
                if progress is not None:
                    progress(place * block.blocks + block.done, len(choices) * block.blocks)
        return total.reshape(-1)

    return through_cache(net, x, y, compute, cache)


def block_energies(block: Block) -> Float[np.ndarray, "a b"]:
    """What the block's examples add to the energies of its networks."""
    left_peak, right_peak = block.peaks()
    wild = np.maximum(left_peak, right_peak).max(axis=0) > LARGEST_MARGIN
    total = np.zeros(block.places.shape)
    for example in np.flatnonzero(wild):
        total += nll(block.left[:, :, None, example] + block.right[:, None, :, example])
    lefts = paired(exponentials(block.left[:, :, ~wild]))
    rights = paired(exponentials(block.right[:, :, ~wild])).transpose(0, 2, 1)
    largest = nll(left_peak + right_peak)[~wild]
    step = 2 if len(block.left) == 2 else 1
    bounds = np.add.reduceat(largest, np.arange(0, len(largest), step))
    product, factor, room = np.ones_like(total), np.empty_like(total), LARGEST_LOGARITHM
    for rows, columns, bound in zip(lefts, rights, bounds, strict=True):
        if bound > room:
            total += np.log(product)
            product[:] = 1
            room = LARGEST_LOGARITHM
        np.matmul(rows, columns, out=factor)
        product *= factor
        room -= bound
    return total + np.log(product)


def exponentials(margin: Float[np.ndarray, "classes codes examples"]) -> Float[np.ndarray, "examples codes classes"]:
    """Terms of each example's factor, one table an example."""
    return np.exp(np.ascontiguousarray(margin.transpose(2, 1, 0)))


def paired(table: Float[np.ndarray, "examples codes classes"]) -> Float[np.ndarray, "steps codes terms"]:
    """Of two classes, the four terms of each pair of examples, products of a term of either; else the table itself."""
    examples, codes, classes = table.shape
    if classes > 2:
        return table
    if examples % 2:  # an example whose factor is 1 makes the last pair
        table = np.concatenate([table, np.broadcast_to([1.0, 0.0], (1, codes, 2))])
    return (table[::2, :, :, None] * table[1::2, :, None, :]).reshape(-1, codes, 4)
