"""Blocks of networks and examples small enough for a memory budget."""

from collections.abc import Iterator

from hyperborn.networks.network import Network

COMFORTABLE = 8 * 2**20
"""Bytes beyond which a block is no faster: it only leaves the processor's cache."""


def blocks(net: Network, networks: int, examples: int, *, memory: int, beside: int) -> Iterator[tuple[slice, slice]]:
    """Slices (of networks, of examples) that cover all pairs once, examples varying fastest.

    ``memory`` is the budget in bytes of one block's temporary arrays; ``beside`` counts the floats that the caller
    holds for each pair beside the forward pass. A block is never smaller than one network on one example.
    """
    budget, pair = min(memory, COMFORTABLE) // 8, net.working_floats + beside
    columns = max(1, min(examples, budget // pair))
    # A network's weights are held as bits, as values and as a copy on the way.
    rows = max(1, budget // (columns * pair + 3 * net.n_weights))
    for row in range(0, networks, rows):
        for column in range(0, examples, columns):
            yield slice(row, min(row + rows, networks)), slice(column, min(column + columns, examples))
